/** Wires the page: who tells whom. State lives in `Run` and `Captions`; here are only wires. */

import { Captions } from "./captions/captions.js";
import { Catalogue } from "./glossaries/catalogue.js";
import { GlossaryClient } from "./glossaries/client.js";
import { Readiness } from "./protocol/readiness.js";
import { BACKLOG_WARN_S } from "./protocol/session.js";
import { Run } from "./run.js";
import { Settings } from "./settings.js";
import { Banner } from "./ui/banner.js";
import { CaptionsView, clock } from "./ui/captionsview.js";
import { GlossaryDialog } from "./ui/glossarydialog.js";
import { listenToKeys } from "./ui/keyboard.js";
import { LagView } from "./ui/lag.js";
import { LargeView } from "./ui/large.js";
import { Panel } from "./ui/panel.js";
import { Reading } from "./ui/reading.js";
import { StatusView } from "./ui/status.js";
import { UsedTerms } from "./ui/usedterms.js";
import { ABOUT_GLOSSARIES, failureWords, noticeWords } from "./ui/words.js";

const $ = (id) => document.getElementById(id);

/** Browsers cannot set headers on a WebSocket, so a key travels in the address. */
function socketAddress(key) {
  const url = new URL("v1/interpret", document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  if (key) url.searchParams.set("access_token", key);
  return url.href;
}

const settings = new Settings();
const captions = new Captions();
const banner = new Banner({
  box: $("banner"), title: $("banner-title"), text: $("banner-text"), detail: $("banner-detail"),
  act: $("banner-act"), close: $("banner-close"), notice: $("notice"),
});
const reading = new Reading(captions, settings, (words) => banner.notice(words));
const view = new CaptionsView(captions, {
  list: $("captions"), scroller: $("scroller"), toLive: $("to-live"), spoken: $("spoken"),
});
const lag = new LagView({ output: $("lag-now"), plot: $("lag-plot") });
const large = new LargeView(captions, {
  dialog: $("large"), target: $("large-target"), source: $("large-source"),
}, () => $("large-open").focus());
const status = new StatusView();
const used = new UsedTerms(captions, {
  button: $("used-open"), card: $("used"), list: $("used-list"),
});
const client = new GlossaryClient(() => panel.key);
const catalogue = new Catalogue(client);
const panel = new Panel(settings, catalogue, (direction) => status.direction(direction));
const glossaries = new GlossaryDialog(client, catalogue, () => panel.direction);
const readiness = new Readiness((answer) => {
  status.readiness(answer);
  if (answer.state === "ready" && catalogue.state === "away") catalogue.load();
  if (answer.state === "ready" && banner.reason === "unreachable") banner.hide();
});
const run = new Run(captions, {
  phase: onPhase,
  event: onEvent,
  level: (level) => status.level(level),
  backlog: onBacklog,
  fault: (words) => banner.notice(words),
  failure: onFailure,
  summary: onSummary,
  waiting: onWaiting,
}, () => socketAddress(panel.key));

let restarts = 0;
let wakeLock = null;

function onPhase(phase) {
  status.phase(phase);
  panel.lock(phase !== "idle");
  if (phase === "preparing" || phase === "connecting" || phase === "live") banner.hide();
  if (phase === "connecting") panel.refreshDevices();
  if (phase === "live") {
    view.beginSegment(restarts > 0 ? "Reconnected" : captions.chunks.length ? "New session" : "");
    restarts += 1;
    $("welcome").hidden = true;
    openSetup(false);
    keepAwake();
  }
  if (phase === "idle") {
    restarts = 0;
    status.level({ rms: 0, peak: 0 });
    status.playing(null);
    banner.unnotice("backlog");
    wakeLock?.release();
    wakeLock = null;
    if (!captions.chunks.length) {
      $("welcome").hidden = false;
      openSetup(true);
    }
  }
}

function onEvent(event, change) {
  view.show(change);
  large.draw();
  if (event.type === "chunk.final") lag.add(event.lag_ms);
  if (change.kind === "final") used.add(change.chunk);
  if (event.type === "notice" || (event.type === "error" && !event.fatal)) onNotice(event);
  if (captions.chunks.length) reading.enable(true);
}

function onNotice(event) {
  const glossary = ABOUT_GLOSSARIES.includes(event.code);
  banner.notice(noticeWords(event), glossary ? { key: "glossaries", joins: true } : {});
  if (glossary && catalogue.state !== "unknown") catalogue.load();
}

function onBacklog(seconds) {
  if (seconds > BACKLOG_WARN_S) {
    const words = `The network is slow: ${Math.round(seconds)} s of sound wait to be sent.`;
    banner.notice(words, { key: "backlog", stays: true });
  } else {
    banner.unnotice("backlog");
  }
}

function onFailure(outcome) {
  const resume = { label: "Reconnect", run: () => run.retry() };
  const again = { label: "Try again", run: () => begin() };
  banner.show(failureWords(outcome), outcome.resumable ? resume : again,
    outcome.resumable ? { label: "Finish here", run: () => finish() } : {});
  banner.reason = outcome.reason;
  if (outcome.reason === "unauthorised") {
    openSetup(true);
    panel.askKey();
  }
  if (["unreachable", "draining", "lost"].includes(outcome.reason)) readiness.watch();
}

function onWaiting(outcome) {
  const words = failureWords(outcome);
  banner.show({ ...words, text: `${words.text} Your place is tried again by itself.` },
    { label: "Try now", run: () => run.retry() }, { label: "Give up", run: () => finish() });
  banner.countdown(outcome.seconds, (left) => `Try now (${left} s)`);
}

function onSummary({ chunks, lag_ms: delays }) {
  const middle = delays?.p50;
  const delay = Number.isFinite(middle) ? `, middle delay ${(middle / 1000).toFixed(1)} s` : "";
  banner.notice(`Finished: ${chunks ?? captions.chunks.length} pieces${delay}.`);
}

function finish() {
  banner.hide();
  run.stop();
}

async function begin() {
  banner.hide();
  let source;
  try {
    source = panel.makeSource();
  } catch (error) {
    onFailure({ reason: error.reason ?? "audio_failed", message: error.message });
    return;
  }
  await run.start(source, panel.request);
}

function startOrStop() {
  if ($("start").disabled) return;
  if (run.phase === "idle") begin();
  else finish();
}

function openSetup(open) {
  document.body.classList.toggle("setup-open", open);
  $("setup-toggle").ariaExpanded = String(open);
  $("setup-toggle").ariaPressed = String(open);
}

function clear() {
  if (run.phase !== "idle") {
    banner.notice("Stop first, then clear.");
    return;
  }
  captions.clear();
  view.clear();
  lag.clear();
  used.clear();
  run.reset();
  reading.enable(false);
  $("welcome").hidden = false;
  openSetup(true);
}

/** A phone that falls asleep stops listening. Where this is not possible, nothing is lost. */
async function keepAwake() {
  try {
    wakeLock = await navigator.wakeLock?.request("screen");
  } catch {
    wakeLock = null;
  }
}

function toggleLarge() {
  if (large.isOpen) large.close();
  else large.open();
}

$("start").addEventListener("click", startOrStop);
$("clear").addEventListener("click", clear);
$("setup-toggle").addEventListener("click", () =>
  openSetup(!document.body.classList.contains("setup-open")));
$("large-open").addEventListener("click", toggleLarge);
$("large-close").addEventListener("click", () => large.close());
for (const id of ["glossaries-open", "glossaries-edit"]) {
  $(id).addEventListener("click", () => glossaries.open());
}
$("key").addEventListener("change", () => catalogue.state === "locked" && catalogue.load());
catalogue.watch(() => catalogue.state === "locked" && panel.askKey({ focus: false }));
$("help-open").addEventListener("click", () => $("help").showModal());
$("help-close").addEventListener("click", () => $("help").close());
$("mute").addEventListener("click", () => status.toggleMute(run.source));

listenToKeys({
  " ": startOrStop,
  Enter: startOrStop,
  l: toggleLarge,
  s: () => { reading.toggleSource(); large.draw(); },
  "+": () => reading.resize(1, large.isOpen ? "largeSize" : "size"),
  "=": () => reading.resize(1, large.isOpen ? "largeSize" : "size"),
  "-": () => reading.resize(-1, large.isOpen ? "largeSize" : "size"),
  End: () => view.jumpToLive(),
  "?": () => $("help").showModal(),
  Escape: () => reading.closeSave({ focus: true }) || used.close({ focus: true }),
}, () => large.isOpen);

addEventListener("beforeunload", (event) => {
  if (run.phase !== "idle") event.preventDefault();
});

setInterval(() => {
  $("elapsed").textContent = clock(run.elapsedMs);
  if (run.phase === "live") status.playing(run.source);
}, 250);

reading.enable(false);
openSetup(true);
readiness.watch();
