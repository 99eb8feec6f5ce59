/** Large captions over the whole screen: the last words, very big, newest at the bottom. */

import { joined } from "../captions/captions.js";

const AWAKE_MS = 2_500;
const KEPT_PARAGRAPHS = 3; // more than fits on the screen at most sizes

export class LargeView {
  /** @param parts `{dialog, target, source}` elements; `onclose` runs however it was left */
  constructor(captions, parts, onclose) {
    this._captions = captions;
    this._parts = parts;
    parts.dialog.addEventListener("close", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      onclose();
    });
    parts.dialog.addEventListener("pointermove", () => this._wake());
    document.addEventListener("fullscreenchange", () => {
      if (!document.fullscreenElement && this._full) this.close();
      this._full = Boolean(document.fullscreenElement);
    });
  }

  /** A moving pointer shows the controls for a moment. */
  _wake() {
    const { dialog } = this._parts;
    dialog.classList.add("awake");
    clearTimeout(this._sleep);
    this._sleep = setTimeout(() => dialog.classList.remove("awake"), AWAKE_MS);
  }

  get isOpen() {
    return this._parts.dialog.open;
  }

  async open() {
    this._parts.dialog.showModal();
    this.draw();
    try {
      await document.documentElement.requestFullscreen({ navigationUI: "hide" });
    } catch {
      // Phones and frames without full screen still get the whole window.
      this._full = false;
    }
  }

  close() {
    if (this.isOpen) this._parts.dialog.close();
  }

  draw() {
    if (!this.isOpen) return;
    const { chunks, growing, visiblePreview, partial, segments } = this._captions;
    const { target, source } = this._parts;
    const last = segments.at(-1);
    target.lang = last?.target ?? "en";
    source.lang = last?.source === "en" ? "en" : "zh";
    // Whole paragraphs, so that a line once broken stays where it is while more text comes.
    const next = this._captions.nextParagraph();
    const shown = Math.max(0, next - KEPT_PARAGRAPHS + 1);
    const lines = [];
    for (let paragraph = shown; paragraph <= next; paragraph += 1) {
      const line = document.createElement("p");
      const held = chunks.filter((chunk) => chunk.paragraph === paragraph && chunk !== growing);
      const old = held.reduce((text, chunk) => text + joined(text, chunk.text), "");
      const latest = paragraph === next;
      const now = latest && growing ? joined(old, growing.text) : "";
      const guess = latest ? joined(old + now, visiblePreview) : "";
      line.append(span("old", old), span("growing", now), span("preview", guess));
      lines.push(line);
    }
    target.replaceChildren(...lines);
    const heard = chunks.slice(-12).reduce((text, chunk) => text + joined(text, chunk.source), "");
    source.textContent = (heard + joined(heard, partial)).slice(-120);
  }
}

function span(className, text) {
  const node = document.createElement("span");
  node.className = className;
  node.textContent = text;
  return node;
}
