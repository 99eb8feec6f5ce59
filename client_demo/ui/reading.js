/** How captions are read: text size, the source language, beside or below; copy and download. */

import { FORMATS, fileName, toTxt } from "../captions/download.js";
import { Pop } from "./pop.js";
import { saveBlob } from "./saving.js";

const SIZES = 5;
const $ = (id) => document.getElementById(id);

export class Reading {
  /** @param say shows one line to the reader */
  constructor(captions, settings, say) {
    this._captions = captions;
    this._settings = settings;
    this._say = say;
    const on = (id, run) => $(id).addEventListener("click", run);
    on("source-toggle", () => this.toggleSource());
    on("layout", () => this._set("layout", settings.get("layout") === "beside" ? "below" : "beside"));
    on("smaller", () => this.resize(-1));
    on("bigger", () => this.resize(1));
    on("large-smaller", () => this.resize(-1, "largeSize"));
    on("large-bigger", () => this.resize(1, "largeSize"));
    on("theme", () => this._nextTheme());
    on("copy", () => this._copy());
    this._buildSave();
    this.show();
  }

  toggleSource() {
    this._set("showSource", !this._settings.get("showSource"));
  }

  resize(step, name = "size") {
    this._set(name, Math.min(SIZES, Math.max(1, this._settings.get(name) + step)));
  }

  /** Close the download card; true if it was open. */
  closeSave(options) {
    return this._pop.close(options);
  }

  /** There is something to copy, or nothing. */
  enable(any) {
    for (const id of ["copy", "save-open", "clear"]) $(id).disabled = !any;
    if (!any) this.closeSave();
  }

  show() {
    const get = (name) => this._settings.get(name);
    const { body } = document;
    body.classList.toggle("no-source", !get("showSource"));
    body.classList.toggle("beside", get("layout") === "beside");
    body.classList.toggle("below", get("layout") !== "beside");
    body.dataset.size = get("size");
    $("large").dataset.size = get("largeSize");
    $("source-toggle").ariaPressed = String(get("showSource"));
    $("layout").ariaLabel = `Source language: ${get("layout")}`;
    $("layout-icon").setAttribute("href", get("layout") === "beside" ? "#i-beside" : "#i-below");
    const themes = { system: "as the system", light: "light", dark: "dark" };
    $("theme").ariaLabel = `Theme: ${themes[get("theme")] ?? themes.system}`;
  }

  _set(name, value) {
    this._settings.set(name, value);
    this.show();
  }

  _nextTheme() {
    // From what the system shows to its opposite first: each press of the first two is seen.
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const order = dark ? ["system", "light", "dark"] : ["system", "dark", "light"];
    const next = order[(order.indexOf(this._settings.get("theme")) + 1) % order.length];
    this._set("theme", next);
    globalThis.showTheme(next);
    this._say(`${$("theme").ariaLabel}.`);
  }

  async _copy() {
    const text = toTxt(this._captions.chunks, this._settings.get("showSource") ? "both" : "target");
    try {
      await navigator.clipboard.writeText(text);
      this._say("Copied.");
    } catch {
      this._say("The browser did not allow copying; download the text instead.");
    }
  }

  _buildSave() {
    this._pop = new Pop($("save-open"), $("save"), () => $("save").querySelector(":checked"));
    for (const radio of $("save").querySelectorAll("[name=languages]")) {
      radio.checked = radio.value === this._settings.get("languages");
      radio.addEventListener("change", () => this._settings.set("languages", radio.value));
    }
    for (const [name, format] of Object.entries(FORMATS)) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button";
      button.id = `save-${name}`;
      const kind = document.createElement("span");
      kind.textContent = format.label;
      button.append(name.toUpperCase(), kind);
      button.addEventListener("click", () => this._download(format));
      $("formats").append(button);
    }
  }

  _download({ make, mime, extension }) {
    const text = make(this._captions.chunks, this._settings.get("languages"));
    saveBlob(new Blob([text], { type: `${mime};charset=utf-8` }), fileName(extension));
    this.closeSave({ focus: true });
  }
}
