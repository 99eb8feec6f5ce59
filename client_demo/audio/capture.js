/** A source, through the audio worklet, as frames of pcm_s16le. */

import { factorFor } from "./decimate.js";

const WORKLET = new URL("./worklet.js", import.meta.url);
const FLUSH_LIMIT_MS = 300;

export class Capture {
  /**
   * @param source   one of `sources.js`, already opened
   * @param handlers `{frame(ArrayBuffer), level({rms, peak}), ended()}`; `ended` when the source
   *                 is over by itself (a file played out, a tab stopped being shared)
   */
  constructor(source, handlers) {
    this.source = source;
    this._handlers = handlers;
    this._flushed = null;
  }

  /** Build the audio graph. Raises what the browser raises; call `close` then too. */
  async open() {
    this._context = new AudioContext({ latencyHint: "interactive" });
    this.sampleRate = this._context.sampleRate / factorFor(this._context.sampleRate);
    await this._context.audioWorklet.addModule(WORKLET);
    this._worklet = new AudioWorkletNode(this._context, "tongchuan-capture", {
      numberOfInputs: 1, numberOfOutputs: 1, outputChannelCount: [1],
    });
    this._worklet.port.onmessage = ({ data }) => this._take(data);
    const node = this.source.connect(this._context);
    node.connect(this._worklet);
    // The worklet's own output is silence; without a way to the speakers some browsers never
    // run it.
    this._worklet.connect(this._context.destination);
    this.source.onended = () => this._handlers.ended();
    await this._context.resume();
  }

  /** Whole rate, as `session.start` wants it. */
  get rate() {
    return Math.round(this.sampleRate);
  }

  /** Deliver what is still in the worklet's frame. Waits a moment at most. */
  async flush() {
    if (!this._worklet) return;
    await new Promise((resolve) => {
      this._flushed = resolve;
      setTimeout(resolve, FLUSH_LIMIT_MS);
      this._worklet.port.postMessage("flush");
    });
    this._flushed = null;
  }

  /** Release the device. Safe to call twice. */
  close() {
    this.source.close();
    if (this._worklet) this._worklet.port.onmessage = null;
    this._worklet = null;
    if (this._context && this._context.state !== "closed") this._context.close();
  }

  _take({ audio, rms, peak, last }) {
    if (audio.byteLength) this._handlers.frame(audio);
    this._handlers.level({ rms, peak });
    if (last) this._flushed?.();
  }
}
