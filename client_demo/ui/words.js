/** What the page says when something is wrong: a title, what to do, and for whom it is urgent. */

const STAYS = "The captions so far are kept.";

const FAILURES = {
  // sources
  insecure: ["The microphone needs a secure page",
    "Browsers give sound only to pages opened over https, or on this machine as "
    + "http://localhost. Open the page that way, or play a file or the sample instead."],
  mic_refused: ["The microphone was refused",
    "Allow the microphone for this page (the icon beside the address), then start again. "
    + "A file or the sample works without it."],
  mic_missing: ["No microphone was found",
    "Plug one in or switch it on, choose it under Source, then start again."],
  mic_busy: ["The microphone is in use",
    "Another program holds it. Close that program, or choose another microphone."],
  mic_failed: ["The microphone did not start", "Choose another one, or reload the page."],
  tab_cancelled: ["Nothing was shared",
    "You closed the choice of tabs. Start again and pick the tab or window to listen to."],
  tab_silent: ["What you shared has no sound",
    "Start again, pick a tab, and switch on “Also share tab audio” in that dialog. "
    + "Whole windows share their sound on some systems only."],
  tab_unsupported: ["This browser cannot share a tab’s sound",
    "Use Chrome or Edge on a computer, or let the microphone listen to the loudspeaker."],
  tab_failed: ["The tab could not be shared", "Try another tab or window."],
  file_missing: ["No file was chosen", "Choose a recording first, or drop one on the page."],
  file_unreadable: ["This file cannot be played",
    "The browser does not know its format. WAV, MP3, M4A, OGG and FLAC are safe choices."],
  sample_missing: ["There is no sample on this server", "Choose another source."],
  sample_unreadable: ["The sample could not be loaded", "Choose another source, or reload."],
  audio_failed: ["The sound system did not start",
    "Reload the page. If it happens again, try another browser."],
  // the server
  full: ["The server is full", "Every interpreter is busy just now."],
  unreachable: ["The server cannot be reached",
    "Check that it runs and that the network is up; the page keeps trying."],
  lost: ["The connection was lost", `${STAYS} Reconnect to go on in the same list.`],
  stalled: ["The network is too slow",
    `More than 15 seconds of sound were waiting to be sent. ${STAYS} `
    + "Reconnect when the network is better."],
  draining: ["The server is restarting", `${STAYS} Reconnect in a moment to go on.`],
  overloaded: ["The server could not keep up",
    `It is too busy to go on with this session. ${STAYS} Reconnect in a moment.`],
  silent: ["The session was closed for silence",
    `No sound reached the server for too long. ${STAYS} Reconnect when the speaker goes on.`],
  too_fast: ["The sound came faster than it can be heard", `${STAYS} Reconnect to go on.`],
  frame_too_big: ["The server refused the sound", "Reload the page; it may be out of date."],
  contract: ["The server did not understand this page", "Reload the page; it may be out of date."],
  unauthorised: ["This server asks for a key",
    "Write it under Setup, then start again. Whoever runs the server can tell you."],
  refused: ["The server refused", "Change the settings named below and start again."],
};

/** `{title, text, detail}` for an outcome `{reason, message}`. Unknown reasons read as "lost". */
export function failureWords({ reason, message }) {
  const [title, text] = FAILURES[reason] ?? FAILURES.lost;
  // What browsers say about devices, and the server about being full, adds nothing to our words.
  const known = /^(mic_|tab_|insecure$|full$)/.test(reason);
  return { title, text, detail: known ? "" : message ?? "" };
}

/** Reasons that `failureWords` knows. */
export const REASONS = Object.keys(FAILURES);

const NOTICES = {
  previews_paused: "The server is busy: previews pause, captions go on.",
  lagging: "The server is behind; captions come later than usual.",
  draining: "The server is about to restart. What was said until now is being finished.",
};

/** One line for a `notice` or a non-fatal `error` of the wire. */
export function noticeWords({ code, message }) {
  return NOTICES[code] ?? sentence(message ?? String(code));
}

/** Codes of notices and errors that are about the session's glossaries. */
export const ABOUT_GLOSSARIES = ["unknown_glossary", "glossary_unusable", "glossary_deleted"];

const CATALOGUES = {
  none: "This server keeps no glossaries.",
  locked: "The glossaries of this server need its key: write it under Setup.",
  away: "The glossaries cannot be had just now; sessions go on without them.",
};

/** One line for a `Catalogue`; "" when there is a list to look at. */
export function catalogueWords({ state, reason, glossaries }) {
  if (state === "ready" && !glossaries.length) return "There is none yet.";
  const why = state === "away" && reason ? ` ${sentence(reason)}` : "";
  return (CATALOGUES[state] ?? "") + why;
}

const REQUESTS = {
  401: CATALOGUES.locked,
  412: "Somebody else changed this glossary meanwhile. It is read again, and yours was not kept.",
};

/** One line for a `GlossaryError`. */
export function requestWords({ status, message }) {
  return REQUESTS[status] ?? sentence(message);
}

/** What is wrong with a row: `{field, reason}`. */
export function rowWords({ field, reason }) {
  return `${field} ${reason}`.trim();
}

/** The server's words as a sentence. */
export function sentence(words) {
  const text = words.trim();
  return text && text[0].toUpperCase() + text.slice(1) + (/[.!?…]$/.test(text) ? "" : ".");
}

export const PHASES = {
  warming: "Models are warming up",
  unready: "Server not ready",
  unreachable: "Server not reachable",
  idle: "Ready",
  preparing: "Waiting for permission",
  connecting: "Connecting",
  waiting: "Server is full",
  live: "Live",
  ending: "Finishing the last sentence",
  broken: "Connection lost",
};
