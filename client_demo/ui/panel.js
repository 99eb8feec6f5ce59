/** The setup panel: what to listen to and how. Reads the form, remembers it, opens sources. */

import { Microphone, Recording, SourceError, Tab } from "../audio/sources.js";
import { GlossaryPicker } from "./glossarypicker.js";
import { TermEditor } from "./termeditor.js";

const $ = (id) => document.getElementById(id);

/** "zh-en" → the `source` and `target` of `session.start`. */
function languages(direction) {
  const [source, target] = direction.split("-");
  return { source, target };
}

export class Panel {
  /**
   * @param catalogue the server's glossaries
   * @param onchange  told `{source, target}` after any change of source or direction
   */
  constructor(settings, catalogue, onchange) {
    this._settings = settings;
    this._onchange = onchange;
    this._file = null;
    this._samples = [];
    this._form = $("setup-form");
    this._terms = new TermEditor({
      rows: $("terms"), count: $("terms-count"), add: $("term-add"), clear: $("term-clear"),
      paste: $("term-paste"), pasteBox: $("paste-box"), pasteText: $("paste"),
      pasteTake: $("paste-take"), pasteSaid: $("paste-said"),
    }, settings.get("terms"), (terms) => settings.set("terms", terms));
    this._glossaries = new GlossaryPicker({
      box: $("glossaries-box"), list: $("glossaries"), said: $("glossaries-said"),
      count: $("glossaries-count"), again: $("glossaries-again"),
    }, catalogue, settings, () => this.direction);
    this._fill();
    this._listen();
    this._drop();
    this._show();
    this._listDevices();
    this._loadSamples();
  }

  get direction() {
    return languages(this._settings.get("direction"));
  }

  /** The fields of `session.start` that come from here. */
  get request() {
    const context = $("context").value.trim();
    const terms = this._terms.terms;
    const glossaries = this._glossaries.names;
    return {
      ...this.direction,
      previews: this._settings.get("previews"),
      ...(terms.length && { terms }),
      ...(glossaries.length && { glossaries }),
      ...(context && { context }),
    };
  }

  /** The chosen source, not yet opened. Raises SourceError when there is none to open. */
  makeSource() {
    const get = (name) => this._settings.get(name);
    switch (get("kind")) {
      case "tab":
        return new Tab();
      case "file":
        if (!this._file) throw new SourceError("file_missing");
        return new Recording(this._file, this._file.name);
      case "sample": {
        const sample = this._sample;
        if (!sample) throw new SourceError("sample_missing");
        return new Recording(new URL(sample.file, document.baseURI).href, sample.title);
      }
      default:
        return new Microphone({
          deviceId: get("deviceId"),
          echoCancellation: get("echoCancellation"),
          noiseSuppression: get("noiseSuppression"),
        });
    }
  }

  /** The key of a server that asks for one; kept for this tab only. */
  get key() {
    return $("key").value.trim();
  }

  /** Show the field for the key, and go there. */
  askKey({ focus = true } = {}) {
    $("key-box").hidden = false;
    if (focus) $("key").focus();
  }

  /** While a session runs its setup cannot change. */
  lock(locked) {
    $("setup-fields").disabled = locked;
    $("locked").hidden = !locked;
  }

  /** Names of microphones are known only once one was allowed. */
  refreshDevices() {
    this._listDevices();
  }

  get _sample() {
    return this._samples[Number($("sample").value) || 0];
  }

  _fill() {
    const get = (name) => this._settings.get(name);
    for (const name of ["kind", "direction"]) {
      const choice = this._form.querySelector(`[name=${name}][value="${CSS.escape(get(name))}"]`);
      (choice ?? this._form.querySelector(`[name=${name}]`)).checked = true;
    }
    $("noise").checked = get("noiseSuppression");
    $("echo").checked = get("echoCancellation");
    $("previews").checked = get("previews");
    $("context").value = get("context");
    $("context-box").open = Boolean(get("context"));
    $("terms-box").open = get("terms").length > 0;
  }

  _listen() {
    this._form.addEventListener("submit", (event) => event.preventDefault());
    const keep = (id, name, read) => $(id).addEventListener("input", () => {
      this._settings.set(name, read($(id)));
    });
    const checked = (input) => input.checked;
    const value = (input) => input.value;
    keep("noise", "noiseSuppression", checked);
    keep("echo", "echoCancellation", checked);
    keep("previews", "previews", checked);
    keep("context", "context", value);
    keep("device", "deviceId", value);
    for (const name of ["kind", "direction"]) {
      for (const radio of this._form.querySelectorAll(`[name=${name}]`)) {
        radio.addEventListener("change", () => {
          this._settings.set(name, radio.value);
          this._show();
        });
      }
    }
    $("sample").addEventListener("change", () => this._show());
    $("file").addEventListener("change", () => this._take($("file").files[0]));
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this._listDevices());
  }

  _drop() {
    const { body } = document;
    const holdsFile = (event) => event.dataTransfer?.types.includes("Files");
    const over = (event) => {
      if (!holdsFile(event) || $("setup-fields").disabled) return;
      event.preventDefault();
      body.classList.add("dragging");
    };
    body.addEventListener("dragover", over);
    body.addEventListener("dragleave", () => body.classList.remove("dragging"));
    body.addEventListener("drop", (event) => {
      body.classList.remove("dragging");
      if (!holdsFile(event) || $("setup-fields").disabled) return;
      event.preventDefault();
      this._form.querySelector("[name=kind][value=file]").checked = true;
      this._settings.set("kind", "file");
      this._take(event.dataTransfer.files[0]);
    });
  }

  _take(file) {
    if (!file) return;
    this._file = file;
    $("file-name").textContent = file.name;
    this._show();
  }

  _show() {
    const kind = this._settings.get("kind");
    for (const box of this._form.querySelectorAll(".options")) {
      box.classList.toggle("shown", box.dataset.for === kind);
    }
    if (kind === "sample") this._showSample();
    this._glossaries.draw();
    this._onchange(this.direction);
  }

  /** A sample knows what is spoken in it. */
  _showSample() {
    const sample = this._sample;
    $("sample-hint").textContent = sample
      ? `Plays aloud. Licence: ${sample.licence}.` : "This server has no sample recording.";
    if (!sample) return;
    const direction = `${sample.source}-${sample.target}`;
    const choice = this._form.querySelector(`[name=direction][value="${CSS.escape(direction)}"]`);
    if (!choice) return;
    choice.checked = true;
    this._settings.set("direction", direction);
  }

  async _listDevices() {
    let devices = [];
    try {
      devices = await navigator.mediaDevices.enumerateDevices();
    } catch {
      return; // no secure context: starting will say so
    }
    const select = $("device");
    const named = devices.filter((d) => d.kind === "audioinput" && d.deviceId && d.label);
    const options = named.map((device) => new Option(device.label, device.deviceId));
    select.replaceChildren(select.options[0], ...options);
    select.value = this._settings.get("deviceId");
    if (select.selectedIndex < 0) select.selectedIndex = 0;
  }

  async _loadSamples() {
    try {
      const response = await fetch("samples.json");
      if (response.ok) this._samples = await response.json();
    } catch {
      this._samples = []; // the server is away; the connection state says so
    }
    $("sample").replaceChildren(
      ...this._samples.map((sample, index) => new Option(sample.title, index)));
    this._show();
  }
}
