/**
 * Captions as files: SRT, WebVTT, plain text and JSON. Pure: chunks in, a string out.
 *
 * `languages` is "target", "source" or "both". Chunks that hold nothing in the chosen languages
 * (fillers have no translation) make no cue. Times are those of the speech, in order, and never
 * overlap.
 */

import { joined } from "./captions.js";

const LINE_WIDTH = 42; // characters of a subtitle line; a Chinese one counts twice
const MIN_CUE_MS = 700; // shorter than this nobody can read

export const FORMATS = {
  srt: { label: "Subtitles", extension: "srt", mime: "application/x-subrip", make: toSrt },
  vtt: { label: "Web subtitles", extension: "vtt", mime: "text/vtt", make: toVtt },
  txt: { label: "Plain text", extension: "txt", mime: "text/plain", make: toTxt },
  json: { label: "All times and terms", extension: "json", mime: "application/json", make: toJson },
};

/** `ms` as `HH:MM:SS` + `mark` + three digits. */
export function timestamp(ms, mark) {
  const whole = Math.max(0, Math.round(ms));
  const pad = (n, width = 2) => String(n).padStart(width, "0");
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor(whole / 60_000) % 60;
  const seconds = Math.floor(whole / 1000) % 60;
  return `${pad(hours)}:${pad(minutes)}:${pad(seconds)}${mark}${pad(whole % 1000, 3)}`;
}

/** The chosen texts of one chunk, in reading order; empty ones left out. */
function texts(chunk, languages) {
  const wanted = {
    target: [chunk.text], source: [chunk.source], both: [chunk.text, chunk.source],
  }[languages];
  return wanted.map((text) => text.replace(/\s+/g, " ").trim()).filter(Boolean);
}

/** Lines of at most `LINE_WIDTH`, broken at spaces, or anywhere between Chinese characters. */
export function wrapped(text) {
  const pieces = text.match(/[\u3000-\u9fff\uff00-\uffef]|[^\s\u3000-\u9fff\uff00-\uffef]+\s*|\s+/g);
  const lines = [];
  let line = "";
  let width = 0;
  for (const piece of pieces ?? []) {
    const wide = /^[\u3000-\u9fff\uff00-\uffef]$/.test(piece);
    const size = wide ? 2 : piece.trimEnd().length;
    const punctuation = /^[，。、；：？！）」』”,.;:?!)]/.test(piece);
    if (line && width + size > LINE_WIDTH && !punctuation) {
      lines.push(line.trimEnd());
      line = "";
      width = 0;
    }
    line += piece;
    width += wide ? 2 : piece.length;
  }
  if (line.trim()) lines.push(line.trimEnd());
  return lines;
}

/** Cues `{startMs, endMs, lines}`: ordered, not overlapping, never empty. */
export function cues(chunks, languages) {
  const list = [];
  let before = 0;
  for (const chunk of chunks) {
    const lines = texts(chunk, languages).flatMap(wrapped);
    if (!lines.length) continue;
    const startMs = Math.max(before, Math.round(chunk.startMs));
    const endMs = Math.max(startMs + MIN_CUE_MS, Math.round(chunk.endMs));
    list.push({ startMs, endMs, lines });
    before = endMs;
  }
  return list;
}

export function toSrt(chunks, languages) {
  return cues(chunks, languages)
    .map(({ startMs, endMs, lines }, index) =>
      `${index + 1}\n${timestamp(startMs, ",")} --> ${timestamp(endMs, ",")}\n${lines.join("\n")}\n`)
    .join("\n");
}

export function toVtt(chunks, languages) {
  const escape = (line) =>
    line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const body = cues(chunks, languages).map(({ startMs, endMs, lines }) =>
    `${timestamp(startMs, ".")} --> ${timestamp(endMs, ".")}\n${lines.map(escape).join("\n")}\n`);
  return ["WEBVTT\n", ...body].join("\n");
}

/** Paragraphs as they stand on the page, a blank line between them. */
export function toTxt(chunks, languages) {
  const paragraphs = new Map();
  for (const chunk of chunks) {
    const held = paragraphs.get(chunk.paragraph) ?? { target: "", source: "" };
    held.target += joined(held.target, chunk.text.trim());
    held.source += joined(held.source, chunk.source.trim());
    paragraphs.set(chunk.paragraph, held);
  }
  const keys = { target: ["target"], source: ["source"], both: ["target", "source"] }[languages];
  const blocks = [...paragraphs.values()]
    .map((held) => keys.map((key) => held[key]).filter(Boolean).join("\n"))
    .filter(Boolean);
  return blocks.length ? `${blocks.join("\n\n")}\n` : "";
}

export function toJson(chunks, languages) {
  const rows = chunks.map((chunk) => ({
    start_ms: Math.round(chunk.startMs),
    end_ms: Math.round(chunk.endMs),
    ...(languages !== "source" && { translation: chunk.text }),
    ...(languages !== "target" && { source: chunk.source }),
    lag_ms: chunk.lagMs,
    ...(chunk.terms.length && { terms: chunk.terms }),
    ...(chunk.cut && { cut_off: true }),
  }));
  return `${JSON.stringify({ format: "tongchuan-captions", version: 1, chunks: rows }, null, 2)}\n`;
}

/** A file name that sorts by time: `tongchuan-20260131-0915.srt` (local time). */
export function fileName(extension, now = new Date()) {
  const pad = (n) => String(n).padStart(2, "0");
  const day = `${now.getFullYear()}${pad(now.getMonth() + 1)}${pad(now.getDate())}`;
  return `tongchuan-${day}-${pad(now.getHours())}${pad(now.getMinutes())}.${extension}`;
}
