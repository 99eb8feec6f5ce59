/**
 * A streaming low-pass and decimation by a whole factor, so that a 48 kHz microphone costs a third
 * of the bandwidth. Windowed sinc; the result is the same for any chunking of the input.
 */

const TAPS_PER_FACTOR = 24;
const PASS = 0.92; // share of the new band that is kept; the rest is the filter's slope

/** The largest whole factor that leaves at least `least` Hz. */
export function factorFor(rate, least = 16_000) {
  return Math.max(1, Math.floor(rate / least));
}

/** Symmetric low-pass, unit gain at 0 Hz. Float32, odd length. */
function lowPass(factor) {
  const length = TAPS_PER_FACTOR * factor + 1;
  const middle = (length - 1) / 2;
  const cutoff = PASS / factor;
  const taps = new Float32Array(length);
  let sum = 0;
  for (let i = 0; i < length; i += 1) {
    const x = Math.PI * cutoff * (i - middle);
    const sinc = x === 0 ? 1 : Math.sin(x) / x;
    const turn = (2 * Math.PI * i) / (length - 1);
    const blackman = 0.42 - 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn);
    taps[i] = sinc * blackman;
    sum += taps[i];
  }
  return taps.map((tap) => tap / sum);
}

export class Decimator {
  /** @param factor whole, 1 passes samples through */
  constructor(factor) {
    this.factor = factor;
    this._taps = factor === 1 ? new Float32Array([1]) : lowPass(factor);
    this._ring = new Float32Array(this._taps.length);
    this._at = 0;
    this._phase = 0;
  }

  /** Take one sample; returns the next output sample, or null between them. */
  push(sample) {
    const ring = this._ring;
    const length = ring.length;
    ring[this._at] = sample;
    this._at = this._at + 1 === length ? 0 : this._at + 1;
    this._phase += 1;
    if (this._phase < this.factor) return null;
    this._phase = 0;
    let sum = 0;
    let at = this._at; // the oldest sample; the filter is symmetric, so order does not matter
    for (let i = 0; i < length; i += 1) {
      sum += this._taps[i] * ring[at];
      at = at + 1 === length ? 0 : at + 1;
    }
    return sum;
  }
}
