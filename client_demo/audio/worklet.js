/**
 * Runs on the audio thread: mixes to mono, lowers the rate, and posts frames of little-endian
 * 16-bit samples with their level. It never blocks and keeps nothing but one frame.
 */

import { Decimator, factorFor } from "./decimate.js";

const FRAME_MS = 60;

class CaptureProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this._decimator = new Decimator(factorFor(sampleRate));
    this._length = Math.round((sampleRate / this._decimator.factor) * (FRAME_MS / 1000));
    this._begin();
    this.port.onmessage = ({ data }) => {
      if (data === "flush") this._post(true);
    };
  }

  process([channels]) {
    const length = channels?.[0]?.length ?? 128; // nothing connected, or paused: silence
    for (let i = 0; i < length; i += 1) {
      let mixed = 0;
      for (const channel of channels ?? []) mixed += channel[i];
      const sample = this._decimator.push(channels?.length ? mixed / channels.length : 0);
      if (sample !== null) this._take(sample);
    }
    return true;
  }

  _begin() {
    this._frame = new DataView(new ArrayBuffer(2 * this._length));
    this._filled = 0;
    this._squares = 0;
    this._peak = 0;
  }

  _take(sample) {
    const clean = Math.min(1, Math.max(-1, Number.isFinite(sample) ? sample : 0));
    this._frame.setInt16(2 * this._filled, Math.round(clean * 32_767), true);
    this._filled += 1;
    this._squares += clean * clean;
    this._peak = Math.max(this._peak, Math.abs(clean));
    if (this._filled === this._length) this._post(false);
  }

  _post(last) {
    const audio = this._frame.buffer.slice(0, 2 * this._filled);
    const rms = Math.sqrt(this._squares / Math.max(1, this._filled));
    this.port.postMessage({ audio, rms, peak: this._peak, last }, [audio]);
    this._begin();
  }
}

registerProcessor("tongchuan-capture", CaptureProcessor);
