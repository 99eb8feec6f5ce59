/** The languages of glossaries and sessions, in words, and whether they suit each other. Pure. */

const NAMES = new Intl.DisplayNames(["en"], { type: "language", fallback: "code" });

/** "zh" → "Chinese"; what is no tag stays as it is. */
export function languageName(tag) {
  try {
    return NAMES.of(tag);
  } catch {
    return tag;
  }
}

/** A glossary's or a session's languages: "Chinese → English". */
export function languagePair(source, target) {
  return `${source === "auto" ? "either language" : languageName(source)} → ${languageName(target)}`;
}

/**
 * Why a session cannot use a glossary; "" when it can: in its own direction, or turned round.
 *
 * @param glossary  as the server lists it
 * @param direction `{source, target}` of a session; `source` may be "auto"
 */
export function unsuited(glossary, { source, target }) {
  const pair = [glossary.source_language, glossary.target_language].map(primary);
  const suits = pair.includes(target) && (source === "auto" || pair.includes(source));
  return suits ? "" : `not for ${languagePair(source, target)}`;
}

/** Whether a session uses the glossary from its targets to its sources. */
export function turned(glossary, { target }) {
  return primary(glossary.target_language) !== target;
}

function primary(tag) {
  return tag.toLowerCase().split("-")[0];
}
