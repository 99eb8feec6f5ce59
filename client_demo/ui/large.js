/** Large captions over the whole screen: the last words, as big as they fit, newest at the bottom. */

import { joined } from "../captions/captions.js";

const AWAKE_MS = 2_500;
const KEPT_CHARS = 700; // more than any size shows at once

export class LargeView {
  /** @param parts `{dialog, target, source}` elements; `onclose` runs however it was left */
  constructor(captions, parts, onclose) {
    this._captions = captions;
    this._parts = parts;
    parts.dialog.addEventListener("close", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      onclose();
    });
    parts.dialog.addEventListener("pointermove", () => this._wake());
    document.addEventListener("fullscreenchange", () => {
      if (!document.fullscreenElement && this._full) this.close();
      this._full = Boolean(document.fullscreenElement);
    });
  }

  /** A moving pointer shows the controls for a moment. */
  _wake() {
    const { dialog } = this._parts;
    dialog.classList.add("awake");
    clearTimeout(this._sleep);
    this._sleep = setTimeout(() => dialog.classList.remove("awake"), AWAKE_MS);
  }

  get isOpen() {
    return this._parts.dialog.open;
  }

  async open() {
    this._parts.dialog.showModal();
    this.draw();
    try {
      await document.documentElement.requestFullscreen({ navigationUI: "hide" });
    } catch {
      // Phones and frames without full screen still get the whole window.
      this._full = false;
    }
  }

  close() {
    if (this.isOpen) this._parts.dialog.close();
  }

  draw() {
    if (!this.isOpen) return;
    const { chunks, growing, visiblePreview, partial, segments } = this._captions;
    const { target, source } = this._parts;
    const last = segments.at(-1);
    target.lang = last?.target ?? "en";
    source.lang = last?.source === "en" ? "en" : "zh";
    let old = "";
    let heard = "";
    for (const chunk of chunks.slice(-30)) {
      if (chunk !== growing) old += joined(old, chunk.text);
      heard += joined(heard, chunk.source);
    }
    const now = growing ? joined(old, growing.text) : "";
    const parts = [
      span("old", old.slice(-KEPT_CHARS)),
      span("growing", now),
      span("preview", joined(old + now, visiblePreview)),
    ];
    if (!growing && !visiblePreview) parts[0].className = "growing";
    target.replaceChildren(...parts);
    source.textContent = (heard + joined(heard, partial)).slice(-120);
  }
}

function span(className, text) {
  const node = document.createElement("span");
  node.className = className;
  node.textContent = text;
  return node;
}
