/** A file for a glossary: how to read it, what becomes of bad rows, and what it came to. */

import { ENCODINGS, FORMATS, formatOf } from "../glossaries/files.js";
import { count, node } from "./nodes.js";
import { requestWords, rowWords } from "./words.js";

export class Upload {
  /**
   * @param parts `{form, file, fileName, send, stop, said, problems}`; `form` has the fields
   *              `format`, `encoding`, `mode`, `place` and `conflicts`
   * @param send  async (file, options, signal), resolves to the server's report
   */
  constructor(parts, send) {
    this._parts = parts;
    this._send = send;
    const { form, file } = parts;
    form.elements.encoding.append(
      ...Object.entries(ENCODINGS).map(([name, label]) => new Option(label, name)));
    form.elements.format.append(
      ...Object.keys(FORMATS).map((name) => new Option(name.toUpperCase(), name)));
    file.addEventListener("change", () => this.take(file.files[0]));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this._submit();
    });
    parts.stop.addEventListener("click", () => this.stop());
    this.clear();
  }

  /** Choose a file, as a drop does. */
  take(file) {
    if (!file) return;
    this._file = file;
    this._parts.fileName.textContent = `${file.name} (${size(file.size)})`;
    this._parts.form.elements.format.value = formatOf(file.name);
    this._tell("");
  }

  /** Forget the file and what was told of it: another glossary is shown. */
  clear() {
    this.stop();
    this._sending = null;
    this._busy(false);
    this._file = null;
    this._parts.file.value = "";
    this._parts.fileName.textContent = "Choose a file, or drop one here";
    this._tell("");
  }

  stop() {
    this._sending?.abort();
  }

  async _submit() {
    const { file, form } = this._parts;
    const { format, encoding, mode, place, conflicts } = form.elements;
    if (this._sending) return;
    if (!this._file) {
      this._tell("Choose a file first.", { bad: true });
      file.focus();
    } else if (!format.value) {
      this._tell("The name does not tell the format: choose it.", { bad: true });
      format.focus();
    } else {
      await this._run({
        format: format.value,
        encoding: encoding.value,
        mode: mode.value,
        conflicts: conflicts.checked ? "replace" : "keep",
        replace: place.value === "replace",
      });
    }
  }

  async _run(options) {
    const sending = (this._sending = new AbortController());
    this._busy(true);
    this._tell("Uploading …");
    let tell;
    try {
      const report = await this._send(this._file, options, sending.signal);
      tell = () => this._tell(reportWords(report), { bad: report.refused > 0, ...report });
    } catch (error) {
      tell = () => this._tell(failureWords(error), { bad: true, ...error.body });
    }
    if (this._sending !== sending) return; // cleared meanwhile
    this._sending = null;
    this._busy(false);
    if (!sending.signal.aborted) tell();
    else this._tell("Stopped. The server may have taken the file all the same.", { bad: true });
  }

  _busy(busy) {
    const { form, send, stop } = this._parts;
    form.ariaBusy = String(busy);
    send.disabled = busy;
    stop.hidden = !busy;
  }

  /** One line, and below it the bad rows that the server told of. */
  _tell(words, { bad = false, refused = 0, problems = [] } = {}) {
    const { said, problems: list } = this._parts;
    said.textContent = words;
    said.classList.toggle("bad", bad);
    const more = refused - problems.length;
    list.hidden = !problems.length;
    list.replaceChildren(
      ...problems.map(problemRow),
      ...(problems.length && more > 0 ? [node("li", { textContent: `and ${count(more)} more` })] : []));
    list.scrollTop = 0;
    list.scrollIntoView({ block: "nearest" });
  }
}

function problemRow(row) {
  return node("li", {}, node("b", { textContent: `Line ${count(row.line)}` }), `: ${rowWords(row)}`);
}

function failureWords(error) {
  const { refused } = error.body ?? {};
  return refused ? `Nothing was kept: ${count(refused, "row")} cannot be used.` : requestWords(error);
}

function reportWords({ added, replaced, duplicates, refused }) {
  return `${[
    `${count(added)} added`,
    replaced ? `${count(replaced)} replaced` : "",
    duplicates ? `${count(duplicates)} there already` : "",
    refused ? `${count(refused, "row")} left out` : "",
  ].filter(Boolean).join(", ")}.`;
}

function size(bytes) {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
