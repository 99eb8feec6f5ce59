/** The list of the terms that were heard so far, for those who cannot point at marked words. */

import { usedTerms } from "../captions/used.js";
import { count, node } from "./nodes.js";
import { Pop } from "./pop.js";

export class UsedTerms {
  /** @param parts `{button, card, list}` */
  constructor(captions, parts) {
    this._captions = captions;
    this._parts = parts;
    this._pop = new Pop(parts.button, parts.card, () => this._draw());
    this.clear();
  }

  /** A chunk is complete. */
  add({ terms }) {
    if (!terms.length) return;
    this._parts.button.disabled = false;
    if (this._pop.isOpen) this._draw();
  }

  clear() {
    this.close();
    this._parts.button.disabled = true;
  }

  close(options) {
    return this._pop.close(options);
  }

  _draw() {
    const { list } = this._parts;
    list.replaceChildren(...usedTerms(this._captions.chunks).map(row));
    return list;
  }
}

function row({ source, target, chunks, rendered }) {
  const missed = chunks - rendered;
  const facts = [
    chunks > 1 ? count(chunks, "time") : "",
    missed ? `rendered otherwise${rendered ? ` ${count(missed, "time")}` : ""}` : "",
  ].filter(Boolean);
  return node("li", {},
    node("bdi", { textContent: source }), " → ", node("bdi", { textContent: target }),
    node("small", { textContent: facts.join(", ") }));
}
