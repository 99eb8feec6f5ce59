/**
 * Terms as people paste them: one a line, `source = target`, or two columns of CSV or a
 * spreadsheet (comma, semicolon or tab), or an arrow between them. Pure.
 */

export const MAX_TERMS = 500; // more than a talk needs, and far below the frame limit

const MARKS = [/\t/, /\s*(?:=>|->|→|⇒)\s*/, /\s*[=＝]\s*/, /\s*[,，;；]\s*/];

/** The cells of one CSV line; a double quote inside a quoted cell is written twice. */
function csvCells(line) {
  const cells = [];
  const cell = /\s*(?:"((?:[^"]|"")*)"|([^,;\t]*?))\s*(?:[,;\t]|$)/y;
  while (cell.lastIndex < line.length) {
    const match = cell.exec(line);
    if (!match) break;
    cells.push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'));
  }
  return cells;
}

function parseLine(line) {
  if (line.includes('"')) return csvCells(line);
  for (const mark of MARKS) {
    const at = line.search(mark);
    if (at > 0) return line.split(mark);
  }
  return [line];
}

/** `{terms: [{source, target, note?}], skipped}`; a later line replaces an earlier same source. */
export function parseTerms(text) {
  const terms = new Map();
  let skipped = 0;
  for (const raw of text.replace(/^\ufeff/, "").split(/\r?\n/)) {
    const line = raw.trim();
    if (!line || line.startsWith("#")) continue;
    const [source = "", target = "", note = ""] = parseLine(line).map((cell) => cell.trim());
    if (/^source$/i.test(source) && /^target$/i.test(target)) continue; // a header row
    if (!source || !target || terms.size >= MAX_TERMS) skipped += 1;
    else terms.set(source, { source, target, ...(note && { note }) });
  }
  return { terms: [...terms.values()], skipped };
}
