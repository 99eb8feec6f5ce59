/**
 * One interpreting session over one WebSocket, by docs/protocol.md. No DOM, no audio devices.
 *
 * `open()` connects and sends `session.start`; once the state is "live", `sendAudio` takes frames;
 * `end()` asks the server to drain. Every session finishes with exactly one `handlers.done(outcome)`.
 * A session is not used twice.
 */

export const SUBPROTOCOL = "tongchuan.v1";
export const BACKLOG_WARN_S = 2; // unsent audio that the reader should know about
export const BACKLOG_MAX_S = 15; // unsent audio at which the connection counts as lost

const OPEN = 1; // WebSocket.OPEN
const CLOSE_LIMIT_MS = 5_000; // from a fatal error to the close that follows it
const CONNECT_LIMIT_MS = 10_000;
const START_LIMIT_MS = 20_000;
const DRAIN_LIMIT_MS = 60_000; // without a single event; a long tail of sentences may take longer

/** state → what may happen in it → the state after it. Anything else is ignored. */
const MOVES = {
  new: { open: "connecting" },
  connecting: { connected: "starting", closed: "over", end: "over" },
  starting: { started: "live", closed: "over", end: "over" },
  live: { end: "ending", ended: "over", closed: "over" },
  ending: { ended: "over", closed: "over" },
  over: {},
};

const REASONS = {
  1012: "draining",
  1013: "full",
  4400: "contract",
  4401: "unauthorised",
  4408: "silent",
  4413: "frame_too_big",
  4429: "too_fast",
};

export class Session {
  /**
   * @param url     ws:// or wss:// address of `/v1/interpret`
   * @param start   fields of `session.start`; `audio.sample_rate` tells how long frames last
   * @param handlers `{state(name), event(event), backlog(seconds), fault(words), done(outcome)}`
   */
  constructor(url, start, handlers, WebSocketClass = globalThis.WebSocket) {
    this.state = "new";
    this.sentMs = 0;
    this._url = url;
    this._start = start;
    this._handlers = handlers;
    this._WebSocket = WebSocketClass;
    this._bytesPerMs = (2 * start.audio.sample_rate * start.audio.channels) / 1000;
    this._maxFrameBytes = 32_768;
    this._lastSeq = 0;
    this._lastError = null;
  }

  open() {
    if (!this._move("open")) return;
    this._limit(CONNECT_LIMIT_MS, "unreachable");
    this._socket = new this._WebSocket(this._url, [SUBPROTOCOL]);
    this._socket.binaryType = "arraybuffer";
    this._socket.onopen = () => {
      if (!this._move("connected")) return;
      this._limit(START_LIMIT_MS, "unreachable");
      this._send({ type: "session.start", ...this._start });
    };
    this._socket.onmessage = ({ data }) => this._receive(data);
    this._socket.onclose = ({ code, reason }) => this._closed(code, reason);
  }

  /** Send one frame of audio (ArrayBuffer, pcm_s16le). False if it was not taken. */
  sendAudio(buffer) {
    // Between the server's goodbye and `onclose` the socket takes nothing more.
    if (this.state !== "live" || this._socket.readyState !== OPEN) return false;
    const waitingS = this._socket.bufferedAmount / this._bytesPerMs / 1000;
    this._handlers.backlog(waitingS);
    if (waitingS > BACKLOG_MAX_S) {
      this._finish({ reason: "stalled" });
      return false;
    }
    for (let at = 0; at < buffer.byteLength; at += this._maxFrameBytes) {
      this._socket.send(buffer.slice(at, at + this._maxFrameBytes));
    }
    this.sentMs += buffer.byteLength / this._bytesPerMs;
    return true;
  }

  /** Stop sending; the server finishes the last sentence and says `session.ended`. */
  end() {
    const was = this.state;
    if (!this._move("end")) return;
    if (was === "live") {
      this._limit(DRAIN_LIMIT_MS, "lost");
      this._send({ type: "session.end" });
    } else {
      this._finish({ reason: "cancelled" });
    }
  }

  /** Leave at once, without waiting for what the server still owes. */
  abort() {
    this._finish({ reason: "cancelled" });
  }

  _move(what) {
    const next = MOVES[this.state][what];
    if (!next) return false;
    this.state = next;
    if (next !== "over") this._handlers.state(next);
    return true;
  }

  _send(message) {
    this._socket.send(JSON.stringify(message));
  }

  _receive(data) {
    let event;
    try {
      event = JSON.parse(data);
    } catch {
      this._handlers.fault("The server sent something that is not JSON; it was left out.");
      return;
    }
    if (typeof event?.type !== "string") return;
    this._checkOrder(event.seq);
    if (this.state === "ending" && !this._lastError?.fatal) this._limit(DRAIN_LIMIT_MS, "lost");
    if (event.type === "session.started") this._started(event);
    else if (event.type === "error") this._failed(event);
    this._handlers.event(event);
    if (event.type === "session.ended") this._finish({ reason: "ended", summary: event });
  }

  _failed(error) {
    this._lastError = error;
    if (!error.fatal) return;
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._closed(null, ""), CLOSE_LIMIT_MS);
  }

  _started(event) {
    this._maxFrameBytes = event.limits?.max_frame_bytes ?? this._maxFrameBytes;
    clearTimeout(this._timer);
    this._move("started");
  }

  _checkOrder(seq) {
    if (typeof seq !== "number") return;
    if (seq !== this._lastSeq + 1) {
      const missing = `expected event ${this._lastSeq + 1}, got ${seq}`;
      this._handlers.fault(`The server skipped something (${missing}); words may be missing.`);
    }
    this._lastSeq = seq;
  }

  _closed(code, closeReason) {
    const error = this._lastError?.fatal ? this._lastError : null;
    const never = this.state === "connecting";
    const reason = REASONS[code] ?? (error ? "refused" : never ? "unreachable" : "lost");
    this._finish({
      reason,
      code,
      message: error?.message ?? closeReason ?? "",
      retryAfterS: Number.isFinite(this._lastError?.retry_after_s)
        ? this._lastError.retry_after_s : null,
    });
  }

  _limit(ms, reason) {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._finish({ reason, code: null, message: "" }), ms);
  }

  _finish(outcome) {
    clearTimeout(this._timer);
    if (this._done) return;
    this._done = true;
    const started = this.state === "live" || this.state === "ending";
    this.state = "over";
    if (this._socket) {
      this._socket.onopen = this._socket.onmessage = this._socket.onclose = null;
      this._socket.close();
    }
    this._handlers.done({ started, ...outcome });
  }
}
