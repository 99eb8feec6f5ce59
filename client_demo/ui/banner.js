/** What went wrong, in words, with one thing to do about it; and passing notices. */

const NOTICE_MS = 7_000;
const READING_MS = 70; // a character

export class Banner {
  /** @param parts `{box, title, text, detail, act, close, notice}` elements */
  constructor(parts) {
    this._parts = parts;
    this._act = () => {};
    this._dismiss = () => {};
    parts.act.addEventListener("click", () => this._act());
    parts.close.addEventListener("click", () => this._dismiss());
  }

  /**
   * @param words `{title, text, detail}`
   * @param act   `{label, run}` or null
   * @param close `{label, run}`; `run` defaults to only hiding the banner
   */
  show(words, act, close = {}) {
    this.hide();
    const { box, title, text, detail } = this._parts;
    title.textContent = words.title;
    text.textContent = words.text;
    detail.textContent = words.detail ?? "";
    this._parts.act.hidden = !act;
    this._parts.act.textContent = act?.label ?? "";
    this._act = act?.run ?? (() => {});
    this._parts.close.textContent = close.label ?? "Dismiss";
    this._dismiss = close.run ?? (() => this.hide());
    box.hidden = false;
  }

  /** Count down in the button's label, from `seconds` to 0. The caller does what is due then. */
  countdown(seconds, label) {
    const until = performance.now() + seconds * 1000;
    const tick = () => {
      const left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
      this._parts.act.textContent = label(left);
    };
    tick();
    this._ticking = setInterval(tick, 250);
  }

  hide() {
    clearInterval(this._ticking);
    this._parts.box.hidden = true;
  }

  /**
   * A line that passes by itself. With `stays`, until `unnotice(key)`; with `joins`, beside what
   * the same key still says.
   */
  notice(words, { key = "", stays = false, joins = false } = {}) {
    clearTimeout(this._passing);
    const { notice } = this._parts;
    const before = joins && !notice.hidden && key === this._noticeKey ? notice.textContent : "";
    const all = before.includes(words) ? before : `${before} ${words}`.trim();
    this._noticeKey = key;
    notice.textContent = all;
    notice.hidden = false;
    const ms = Math.max(NOTICE_MS, all.length * READING_MS);
    if (!stays) this._passing = setTimeout(() => this.unnotice(key), ms);
  }

  unnotice(key = this._noticeKey) {
    if (key === this._noticeKey) this._parts.notice.hidden = true;
  }
}
