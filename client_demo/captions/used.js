/** Where a chunk's terms stand in its texts, and which were used at all. Pure. */

const WIDE = "\\u3000-\\u9fff\\uf900-\\ufaff\\uff00-\\uffef"; // scripts without spaces between words
const LETTER = `(?![${WIDE}])[\\p{L}\\p{N}]`; // of a script whose words have ends
const LETTER_FIRST = new RegExp(`^${LETTER}`, "u");
const LETTER_LAST = new RegExp(`${LETTER}$`, "u");

/** A pattern for `word` as a whole word, in the plural too; white space may differ. */
function pattern(word) {
  const escaped = word.trim().replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replace(/\s+/g, "\\s+");
  const before = LETTER_FIRST.test(word.trim()) ? `(?<!${LETTER})` : "";
  const after = LETTER_LAST.test(word.trim()) ? `(?:['’]?s|es)?(?!${LETTER})` : "";
  return `(${before}${escaped}${after})`;
}

/**
 * `text` cut at the words of `terms`: `[{text, term}]`, where `term` is an index or -1 for none.
 *
 * Joined again the pieces are `text`. Case does not matter; of two terms in one place the longer
 * one stands.
 *
 * @param terms `[{source, target}]` of `chunk.final`
 * @param side  which of the two to look for: "source" or "target"
 */
export function pieces(text, terms, side) {
  const words = terms
    .map((term, index) => ({ index, word: term?.[side] }))
    .filter(({ word }) => typeof word === "string" && word.trim())
    .sort((a, b) => b.word.length - a.word.length);
  if (!words.length) return [{ text, term: -1 }];
  const finder = new RegExp(words.map(({ word }) => pattern(word)).join("|"), "giu");
  const found = [];
  let at = 0;
  for (const match of text.matchAll(finder)) {
    if (match.index > at) found.push({ text: text.slice(at, match.index), term: -1 });
    const which = match.slice(1).findIndex((group) => group !== undefined);
    found.push({ text: match[0], term: words[which].index });
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push({ text: text.slice(at), term: -1 });
  return found;
}

/**
 * All terms of these chunks, each once, in the order in which they came:
 * `[{source, target, chunks, rendered}]`. `rendered` counts the chunks whose translation has it.
 */
export function usedTerms(chunks) {
  const used = new Map();
  for (const { text, terms } of chunks) {
    const found = new Set(pieces(text, terms, "target").map(({ term }) => term));
    terms.forEach(({ source, target }, index) => {
      const key = JSON.stringify([source, target]);
      const held = used.get(key) ?? { source, target, chunks: 0, rendered: 0 };
      held.chunks += 1;
      held.rendered += Number(found.has(index));
      used.set(key, held);
    });
  }
  return [...used.values()];
}
