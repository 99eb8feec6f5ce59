/** The state pill, the start button, the level meter, and the line of a playing recording. */

import { clock } from "./captionsview.js";
import { PHASES } from "./words.js";

const $ = (id) => document.getElementById(id);
const FLOOR_DB = -54; // quieter than this is an empty meter

const TONES = {
  idle: "good", preparing: "wait", connecting: "wait", waiting: "wait", live: "live",
  ending: "wait", broken: "bad", warming: "wait", unready: "bad", unreachable: "bad", unknown: "wait",
};

const START_WORDS = {
  idle: "Start", preparing: "Cancel", connecting: "Cancel", waiting: "Cancel", live: "Stop",
  ending: "Stop now", broken: "Finish",
};

const WELCOME = {
  zh: ["Hear Chinese.", "Read English."],
  en: ["Hear English.", "Read Chinese."],
  auto: ["Hear either language.", "Read English."],
};

export class StatusView {
  constructor() {
    this._phase = "idle";
    this._server = "unknown";
    this._bars = [...$("meter").children];
    this._show();
  }

  phase(phase) {
    this._phase = phase;
    document.body.dataset.phase = phase;
    this._show();
  }

  readiness({ state, reason }) {
    this._server = state;
    this._reason = reason;
    this._show();
  }

  direction(direction) {
    if (!direction) return;
    const [first, second] = WELCOME[direction.source] ?? WELCOME.zh;
    $("welcome-1").textContent = first;
    $("welcome-2").textContent = second;
    $("source-sign").textContent = direction.source === "en" ? "EN" : "中";
    $("source-sign").lang = direction.source === "en" ? "en" : "zh";
  }

  /** @param level `{rms, peak}` in [0, 1] */
  level({ rms, peak }) {
    const db = 20 * Math.log10(Math.max(rms, 1e-6));
    const share = Math.min(1, Math.max(0, 1 - db / FLOOR_DB));
    const lit = Math.round(share * this._bars.length);
    this._bars.forEach((bar, index) => {
      bar.classList.toggle("on", index < lit);
      bar.classList.toggle("hot", index < lit && peak > 0.985);
    });
    $("meter").ariaValueNow = String(Math.round(share * 100));
  }

  /** @param source the running source, or null; only recordings have a line */
  playing(source) {
    const element = source?.element;
    $("playing").hidden = !element;
    if (!element) return;
    const whole = Number.isFinite(element.duration) ? element.duration : 0;
    $("playing-name").textContent = source.label;
    $("playing-bar").value = whole ? Math.min(1, element.currentTime / whole) : 0;
    const end = whole ? ` / ${clock(whole * 1000)}` : "";
    $("playing-time").textContent = clock(element.currentTime * 1000) + end;
  }

  toggleMute(source) {
    const muted = $("mute").ariaPressed !== "true";
    if (source) source.muted = muted;
    $("mute").ariaPressed = String(muted);
    $("mute").querySelector("use").setAttribute("href", muted ? "#i-mute" : "#i-loud");
  }

  _show() {
    const idle = this._phase === "idle";
    const away = idle && this._server !== "ready";
    const state = away ? this._server : this._phase;
    const words = away && state === "unknown" ? "Looking for the server" : PHASES[state];
    for (const pill of [$("state"), $("large-state")]) {
      pill.dataset.tone = TONES[state];
      pill.dataset.state = state;
      const text = pill.querySelector("span");
      if (text.textContent !== words) text.textContent = words;
      pill.title = away ? this._reason ?? "" : "";
    }
    const start = $("start");
    start.disabled = away;
    start.classList.toggle("stop", !idle);
    $("start-words").textContent = START_WORDS[this._phase];
  }
}
