/**
 * One listening, from Start to the last sentence: a source, its capture, and the session that it
 * feeds; or several sessions in a row, when the connection breaks or the server is full.
 */

import { Capture } from "./audio/capture.js";
import { SourceError } from "./audio/sources.js";
import { Session } from "./protocol/session.js";

/** phase → what may happen in it → the phase after it. Anything else is ignored. */
const MOVES = {
  idle: { start: "preparing" },
  preparing: { ready: "connecting", fail: "idle", stop: "idle" },
  connecting: { live: "live", full: "waiting", broken: "broken", fail: "idle", stop: "idle" },
  waiting: { retry: "connecting", stop: "idle" },
  live: { stop: "ending", broken: "broken", done: "idle" },
  ending: { done: "idle", fail: "idle", stop: "idle" },
  broken: { retry: "connecting", stop: "idle" },
};

export const MAX_RETRY_WAIT_S = 120;

export class Run {
  /**
   * @param captions the list that sessions append to
   * @param handlers `{phase, event, level, backlog, fault, failure, summary, waiting}`, all called
   *                 synchronously; see `app.js`
   * @param address  gives the address of `/v1/interpret`, asked at each connection
   */
  constructor(captions, handlers, address) {
    this.phase = "idle";
    this.captions = captions;
    this._on = handlers;
    this._address = address;
    this._listMs = 0; // where the next session's first sample lies in the whole list
  }

  /** Position in the whole list, in ms of audio. */
  get elapsedMs() {
    return this._session && this.phase !== "idle"
      ? this._baseMs + this._session.sentMs : this._listMs;
  }

  get source() {
    return this._capture?.source ?? null;
  }

  /** The captions were cleared: the next session counts from zero. */
  reset() {
    this._listMs = 0;
  }

  /** @param request fields of `session.start` without `audio` */
  async start(source, request) {
    if (!this._move("start")) return;
    const turn = (this._turn = Symbol("turn"));
    this._request = request;
    this._began = false;
    this._positionMs = 0;
    this._baseMs = this._listMs;
    this._session = null;
    const capture = new Capture(source, {
      frame: (audio) => this._session?.sendAudio(audio),
      level: (level) => this._on.level(level),
      ended: () => this._sourceEnded(),
    });
    try {
      await source.open();
      await capture.open();
    } catch (error) {
      capture.close();
      if (turn === this._turn) {
        const reason = error instanceof SourceError ? error.reason : "audio_failed";
        this._fail({ reason, message: error.message });
      }
      return;
    }
    if (turn !== this._turn || this.phase !== "preparing") {
      capture.close(); // stopped while the browser was still asking
      return;
    }
    this._capture = capture;
    this._move("ready");
    this._connect();
  }

  /** Stop listening. While the last sentence is on its way, a second call stops waiting for it. */
  async stop() {
    const { phase } = this;
    if (!this._move("stop")) return;
    if (phase !== "live") {
      this._release();
      return;
    }
    await this._capture.flush();
    this._capture.close();
    this._session.end();
  }

  /** Connect again, with the same source and request, after a lost connection or a full server. */
  retry() {
    clearTimeout(this._retryTimer);
    if (this._move("retry")) this._connect();
  }

  _move(what) {
    const next = MOVES[this.phase][what];
    if (!next) return false;
    this.phase = next;
    this._on.phase(next);
    return true;
  }

  _connect() {
    const rate = this._capture.rate;
    const start = {
      ...this._request, audio: { encoding: "pcm_s16le", sample_rate: rate, channels: 1 },
    };
    const session = new Session(this._address(), start, {
      state: (state) => state === "live" && this._live(),
      event: (event) => this._event(event),
      backlog: (seconds) => this._on.backlog(seconds),
      fault: (words) => this._on.fault(words),
      done: (outcome) => this._done(session, outcome),
    });
    this._session = session;
    session.open();
  }

  _live() {
    const { source } = this._capture;
    if (this._began) {
      if (source.live) {
        this._baseMs = this._listMs + (performance.now() - this._lostAt);
      } else {
        // A recording can wait: it goes back to the last word that was committed.
        const committedMs = this.captions.committedMs;
        this._baseMs += committedMs;
        this._positionMs += committedMs;
        source.rewind(this._positionMs);
      }
    }
    this._began = true;
    this.captions.beginSegment({ ...this._request, baseMs: this._baseMs });
    this._move("live");
    source.play()?.catch((error) => {
      this._on.failure({ reason: error.reason ?? "audio_failed", message: error.message });
      this.stop();
    });
  }

  _event(event) {
    const change = this.captions.apply(event);
    if (change.fault) this._on.fault(`The server broke a promise: ${change.fault}.`);
    this._on.event(event, change);
  }

  _sourceEnded() {
    if (this.phase === "live") this.stop();
    else if (this.phase === "waiting" || this.phase === "broken") this.stop();
  }

  _done(session, outcome) {
    if (session !== this._session) return;
    if (outcome.started) this._listMs = this._baseMs + session.sentMs;
    this._lostAt = performance.now();
    this._on.event({ type: "settled" }, { kind: "settled", chunk: this.captions.settle() });
    if (outcome.reason === "cancelled") return;
    if (outcome.reason === "ended") {
      this._move("done");
      this._release();
      this._on.summary(outcome.summary);
    } else if (outcome.reason === "full" && this.phase === "connecting") {
      this._wait(outcome);
    } else if (this.phase === "live" || (this.phase === "connecting" && this._began)) {
      this._capture.source.pause();
      this._move("broken");
      const reason = outcome.reason === "full" ? "overloaded" : outcome.reason;
      this._on.failure({ ...outcome, reason, resumable: true });
    } else {
      this._fail(outcome);
    }
  }

  _wait(outcome) {
    const seconds = Math.min(Math.max(1, outcome.retryAfterS ?? 10), MAX_RETRY_WAIT_S);
    this._move("full");
    this._on.waiting({ ...outcome, seconds });
    this._retryTimer = setTimeout(() => this.retry(), seconds * 1000);
  }

  _fail(outcome) {
    this._move("fail");
    this._release();
    this._on.failure(outcome);
  }

  _release() {
    this._turn = null;
    clearTimeout(this._retryTimer);
    this._capture?.close();
    this._capture = null;
    this._session?.abort();
  }
}
