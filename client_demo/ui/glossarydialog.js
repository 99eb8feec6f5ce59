/** The dialog in which glossaries are created, filled, searched, downloaded and deleted. */

import { FORMATS } from "../glossaries/files.js";
import { languagePair } from "../glossaries/languages.js";
import { Confirming } from "./confirming.js";
import { EntryEditor } from "./entryeditor.js";
import { EntryList } from "./entrylist.js";
import { FormDialog, FormError } from "./formdialog.js";
import { count, node } from "./nodes.js";
import { saveBlob } from "./saving.js";
import { Upload } from "./upload.js";
import { catalogueWords, requestWords } from "./words.js";

const $ = (id) => document.getElementById(`glossary-${id}`);
const SECTIONS = ["entries", "upload", "download"];

export class GlossaryDialog {
  /** @param direction gives the session's `{source, target}`, for new glossaries */
  constructor(client, catalogue, direction) {
    this._client = client;
    this._catalogue = catalogue;
    this._direction = direction;
    this._glossary = null; // as the server listed it
    this._dialog = $("dialog");
    this._entries = new EntryList(client, {
      form: $("search"), search: $("query"), list: $("list"), range: $("range"),
      first: $("first"), previous: $("previous"), next: $("next"),
    }, {
      edit: (entry) => this._editor.open(this._glossary, entry),
      remove: (entry) => this._removeEntry(entry),
      failed: (error) => this._failed(error),
    });
    this._editor = new EntryEditor(client, this._entries, $("entry"),
      (words, id) => this._changed(words, id));
    this._upload = new Upload({
      form: $("upload"), file: $("file"), fileName: $("file-name"), send: $("send"),
      stop: $("stop"), said: $("report"), problems: $("problems"),
    }, (...file) => this._send(...file));
    this._new = new FormDialog($("new"), (values) => this._create(values));
    this._confirming = new Confirming($("confirm"));
    this._listen();
    catalogue.watch(() => this._draw());
    this._draw();
  }

  open() {
    this._say("");
    this._dialog.showModal();
    if (this._glossary) this._entries.show(this._glossary);
    this._catalogue.load();
  }

  _listen() {
    const on = (id, run) => $(id).addEventListener("click", run);
    on("close", () => this._dialog.close());
    on("add", () => this._editor.open(this._glossary));
    on("create", () => this._openNew());
    on("delete", () => this._delete());
    $("choice").addEventListener("change", () => this._choose($("choice").value));
    for (const radio of this._dialog.querySelectorAll("[name=section]")) {
      radio.addEventListener("change", () => this._showSection(radio.value));
    }
    for (const [name, { label }] of Object.entries(FORMATS)) {
      const button = node("button", { type: "button", className: "button" },
        name.toUpperCase(), node("span", { textContent: label }));
      button.addEventListener("click", () => this._download(name));
      $("formats").append(button);
    }
    this._listenToDrops();
  }

  /** A file dropped here is a glossary; elsewhere on the page it is a recording. */
  _listenToDrops() {
    const dialog = this._dialog;
    const leave = () => dialog.classList.remove("dragging");
    dialog.addEventListener("dragover", (event) => {
      event.preventDefault();
      event.stopPropagation();
      dialog.classList.toggle("dragging", Boolean(this._glossary));
    });
    dialog.addEventListener("dragleave", leave);
    dialog.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation();
      leave();
      if (!this._glossary) return;
      this._upload.take(event.dataTransfer.files[0]);
      this._showSection("upload");
    });
  }

  _choose(name) {
    const glossary = this._catalogue.find(name);
    this._glossary = glossary;
    $("choice").value = glossary?.name ?? "";
    this._upload.clear();
    for (const part of this._dialog.querySelectorAll(".of-one")) part.disabled = !glossary;
    this._entries.show(this._dialog.open ? glossary : null);
  }

  /** The server told anew which glossaries there are. */
  _draw() {
    const { state, glossaries } = this._catalogue;
    const options = glossaries.map((glossary) => {
      const { name, source_language: source, target_language: target, entries } = glossary;
      const facts = `${languagePair(source, target)} · ${count(entries, "entry")}`;
      return new Option(`${name} · ${facts}`, name);
    });
    $("choice").replaceChildren(...options);
    $("choice").disabled = !options.length;
    $("create").disabled = state === "none" || state === "locked";
    $("state").textContent = catalogueWords(this._catalogue);
    const known = this._catalogue.find(this._wanted ?? this._glossary?.name) ?? glossaries[0];
    this._wanted = null;
    if (known && known.name === this._glossary?.name) {
      this._glossary = known;
      $("choice").value = known.name;
    } else {
      this._choose(known?.name);
    }
  }

  _showSection(shown) {
    for (const name of SECTIONS) $(`${name}-section`).hidden = name !== shown;
    this._dialog.querySelector(`[name=section][value=${shown}]`).checked = true;
  }

  /** One line at the foot of the dialog. */
  _say(words, { bad = false } = {}) {
    $("said").textContent = words;
    $("said").classList.toggle("bad", bad);
  }

  async _changed(words, id) {
    this._say(words);
    const focus = id === null ? {} : { focus: id };
    await Promise.all([this._entries.reload(focus), this._catalogue.load()]);
  }

  /** Say what went wrong. What somebody else changed or deleted is read again. */
  async _failed(error) {
    this._say(requestWords(error), { bad: true });
    if (error.status === 412) await this._entries.reload();
    if (error.status === 404 || error.status === 412) await this._catalogue.load();
  }

  _openNew() {
    const { source, target } = this._direction();
    const from = source === "auto" ? "zh" : source;
    this._new.open("New glossary", { source_language: from, target_language: target });
  }

  async _create(values) {
    let made;
    try {
      made = await this._client.create(values);
    } catch (error) {
      throw new FormError(requestWords(error), error.body?.field);
    }
    this._wanted = made.name;
    this._showSection("entries");
    this._say(`“${made.name}” was created. Add entries, or upload a file.`);
    await this._catalogue.load();
  }

  async _delete() {
    const { name, entries, version } = this._glossary;
    const agreed = await this._confirming.ask({
      title: `Delete “${name}”?`,
      text: `Its ${count(entries, "entry")} are gone for good. Running sessions keep what they have.`,
    });
    if (!agreed) return;
    try {
      await this._client.remove(name, this._entries.etag || `"${version}"`);
      this._say(`“${name}” was deleted.`);
      await this._catalogue.load();
    } catch (error) {
      await this._failed(error);
    }
  }

  async _removeEntry(entry) {
    const agreed = await this._confirming.ask({
      title: "Delete this entry?", text: `${entry.source} → ${entry.target}`,
    });
    if (!agreed) return;
    try {
      await this._client.removeEntry(this._glossary.name, entry.id, this._entries.etag);
      await this._changed(`Deleted: ${entry.source} → ${entry.target}`, 0);
    } catch (error) {
      await this._failed(error);
    }
  }

  async _send(file, options, signal) {
    const { name } = this._glossary;
    try {
      const report = await this._client.upload(name, file, options, this._entries.etag, signal);
      await this._changed("", null);
      return report;
    } catch (error) {
      if (error.status === 412) await this._changed("", null);
      throw error;
    }
  }

  async _download(format) {
    const { name } = this._glossary;
    this._say("Preparing the file …");
    try {
      saveBlob(await this._client.download(name, format), `${name}.${format}`);
      this._say("");
    } catch (error) {
      await this._failed(error);
    }
  }
}
