/** What the reader chose, kept in this browser. Works, forgetfully, where storage is forbidden. */

const KEY = "tongchuan.settings.v1";

/** Every setting, with its default; a stored value of another type is ignored. */
export const DEFAULTS = Object.freeze({
  theme: "system",
  kind: "microphone",
  direction: "zh-en",
  showSource: true,
  layout: "beside",
  size: 3,
  largeSize: 3,
  previews: true,
  echoCancellation: false,
  noiseSuppression: false,
  deviceId: "",
  context: "",
  terms: [],
  glossaries: [],
  languages: "target",
});

export class Settings {
  constructor(storage = safeStorage()) {
    this._storage = storage;
    this.values = { ...DEFAULTS, ...read(storage) };
  }

  get(name) {
    return this.values[name];
  }

  set(name, value) {
    this.values[name] = value;
    try {
      this._storage?.setItem(KEY, JSON.stringify(this.values));
    } catch {
      this._storage = null; // full or forbidden: this visit only
    }
  }
}

function safeStorage() {
  try {
    return globalThis.localStorage;
  } catch {
    return null;
  }
}

function read(storage) {
  try {
    const stored = JSON.parse(storage?.getItem(KEY) ?? "{}");
    return Object.fromEntries(Object.entries(stored).filter(([name, value]) =>
      name in DEFAULTS && typeof value === typeof DEFAULTS[name]
      && Array.isArray(value) === Array.isArray(DEFAULTS[name])));
  } catch {
    return {};
  }
}
