/** A text with its terms marked, as nodes. */

import { pieces } from "../captions/used.js";
import { node } from "./nodes.js";

/** @param side "source" or "target": which word of each term to look for in `text` */
export function marked(text, terms, side) {
  return pieces(text, terms, side).map(({ text: words, term }) => {
    if (term < 0) return words;
    const { source, target } = terms[term];
    const title = `Term: ${source} → ${target}`; // a tooltip, and the mark's description
    return node("mark", { className: "used", textContent: words, title, data: { term } });
  });
}
