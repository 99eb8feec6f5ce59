/** Rows of source = target, and a box to paste a list into. */

import { MAX_TERMS, parseTerms } from "../captions/terms.js";

export class TermEditor {
  /** @param parts `{rows, count, add, clear, paste, pasteBox, pasteText, pasteTake, pasteSaid}` */
  constructor(parts, terms, onchange) {
    this._parts = parts;
    this._onchange = onchange;
    this._notes = new Map(); // notes have no field of their own; they travel with their source
    for (const term of terms) this._row(term);
    parts.add.addEventListener("click", () => this._row().source.focus());
    parts.clear.addEventListener("click", () => this._clear());
    parts.paste.addEventListener("click", () => this._togglePaste());
    parts.pasteTake.addEventListener("click", () => this._take(parts.pasteText.value));
    parts.rows.addEventListener("input", () => this._changed());
    parts.rows.addEventListener("paste", (event) => this._pasted(event));
    this._count();
  }

  /** Complete rows, as `session.start` wants them. */
  get terms() {
    const terms = [...this._parts.rows.children].map((row) => {
      const [source, target] = [...row.querySelectorAll("input")].map((i) => i.value.trim());
      const note = this._notes.get(source);
      return { source, target, ...(note && { note }) };
    });
    return terms.filter(({ source, target }) => source && target);
  }

  _row({ source = "", target = "", note = "" } = {}) {
    if (note) this._notes.set(source, note);
    const row = document.createElement("div");
    row.className = "term";
    const inputs = [["Term in the source language", source], ["Its translation", target]]
      .map(([label, value]) => {
        const input = document.createElement("input");
        input.ariaLabel = label;
        input.value = value;
        input.maxLength = 200;
        return input;
      });
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "tool";
    remove.ariaLabel = source ? `Remove ${source}` : "Remove this term";
    remove.append(document.querySelector("#help-open svg").cloneNode(true));
    remove.querySelector("use").setAttribute("href", "#i-close");
    remove.addEventListener("click", () => {
      row.remove();
      this._parts.add.focus();
      this._changed();
    });
    row.append(inputs[0], "=", inputs[1], remove);
    this._parts.rows.append(row);
    return { source: inputs[0] };
  }

  _clear() {
    this._parts.rows.replaceChildren();
    this._changed();
  }

  _togglePaste() {
    const { paste, pasteBox, pasteText } = this._parts;
    pasteBox.hidden = !pasteBox.hidden;
    paste.ariaExpanded = String(!pasteBox.hidden);
    if (!pasteBox.hidden) pasteText.focus();
  }

  /** A pasted list of several lines becomes rows, wherever it was pasted. */
  _pasted(event) {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!text.trim().includes("\n") && !text.includes("\t")) return;
    event.preventDefault();
    this._take(text);
  }

  _take(text) {
    const { terms, skipped } = parseTerms(text);
    const held = new Map(this.terms.map((term) => [term.source, term]));
    for (const term of terms) held.set(term.source, term);
    const kept = [...held.values()].slice(0, MAX_TERMS);
    this._parts.rows.replaceChildren();
    for (const term of kept) this._row(term);
    this._parts.pasteText.value = "";
    const left = skipped ? `, ${skipped} line${skipped > 1 ? "s" : ""} without a pair left out` : "";
    this._parts.pasteSaid.textContent = `${terms.length} taken${left}.`;
    this._changed();
  }

  _changed() {
    this._count();
    this._onchange(this.terms);
  }

  _count() {
    const { length } = this.terms;
    this._parts.count.textContent = length;
    this._parts.count.hidden = !length;
  }
}
