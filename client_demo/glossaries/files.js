/** The files that glossaries come from and go to: formats by their names, encodings. Pure. */

export const FORMATS = {
  csv: { label: "Spreadsheets", suffixes: ["csv"] },
  tsv: { label: "Tabs between columns", suffixes: ["tsv", "tab"] },
  tbx: { label: "Term bases", suffixes: ["tbx", "xml"] },
  txt: { label: "An entry a line", suffixes: ["txt"] },
};

/** The name of an encoding for the request, and what people call it. */
export const ENCODINGS = {
  "": "UTF-8, or as its mark says",
  gb18030: "GB 18030, GBK (simplified Chinese)",
  big5: "Big5 (traditional Chinese)",
  shift_jis: "Shift JIS (Japanese)",
  euc_jp: "EUC-JP (Japanese)",
  euc_kr: "EUC-KR (Korean)",
  "windows-1252": "Windows-1252 (Western European)",
  "windows-1250": "Windows-1250 (Central European)",
  "windows-1251": "Windows-1251 (Cyrillic)",
  "utf-16": "UTF-16 without a mark",
};

/** The format that a file's name tells; "" for none. */
export function formatOf(fileName) {
  const suffix = fileName.split(".").at(-1).toLowerCase();
  return Object.keys(FORMATS).find((name) => FORMATS[name].suffixes.includes(suffix)) ?? "";
}
