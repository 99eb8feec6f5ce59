/** One entry in a form: add it, change it, and what is said when somebody else was faster. */

import { FormDialog, FormError } from "./formdialog.js";
import { requestWords, rowWords, sentence } from "./words.js";

const FIELDS = ["source", "target", "note", "domain"];

/** What the form shows of an entry: a spoken form a line. */
function fieldsOf(entry) {
  return { ...entry, spoken: entry.spoken.join("\n") };
}

function entryOf({ spoken, ...texts }) {
  const forms = spoken.split("\n").map((form) => form.trim()).filter(Boolean);
  return { ...texts, spoken: forms };
}

function same(one, other) {
  return [...FIELDS, "spoken"].every((name) => String(one[name]) === String(other[name]));
}

export class EntryEditor {
  /**
   * @param list  the `EntryList` behind the form: its `etag` is what the reader has seen
   * @param saved told (words, id) after a change; `id` is null for a new entry
   */
  constructor(client, list, dialog, saved) {
    this._client = client;
    this._list = list;
    this._saved = saved;
    this._dialog = dialog;
    this._form = new FormDialog(dialog, (values) => this._save(entryOf(values)));
    dialog.addEventListener("close", () => {
      // The button that opened the form is gone when the list was read again meanwhile.
      if (document.activeElement === document.body) list.focus(this._open.entry?.id);
    });
  }

  /** @param entry to change; null for a new one */
  open(glossary, entry = null) {
    this._open = { name: glossary.name, entry };
    const { source, target } = this._dialog.querySelector("form").elements;
    source.lang = glossary.source_language;
    target.lang = glossary.target_language;
    this._form.open(entry ? "Change the entry" : "Add an entry", entry ? fieldsOf(entry) : {});
  }

  async _save(wanted) {
    const open = this._open; // the form may be open for another entry before the server answers
    const { name, entry } = open;
    try {
      if (entry) await this._client.change(name, entry.id, wanted, this._list.etag);
      else await this._add(name, wanted);
    } catch (error) {
      throw await this._problem(error, open);
    }
    const words = entry ? "Changed" : "Added";
    this._saved(`${words}: ${wanted.source} → ${wanted.target}`, entry?.id ?? null);
  }

  async _add(name, wanted) {
    const report = await this._client.add(name, wanted);
    if (report.duplicates) throw new FormError("The glossary says that already; nothing was added.");
  }

  /** What the form says of a failure. */
  async _problem(error, open) {
    if (error.status === 412) return new FormError(await this._faster(open));
    const [row] = error.body?.problems ?? [];
    if (row) return new FormError(sentence(rowWords(row)), row.field);
    return new FormError(requestWords(error), error.body?.field?.split(".").at(-1));
  }

  /** Somebody else changed the glossary. What stands in the form stays, to be saved again. */
  async _faster(open) {
    await this._list.reload();
    const before = open.entry;
    try {
      const { entry } = await this._client.entry(open.name, before.id);
      open.entry = entry;
      return same(entry, before)
        ? "Somebody else changed other entries meanwhile; they are read again. Save once more."
        : `Somebody else made this “${entry.source} → ${entry.target}” meanwhile. `
          + "Save once more to put yours in its place.";
    } catch (error) {
      if (error.status !== 404) return requestWords(error);
      open.entry = null;
      return "Somebody else deleted this entry meanwhile. Save once more to add it again.";
    }
  }
}
