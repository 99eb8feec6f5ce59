/** Asks `/readyz` until the models are warm: at first often, then seldom. */

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 5_000;
const ANSWER_LIMIT_MS = 8_000;

export class Readiness {
  /** `onchange({state: "ready" | "warming" | "unready" | "unreachable", reason})` on every answer. */
  constructor(onchange, address = "/readyz") {
    this.state = "unknown";
    this._onchange = onchange;
    this._address = address;
  }

  /** Ask now, and go on until the answer is "ready". A second call starts the waits afresh. */
  watch() {
    clearTimeout(this._timer);
    this._ask(FIRST_WAIT_MS, (this._round = Symbol("round")));
  }

  async _ask(wait, round) {
    const answer = await this._answer();
    if (round !== this._round) return;
    this.state = answer.state;
    this._onchange(answer);
    if (answer.state === "ready") return;
    this._timer = setTimeout(
      () => this._ask(Math.min(wait * 1.6, LONGEST_WAIT_MS), round), wait);
  }

  async _answer() {
    try {
      const response = await fetch(this._address, {
        cache: "no-store", signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      });
      const body = await response.json().catch(() => ({}));
      const reason = typeof body?.reason === "string" ? body.reason : "";
      if (response.ok) return { state: "ready", reason: "" };
      const warming = !reason || /load|warm/i.test(reason);
      return { state: warming ? "warming" : "unready", reason };
    } catch {
      return { state: "unreachable", reason: "" };
    }
  }
}
