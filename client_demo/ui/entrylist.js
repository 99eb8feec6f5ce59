/** The entries of a glossary, a page at a time, and those that a search finds. */

import { count, icon, node } from "./nodes.js";

const PAGE = 50; // entries shown at once
const TYPING_MS = 250; // a search waits until the reader pauses

export class EntryList {
  /**
   * @param parts    `{form, search, list, range, first, previous, next}`
   * @param handlers `{edit(entry), remove(entry), failed(error)}`
   */
  constructor(client, parts, handlers) {
    this.etag = "";
    this._client = client;
    this._parts = parts;
    this._on = handlers;
    this._after = [0]; // the `after` of each page up to the one that is shown
    parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this._search();
    });
    parts.search.addEventListener("input", () => {
      clearTimeout(this._typing);
      this._typing = setTimeout(() => this._search(), TYPING_MS);
    });
    parts.first.addEventListener("click", () => this._turnTo([0]));
    parts.previous.addEventListener("click", () => this._turnTo(this._after.slice(0, -1)));
    parts.next.addEventListener("click", () => this._turnTo([...this._after, this._next]));
    parts.list.addEventListener("click", ({ target }) => this._clicked(target.closest("button")));
  }

  /** Show another glossary from its beginning; null shows nothing. */
  async show(glossary) {
    clearTimeout(this._typing);
    this._turn = null;
    this._glossary = glossary;
    this._after = [0];
    this._parts.search.value = "";
    this._parts.list.replaceChildren();
    this._range("");
    this.etag = "";
    await this.reload();
  }

  /** Read the shown page again. `focus` is the id of an entry to go to, else the search. */
  async reload({ focus } = {}) {
    if (!this._glossary) return;
    const turn = (this._turn = Symbol("turn"));
    const { list, search } = this._parts;
    list.ariaBusy = "true";
    try {
      const page = await this._client.page(this._glossary.name, {
        query: search.value.trim(), after: this._after.at(-1), limit: PAGE,
      });
      if (turn !== this._turn) return;
      if (!page.entries.length && this._after.length > 1) {
        await this._turnTo(this._after.slice(0, -1)); // its last entry was deleted
        return;
      }
      this._draw(page);
      if (focus !== undefined) this.focus(focus);
    } catch (error) {
      if (turn === this._turn) this._on.failed(error);
    } finally {
      if (turn === this._turn) list.ariaBusy = "false";
    }
  }

  _search() {
    clearTimeout(this._typing);
    this._turnTo([0]);
  }

  async _turnTo(after) {
    this._after = after;
    await this.reload();
    this._parts.list.scrollTop = 0;
  }

  _clicked(button) {
    const entry = this._entries?.find(({ id }) => String(id) === button?.dataset.id);
    if (entry) this._on[button.dataset.act](entry);
  }

  /** Go to an entry's first button; to the search when it is not on the page. */
  focus(id) {
    (this._parts.list.querySelector(`button[data-id="${id}"]`) ?? this._parts.search).focus();
  }

  _draw({ entries, total, next, etag }) {
    this.etag = etag;
    this._entries = entries;
    this._next = next;
    this._parts.list.replaceChildren(...entries.map((entry) => this._row(entry)));
    const first = (this._after.length - 1) * PAGE + 1;
    const searched = this._parts.search.value.trim();
    const all = searched ? `${count(total)} found` : count(total, "entry");
    this._range(total ? `${count(first)}–${count(first + entries.length - 1)} of ${all}`
      : searched ? "Nothing has these words." : "No entries yet: add some, or upload a file.");
  }

  _range(words) {
    const { range, first, previous, next } = this._parts;
    range.textContent = words;
    first.disabled = previous.disabled = this._after.length < 2;
    next.disabled = !words || this._next === null;
  }

  _row(entry) {
    const { source_language: from, target_language: to } = this._glossary;
    const { id, source, target, note, domain, spoken } = entry;
    const more = [domain, spoken.join(", "), note].filter(Boolean);
    const act = (name, label, picture) => node("button", {
      type: "button", className: "tool", ariaLabel: `${label} ${source}`, title: label,
      data: { id, act: name },
    }, icon(picture));
    return node("li", { className: "entry" },
      node("span", { className: "entry-source", textContent: source, lang: from, dir: "auto" }),
      node("span", { className: "entry-target", textContent: target, lang: to, dir: "auto" }),
      node("span", { className: "entry-acts" },
        act("edit", "Change", "edit"), act("remove", "Delete", "clear")),
      ...(more.length ? [node("small", { textContent: more.join(" · "), dir: "auto" })] : []));
  }
}
