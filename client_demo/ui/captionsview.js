/** Draws `Captions` into the page: a paragraph a row, a span a chunk, and the uncertain tail. */

import { joined } from "../captions/captions.js";
import { marked } from "./marks.js";

const NEAR_PX = 90; // this close to the end still counts as following
const SPOKEN_KEPT = 8; // committed lines that stay for a screen reader to go back to

/** `61000` → "1:01"; with hours only when there are any. */
export function clock(ms) {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  const pad = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}:${pad(seconds % 60)}`
    : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
}

function element(tag, className, lang) {
  const node = document.createElement(tag);
  node.className = className;
  if (lang) node.lang = lang;
  return node;
}

export class CaptionsView {
  /** @param parts `{list, scroller, toLive, spoken}` elements */
  constructor(captions, parts) {
    this.following = true;
    this._captions = captions;
    this._parts = parts;
    this._preview = element("span", "preview");
    this._heard = element("span", "heard");
    this._preview.ariaHidden = this._heard.ariaHidden = "true";
    this.clear();
    parts.scroller.addEventListener("scroll", () => this._scrolled(), { passive: true });
    // Rows settle after they are drawn (fonts, a turned phone, a larger text size).
    new ResizeObserver(() => this._follow()).observe(parts.list);
    parts.toLive.addEventListener("click", () => this.jumpToLive());
    parts.list.addEventListener("pointerover", ({ target }) => this._light(target));
    parts.list.addEventListener("pointerleave", () => this._light(null));
  }

  /** Empty the page; the state is cleared by its owner. */
  clear() {
    this._rows = new Map();
    this._spans = new Map(); // chunk → {row, target, source, first}
    this._pairs = new WeakMap(); // span → the same
    this._lit = null;
    this._parts.list.replaceChildren();
    this._parts.spoken.replaceChildren();
  }

  /** A session begins in the list: languages may differ, and a seam shows where it continued. */
  beginSegment(words) {
    this._segment = this._captions.segments.at(-1);
    this._target = this._segment.target;
    this._source = this._segment.source === "auto" ? "zh" : this._segment.source;
    if (!words || !this._captions.chunks.length) return;
    const seam = element("li", "seam");
    seam.textContent = words;
    this._parts.list.append(seam);
    this._follow();
  }

  /** Draw one change as `Captions.apply` returned it. */
  show({ kind, chunk, added }) {
    if (kind === "none") return;
    if (chunk) {
      const held = this._spans.get(chunk) ?? this._open(chunk);
      if (kind === "delta") held.target.append(added);
      else if (kind === "final" || kind === "settled") this._close(chunk, held);
    }
    this._tail();
    this._follow();
  }

  jumpToLive() {
    this.following = true;
    this._follow();
  }

  _row(paragraph, startMs) {
    const known = this._rows.get(paragraph);
    if (known) return known;
    const item = element("li", "para");
    const stamp = element("time", "stamp");
    const target = element("p", "target", this._target);
    const source = element("p", "source", this._source);
    stamp.textContent = clock(startMs);
    item.append(stamp, target, source);
    this._parts.list.append(item);
    const row = { item, stamp, target, source, targetText: "", sourceText: "", chunks: 0 };
    this._rows.set(paragraph, row);
    return row;
  }

  _open(chunk) {
    const row = this._row(chunk.paragraph, chunk.startMs);
    const target = element("span", "chunk growing");
    const source = element("span", "chunk");
    row.target.insertBefore(target, this._preview.parentNode === row.target ? this._preview : null);
    row.source.insertBefore(source, this._heard.parentNode === row.source ? this._heard : null);
    const text = joined(row.targetText, chunk.text);
    if (text.length > chunk.text.length) target.before(" ");
    row.chunks += 1;
    const held = { row, target, source, first: row.chunks === 1 };
    this._spans.set(chunk, held);
    this._pairs.set(target, held).set(source, held);
    return held;
  }

  _close(chunk, held) {
    const { row, target, source } = held;
    // Only a chunk without deltas has nothing on the page yet; shown text is never changed.
    const shown = target.textContent || chunk.text;
    target.replaceChildren(...marked(shown, chunk.terms, "target"));
    target.classList.remove("growing");
    target.classList.toggle("cut", chunk.cut);
    const heard = joined(row.sourceText, chunk.source);
    source.replaceChildren(...marked(heard, chunk.terms, "source"));
    row.targetText += joined(row.targetText, chunk.text);
    row.sourceText += joined(row.sourceText, chunk.source);
    if (held.first) row.stamp.textContent = clock(chunk.startMs);
    if (chunk.text.trim()) this._speak(chunk.text);
  }

  /** What is only heard so far stands after the last committed word. */
  _tail() {
    const { partial, visiblePreview: preview, growing } = this._captions;
    if (!partial && !preview) {
      this._preview.remove();
      this._heard.remove();
      this._sweep(null);
      return;
    }
    const paragraph = this._captions.nextParagraph();
    const row = this._row(paragraph, this._captions.tailMs);
    const shown = growing ? row.targetText + growing.text : row.targetText;
    this._preview.textContent = joined(shown, preview);
    this._heard.textContent = joined(row.sourceText, partial);
    this._heard.hidden = !partial;
    row.target.append(this._preview);
    row.source.append(this._heard);
    this._sweep(row);
  }

  /** A row opened for words that then moved elsewhere goes again; it held nothing committed. */
  _sweep(current) {
    for (const [paragraph, row] of [...this._rows].slice(-2)) {
      if (row === current || row.chunks) continue;
      row.item.remove();
      this._rows.delete(paragraph);
    }
  }

  _speak(text) {
    const line = document.createElement("p");
    line.lang = this._target;
    line.textContent = text;
    this._parts.spoken.append(line);
    while (this._parts.spoken.childElementCount > SPOKEN_KEPT) {
      this._parts.spoken.firstElementChild.remove();
    }
  }

  _follow() {
    const { scroller, toLive } = this._parts;
    if (this.following) scroller.scrollTop = scroller.scrollHeight;
    toLive.hidden = this.following;
  }

  _scrolled() {
    const { scroller, toLive } = this._parts;
    const left = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    this.following = left < NEAR_PX;
    toLive.hidden = this.following;
  }

  /** The words under the pointer light up in both languages; a term does so by itself too. */
  _light(target) {
    for (const span of this._lit ?? []) span.classList.remove("lit");
    const held = this._pairs.get(target?.closest(".chunk"));
    const spans = held ? [held.target, held.source] : [];
    const term = target?.closest("mark")?.dataset.term;
    const marks = spans.flatMap((span) => [...span.querySelectorAll(`mark[data-term="${term}"]`)]);
    this._lit = [...spans, ...marks];
    for (const span of this._lit) span.classList.add("lit");
  }
}
