/** Which glossaries the server keeps, as it last said; and whether it keeps any at all. No DOM. */

/** What an answer without a list means; any other failure is "away". */
const STATES = { 401: "locked", 404: "none", 405: "none" };

export class Catalogue {
  /** `state`: "unknown" until it was asked, "ready", "none", "locked" (by a key) or "away". */
  constructor(client) {
    this.state = "unknown";
    this.reason = "";
    this.glossaries = [];
    this._client = client;
    this._watchers = [];
  }

  /** `run()` after every answer. */
  watch(run) {
    this._watchers.push(run);
  }

  /** What the server told of a glossary, or null. */
  find(name) {
    return this.glossaries.find((glossary) => glossary.name === name) ?? null;
  }

  /** Ask again. Raises nothing: a failure is a state. Of several calls the last one counts. */
  async load() {
    const turn = (this._turn = Symbol("turn"));
    let answer;
    try {
      answer = { state: "ready", reason: "", glossaries: await this._client.list() };
    } catch (error) {
      const state = STATES[error.status] ?? "away";
      // What is away comes back, with the same glossaries most likely.
      const glossaries = state === "away" ? this.glossaries : [];
      answer = { state, reason: error.message, glossaries };
    }
    if (turn !== this._turn) return;
    Object.assign(this, answer);
    for (const run of this._watchers) run();
  }
}
