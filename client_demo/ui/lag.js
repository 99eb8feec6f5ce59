/** The delay of the last chunks: a number and a small bar for each. */

const KEPT = 30;
const FLOOR_MS = 4_000; // the plot's height is at least this, so that 1 s looks small

export class LagView {
  /** @param parts `{output, plot}`: an <output> and an <svg viewBox="0 0 120 28"> */
  constructor({ output, plot }) {
    this._output = output;
    this._plot = plot;
    this.clear();
  }

  clear() {
    this._values = [];
    this._output.textContent = "–";
    this._draw();
  }

  /** @param ms `lag_ms` of a chunk */
  add(ms) {
    if (!Number.isFinite(ms)) return;
    this._values.push(Math.max(0, ms));
    this._values = this._values.slice(-KEPT);
    this._output.textContent = `${(ms / 1000).toFixed(1)} s`;
    this._draw();
  }

  /** Middle of the kept values, in ms; 0 when there are none. */
  get median() {
    return median(this._values);
  }

  _draw() {
    const values = this._values;
    const top = Math.max(FLOOR_MS, ...values);
    const slot = 120 / KEPT;
    const bars = values.map((ms, index) => {
      const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      const height = Math.max(2, (ms / top) * 28);
      const x = index * slot;
      const shape = { x, y: 28 - height, width: slot - 1.3, height, rx: 1 };
      for (const [name, value] of Object.entries(shape)) bar.setAttribute(name, value);
      if (index === values.length - 1) bar.setAttribute("class", "last");
      return bar;
    });
    this._plot.replaceChildren(...bars);
    this._plot.setAttribute("aria-label", values.length
      ? `Delay of the last ${values.length} chunks: middle ${(this.median / 1000).toFixed(1)} s, `
        + `longest ${(Math.max(...values) / 1000).toFixed(1)} s`
      : "Delay of the last chunks: none yet");
  }
}

export function median(values) {
  if (!values.length) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
