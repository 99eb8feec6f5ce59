/** Which glossaries the next session gets: a box for each that the server keeps. */

import { languagePair, turned, unsuited } from "../glossaries/languages.js";
import { count, node } from "./nodes.js";
import { catalogueWords } from "./words.js";

export class GlossaryPicker {
  /**
   * @param parts     `{box, list, said, count, again}`; `box` is a <details>
   * @param direction gives the `{source, target}` of the next session
   */
  constructor(parts, catalogue, settings, direction) {
    this._parts = parts;
    this._catalogue = catalogue;
    this._settings = settings;
    this._direction = direction;
    catalogue.watch(() => this.draw());
    parts.again.addEventListener("click", () => catalogue.load());
    parts.list.addEventListener("change", ({ target }) => this._pick(target));
    parts.box.addEventListener("toggle", () => parts.box.open && catalogue.load());
    parts.box.open = this._picks.length > 0;
  }

  /** The names that go into `session.start`. */
  get names() {
    if (this._catalogue.state === "none") return [];
    return this._picks.filter((name) => !this._fault(this._catalogue.find(name)));
  }

  /** Draw the list anew: the server answered, or the direction changed. */
  draw() {
    const { list, said } = this._parts;
    const { state, glossaries } = this._catalogue;
    const gone = this._picks.filter((name) => !this._catalogue.find(name));
    const held = list.contains(document.activeElement) ? document.activeElement.value : null;
    const lost = state === "ready" ? "no longer on this server" : "picked before";
    list.replaceChildren(
      ...glossaries.map((glossary) => this._row(glossary.name, this._facts(glossary),
        this._fault(glossary))),
      ...gone.map((name) => this._row(name, lost, "")));
    said.textContent = catalogueWords(this._catalogue);
    if (held !== null) this._input(held)?.focus();
    this._show();
  }

  /** Names in the order in which they were picked, suitable or not. */
  get _picks() {
    return this._settings.get("glossaries").filter((name) => typeof name === "string");
  }

  _pick({ value, checked }) {
    const others = this._picks.filter((name) => name !== value);
    this._settings.set("glossaries", checked ? [...others, value] : others);
    this._show();
  }

  /** How many are picked, and, where it matters, in which order. */
  _show() {
    const { names } = this;
    this._parts.count.textContent = names.length;
    this._parts.count.hidden = !names.length;
    for (const input of this._parts.list.querySelectorAll("input")) {
      const place = names.indexOf(input.value);
      const badge = input.parentNode.querySelector(".badge");
      badge.hidden = place < 0 || names.length < 2;
      badge.textContent = place + 1;
    }
  }

  _row(name, facts, fault) {
    const input = node("input", {
      type: "checkbox", value: name, disabled: Boolean(fault),
      checked: !fault && this._picks.includes(name),
    });
    const words = node("span", { className: "pick-words" },
      node("span", { className: "pick-name", textContent: name, dir: "auto" }),
      node("small", { textContent: [facts, fault].filter(Boolean).join(" · ") }));
    return node("label", { className: "check pick" }, input, words,
      node("span", { className: "badge", hidden: true }));
  }

  _facts(glossary) {
    const { source_language: source, target_language: target, entries } = glossary;
    const round = !this._fault(glossary) && turned(glossary, this._direction());
    return [languagePair(source, target), count(entries, "entry"), round && "turned round"]
      .filter(Boolean).join(" · ");
  }

  _fault(glossary) {
    return glossary ? unsuited(glossary, this._direction()) : "";
  }

  _input(name) {
    return this._parts.list.querySelector(`input[value="${CSS.escape(name)}"]`);
  }
}
