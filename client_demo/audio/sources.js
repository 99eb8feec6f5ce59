/**
 * Where sound comes from. Each source has:
 *   open()            ask for permission, load; raises SourceError with a reason for `words.js`
 *   connect(context)  an AudioNode of it, in that AudioContext
 *   play() / pause()  files start and stop; live sources cannot wait and ignore both
 *   rewind(ms)        files go back to where the captions are; live sources cannot
 *   close()           let go of the device
 *   live              whether time passes without us
 *   label             what to call it on the page
 */

export class SourceError extends Error {
  constructor(reason, detail = "") {
    super(detail || reason);
    this.reason = reason;
  }
}

const MICROPHONE_REASONS = {
  NotAllowedError: "mic_refused",
  SecurityError: "mic_refused",
  NotFoundError: "mic_missing",
  OverconstrainedError: "mic_missing",
  NotReadableError: "mic_busy",
  AbortError: "mic_busy",
};

class StreamSource {
  live = true;

  onended = () => {};

  connect(context) {
    return context.createMediaStreamSource(this._stream);
  }

  play() {}

  pause() {}

  rewind() {}

  close() {
    this.onended = () => {};
    for (const track of this._stream?.getTracks() ?? []) track.stop();
  }

  _keep(stream) {
    this._stream = stream;
    const [track] = stream.getAudioTracks();
    track.addEventListener("ended", () => this.onended());
    return track;
  }
}

export class Microphone extends StreamSource {
  /** @param options `{deviceId, echoCancellation, noiseSuppression}` */
  constructor(options) {
    super();
    this._options = options;
    this.label = "Microphone";
  }

  async open() {
    if (!navigator.mediaDevices?.getUserMedia) throw new SourceError("insecure");
    const { deviceId, echoCancellation, noiseSuppression } = this._options;
    try {
      const track = this._keep(await navigator.mediaDevices.getUserMedia({
        audio: {
          echoCancellation, noiseSuppression, autoGainControl: true,
          ...(deviceId && { deviceId: { exact: deviceId } }),
        },
      }));
      this.label = track.label || this.label;
    } catch (error) {
      throw new SourceError(MICROPHONE_REASONS[error.name] ?? "mic_failed", error.message);
    }
  }
}

export class Tab extends StreamSource {
  label = "Tab or window";

  async open() {
    if (!globalThis.isSecureContext) throw new SourceError("insecure");
    if (!navigator.mediaDevices?.getDisplayMedia) throw new SourceError("tab_unsupported");
    let stream;
    try {
      stream = await navigator.mediaDevices.getDisplayMedia({
        video: true, // browsers refuse to share sound alone
        audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
        systemAudio: "include",
        selfBrowserSurface: "exclude",
      });
    } catch (error) {
      const refused = error.name === "NotAllowedError" || error.name === "AbortError";
      throw new SourceError(refused ? "tab_cancelled" : "tab_failed", error.message);
    }
    if (!stream.getAudioTracks().length) {
      for (const track of stream.getTracks()) track.stop();
      throw new SourceError("tab_silent");
    }
    this._keep(stream);
  }
}

/** A recording, played aloud at real speed. */
export class Recording {
  live = false;

  onended = () => {};

  /** @param input a File, or an address on this server */
  constructor(input, label) {
    this.label = label;
    this._input = input;
    this.element = new Audio();
  }

  async open() {
    const isFile = typeof this._input !== "string";
    this._address = isFile ? URL.createObjectURL(this._input) : this._input;
    this.element.preload = "auto";
    await new Promise((resolve, reject) => {
      this.element.addEventListener("canplay", resolve, { once: true });
      this.element.addEventListener("error", () => {
        const detail = this.element.error?.message ?? "";
        reject(new SourceError(isFile ? "file_unreadable" : "sample_unreadable", detail));
      }, { once: true });
      this.element.src = this._address;
    });
    this.element.addEventListener("ended", () => this.onended());
  }

  connect(context) {
    const node = context.createMediaElementSource(this.element);
    this._volume = context.createGain();
    this._volume.gain.value = this._muted ? 0 : 1;
    node.connect(this._volume).connect(context.destination);
    return node;
  }

  /** Silence the loudspeaker only; the server still hears it. */
  set muted(value) {
    this._muted = value;
    if (this._volume) this._volume.gain.value = value ? 0 : 1;
  }

  async play() {
    try {
      await this.element.play();
    } catch (error) {
      // Being paused or closed before the first sample is no failure.
      if (error.name !== "AbortError") throw new SourceError("file_unreadable", error.message);
    }
  }

  pause() {
    this.element.pause();
  }

  rewind(ms) {
    this.element.currentTime = Math.max(0, ms / 1000);
  }

  close() {
    this.onended = () => {};
    this.element.pause();
    this.element.removeAttribute("src");
    if (this._address?.startsWith("blob:")) URL.revokeObjectURL(this._address);
  }
}
