/**
 * What the captions hold: committed chunks, the growing one, and what is only heard so far.
 *
 * Pure state: wire events in, changes out. No DOM, clock or network. Committed text is append-only
 * here too: nothing that was returned as committed is ever altered.
 *
 * A page can hold several sessions one after the other (a new start, or a reconnection). Each is a
 * segment with a base, so that `startMs` and `endMs` of chunks are positions in the whole list.
 */

const SENTENCE_END = /[.?!…。？！]["'”’」』)）]*\s*$/;
const PARAGRAPH_MIN = 110; // characters after which a sentence end closes the paragraph
const PARAGRAPH_MAX = 420; // characters after which any chunk end closes it
const PAUSE_MS = 2500; // a silence this long starts a new paragraph
const WIDE = /[\u3000-\u9fff\uf900-\ufaff\uff00-\uffef]/; // CJK counts twice: it reads denser

/** Length as a reader feels it: a Chinese character weighs as much as about two letters. */
function weight(text) {
  let total = 0;
  for (const char of text) total += WIDE.test(char) ? 2 : 1;
  return total;
}

/** `next` as it follows `before`: with a space between words that need one. */
export function joined(before, next) {
  if (!before || !next) return next;
  const last = before.at(-1);
  const first = next[0];
  const spaced = /\s/.test(last) || /\s/.test(first);
  const wide = WIDE.test(last) || WIDE.test(first);
  return spaced || wide || /[,.;:!?)\]}]/.test(first) ? next : ` ${next}`;
}

export class Captions {
  constructor() {
    this.clear();
  }

  /** Forget everything, as if no session had run. */
  clear() {
    this.segments = [];
    this.chunks = [];
    this.partial = "";
    this.preview = "";
    this._partialStartMs = null;
    this._previewSince = 0; // how many chunks existed when the preview came
  }

  /** A session begins. `baseMs` is where its first sample lies in the whole list. */
  beginSegment({ source, target, baseMs }) {
    this.settle();
    this.segments.push({ source, target, baseMs, firstChunk: this.chunks.length });
  }

  /** The session is over, in whatever way: what grew stays as it is; what was only heard goes. */
  settle() {
    const growing = this.growing;
    if (growing) {
      growing.final = true;
      growing.cut = true;
    }
    this.partial = "";
    this.preview = "";
    this._partialStartMs = null;
    return growing;
  }

  /** The chunk that is being written now, or null. */
  get growing() {
    const last = this.chunks.at(-1);
    return last && !last.final ? last : null;
  }

  /** Where the list ends, in ms: the end of the last chunk. */
  get endMs() {
    return this.chunks.at(-1)?.endMs ?? 0;
  }

  /** Where the words that are only heard so far begin, as far as we know. */
  get tailMs() {
    const baseMs = this.segments.at(-1)?.baseMs ?? 0;
    return Math.max(this.endMs, baseMs + (this._partialStartMs ?? 0));
  }

  /** The end of the last complete chunk of the running session, counted from its own start. */
  get committedMs() {
    const segment = this.segments.at(-1);
    if (!segment) return 0;
    const last = this.chunks.slice(segment.firstChunk).findLast((chunk) => !chunk.cut);
    return last?.final ? last.endMs - segment.baseMs : 0;
  }

  /** The part of the preview that the growing chunk does not already say. */
  get visiblePreview() {
    const said = this.growing?.text.trim() ?? "";
    const preview = this.preview.trim();
    if (said && preview.toLowerCase().startsWith(said.toLowerCase())) {
      return preview.slice(said.length).trimStart();
    }
    return this._previewSince >= this.chunks.length ? preview : "";
  }

  /**
   * Take one event of the wire. Returns `{kind, chunk?, fault?}`; kind is "delta", "final",
   * "partial", "preview" or "none". `fault` says how the server broke its promise, if it did.
   */
  apply(event) {
    switch (event.type) {
      case "transcript.partial":
        this.partial = event.text;
        this._partialStartMs = event.start_ms ?? null;
        return { kind: "partial" };
      case "translation.preview":
        this.preview = event.text;
        this._previewSince = this.chunks.length;
        return { kind: "preview" };
      case "translation.delta":
        return this._delta(event);
      case "chunk.final":
        return this._final(event);
      default:
        return { kind: "none" };
    }
  }

  _delta({ chunk: number, delta }) {
    const known = this._find(number);
    if (known?.final) return { kind: "none", fault: `chunk ${number} was already complete` };
    const chunk = known ?? this._open(number);
    chunk.text += delta;
    return { kind: "delta", chunk, added: delta };
  }

  _final(event) {
    const known = this._find(event.chunk);
    if (known?.final) return { kind: "none", fault: `chunk ${event.chunk} came twice` };
    const chunk = known ?? this._open(event.chunk);
    let fault;
    if (chunk.text === "") chunk.text = event.translation;
    else if (chunk.text !== event.translation) {
      fault = `chunk ${event.chunk} differs from what was shown; the shown text stays`;
    }
    const { baseMs } = this.segments[chunk.segment];
    chunk.source = event.source;
    chunk.startMs = baseMs + event.start_ms;
    chunk.endMs = Math.max(chunk.startMs, baseMs + event.end_ms);
    chunk.lagMs = event.lag_ms ?? null;
    chunk.terms = event.terms ?? [];
    chunk.final = true;
    this._dropCommittedSource(event.source);
    return { kind: "final", chunk, fault };
  }

  /** The partial still begins with what has just been committed, until the next one comes. */
  _dropCommittedSource(source) {
    if (source && this.partial.startsWith(source)) {
      this.partial = this.partial.slice(source.length).replace(/^[\s，。,.、？！?!]+/, "");
    }
  }

  _find(number) {
    const segment = this.segments.length - 1;
    return this.chunks.findLast((c) => c.segment === segment && c.number === number);
  }

  _open(number) {
    if (!this.segments.length) throw new Error("a chunk came before its session began");
    const segment = this.segments.length - 1;
    const startMs = this.tailMs;
    const chunk = {
      number, segment, startMs, endMs: startMs, text: "", source: "", lagMs: null, terms: [],
      final: false, cut: false, paragraph: this.nextParagraph(),
    };
    this.chunks.push(chunk);
    return chunk;
  }

  /** The paragraph that the next chunk will stand in. Settled when the chunk opens, for good. */
  nextParagraph() {
    const last = this.chunks.at(-1);
    if (!last) return 0;
    if (!last.final) return last.paragraph;
    const segment = this.segments.length - 1;
    if (last.segment !== segment) return last.paragraph + 1;
    const { baseMs } = this.segments[segment];
    const pause = this._partialStartMs === null
      ? 0 : baseMs + this._partialStartMs - last.endMs;
    if (pause > PAUSE_MS && this._paragraphWeight(last.paragraph) > 0) return last.paragraph + 1;
    const length = this._paragraphWeight(last.paragraph);
    const closes = length >= PARAGRAPH_MAX
      || (length >= PARAGRAPH_MIN && SENTENCE_END.test(last.text));
    return closes ? last.paragraph + 1 : last.paragraph;
  }

  _paragraphWeight(paragraph) {
    let total = 0;
    for (let i = this.chunks.length - 1; i >= 0; i -= 1) {
      if (this.chunks[i].paragraph !== paragraph) break;
      total += weight(this.chunks[i].text);
    }
    return total;
  }
}
