"""The page's pure modules, run in Chromium: caption state, files, terms, the audio filter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.client_demo.scripted import Script, scripted_app, served
from tests.client_demo.visit import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

_REPLAY = """
(() => {
  const c = new m.Captions();
  const list = [];
  for (const [base, segment] of segments) {
    c.beginSegment({ source: "zh", target: "en", baseMs: base });
    for (const event of segment) list.push(c.apply(event));
    c.settle();
  }
  return { chunks: c.chunks, faults: list.map((change) => change.fault).filter(Boolean) };
})()
"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Visit]:
    """One page for all: the modules keep nothing."""
    with served(scripted_app(Script())) as address:
        visit = Visit.begin(browser, address, {})
        yield visit
        visit.leave()


def delta(chunk: int, text: str) -> dict[str, Any]:
    return {"type": "translation.delta", "chunk": chunk, "delta": text}


def final(chunk: int, translation: str, start_ms: int, end_ms: int) -> dict[str, Any]:
    times = {"start_ms": start_ms, "end_ms": end_ms, "lag_ms": 1000}
    return {
        "type": "chunk.final",
        "chunk": chunk,
        "source": f"源{chunk}。",
        "translation": translation,
        "terms": [],
        **times,
    }


def replay(page: Visit, *segments: tuple[int, list[dict[str, Any]]]) -> dict[str, Any]:
    result: dict[str, Any] = page.module(
        "captions/captions.js", _REPLAY, segments=[list(segment) for segment in segments]
    )
    return result


def test_deltas_only_append_and_times_add_the_base(page: Visit) -> None:
    events = [delta(1, "One "), delta(1, "thought."), final(1, "One thought.", 100, 900)]
    result = replay(page, (0, events), (5000, events))
    assert [chunk["text"] for chunk in result["chunks"]] == ["One thought."] * 2
    assert [(c["startMs"], c["endMs"]) for c in result["chunks"]] == [(100, 900), (5100, 5900)]
    assert result["faults"] == []


def test_broken_promises_are_told_and_shown_text_stays(page: Visit) -> None:
    events = [delta(1, "One."), final(1, "Two.", 0, 1), delta(1, "more"), final(1, "One.", 0, 1)]
    result = replay(page, (0, events))
    assert [chunk["text"] for chunk in result["chunks"]] == ["One."]
    assert len(result["faults"]) == 3


def test_a_session_that_breaks_off_leaves_its_words(page: Visit) -> None:
    result = replay(page, (0, [delta(1, "Half a")]), (2000, [final(1, "Whole.", 0, 500)]))
    assert [(c["text"], c["cut"]) for c in result["chunks"]] == [
        ("Half a", True),
        ("Whole.", False),
    ]


def test_paragraphs_break_at_sentences_and_sessions(page: Visit) -> None:
    sentence = "This sentence is neither short nor long, but two of them fill a paragraph."
    events = [final(n, sentence, n * 1000, n * 1000 + 900) for n in range(1, 5)]
    result = replay(page, (0, events), (9000, events[:1]))
    assert [chunk["paragraph"] for chunk in result["chunks"]] == [0, 0, 1, 1, 2]


def files(page: Visit, chunks: list[dict[str, Any]], languages: str) -> dict[str, str]:
    result: dict[str, str] = page.module(
        "captions/download.js",
        "Object.fromEntries(Object.entries(m.FORMATS)"
        ".map(([name, format]) => [name, format.make(chunks, languages)]))",
        chunks=chunks,
        languages=languages,
    )
    return result


def test_cues_never_overlap_whatever_the_times(page: Visit) -> None:
    events = [final(1, "a", 500, 400), final(2, "b", 100, 100), final(3, "", 100, 9000)]
    events += [final(4, "--> tricky\n\n<i>text</i>", 9000, 3_700_000)]
    chunks = replay(page, (0, events))["chunks"]
    made = files(page, chunks, "target")
    assert made["srt"] == (
        "1\n00:00:00,500 --> 00:00:01,200\na\n\n"
        "2\n00:00:01,200 --> 00:00:01,900\nb\n\n"
        "3\n00:00:09,000 --> 01:01:40,000\n--> tricky <i>text</i>\n"
    )
    assert "--&gt; tricky &lt;i&gt;text&lt;/i&gt;" in made["vtt"]
    assert len(json.loads(made["json"])["chunks"]) == 4
    assert files(page, chunks, "both")["txt"].count("源") == 4


def test_long_lines_are_wrapped_and_nothing_is_lost(page: Visit) -> None:
    for text in ("word " * 40, "长" * 100, "中文，mixed with English。" * 6, "x" * 100):
        lines = page.module("captions/download.js", "m.wrapped(text)", text=text.strip())
        assert "".join("".join(lines).split()) == "".join(text.split())
        wide = [sum(2 if ord(c) > 0x2FFF else 1 for c in line) for line in lines]
        assert all(width <= 44 for width in wide) or text == "x" * 100


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("大模型 = large language model", [("大模型", "large language model")]),
        ("甲\t A \n乙\tB", [("甲", "A"), ("乙", "B")]),
        ("source,target\n甲,A\n", [("甲", "A")]),
        ('"甲","A, or ""a"""', [("甲", 'A, or "a"')]),
        ("甲→A\r\n甲->B", [("甲", "B")]),
        ("\ufeff# a comment\n甲；A", [("甲", "A")]),
        ("no pair here\n= nothing", []),
    ],
)
def test_terms_are_read_as_people_write_them(
    page: Visit, text: str, pairs: list[tuple[str, str]]
) -> None:
    result = page.module("captions/terms.js", "m.parseTerms(text)", text=text)
    assert [(term["source"], term["target"]) for term in result["terms"]] == pairs


_GAIN = """
(() => {
  const d = new m.Decimator(factor);
  let peak = 0;
  let seen = 0;
  for (let i = 0; i < 48000; i += 1) {
    const y = d.push(Math.sin(2 * Math.PI * hz * i / 48000));
    if (y === null) continue;
    seen += 1;
    if (seen > 4000) peak = Math.max(peak, Math.abs(y));
  }
  return [seen, peak];
})()
"""


@pytest.mark.parametrize(
    ("hz", "passes"), [(100, True), (6000, True), (9500, False), (15000, False)]
)
def test_the_filter_keeps_speech_and_folds_nothing(page: Visit, hz: int, passes: bool) -> None:
    seen, peak = page.module("audio/decimate.js", _GAIN, factor=3, hz=hz)
    assert seen == 16000
    assert peak == pytest.approx(1, abs=0.02) if passes else peak < 0.002


def test_every_rate_becomes_one_the_server_takes(page: Visit) -> None:
    rates = [8000, 16000, 22050, 32000, 44100, 48000, 96000, 192000]
    factors = page.module("audio/decimate.js", "rates.map((r) => m.factorFor(r))", rates=rates)
    assert all(8000 <= rate / factor <= 48000 for rate, factor in zip(rates, factors, strict=True))


_CLOSING = """
(() => {
  const said = [];
  class Socket {
    constructor() { this.readyState = 1; this.bufferedAmount = 0; Socket.last = this; }
    send(data) { said.push(typeof data === "string" ? JSON.parse(data).type : data.byteLength); }
    close() { said.push("closed"); }
  }
  const done = [];
  const nothing = () => {};
  const s = new m.Session("ws://x", { audio: { sample_rate: 16000, channels: 1 } },
    { state: nothing, event: nothing, backlog: nothing, fault: nothing,
      done: (outcome) => done.push(outcome.reason) }, Socket);
  s.open();
  const early = s.sendAudio(new ArrayBuffer(4));
  Socket.last.onopen();
  const hear = (event) => Socket.last.onmessage({ data: JSON.stringify(event) });
  hear({ type: "session.started", seq: 1, limits: { max_frame_bytes: 6 } });
  const live = s.sendAudio(new ArrayBuffer(10));
  Socket.last.readyState = 2;
  const closing = s.sendAudio(new ArrayBuffer(4));
  const { onclose } = Socket.last;
  onclose({ code: 1012, reason: "" });
  onclose({ code: 1012, reason: "" });
  s.end();
  return { said, done, taken: [early, live, closing], sentMs: s.sentMs };
})()
"""


def test_a_session_sends_only_while_it_may_and_ends_once(page: Visit) -> None:
    result = page.module("protocol/session.js", _CLOSING)
    assert result["said"] == ["session.start", 6, 4, "closed"]
    assert result["taken"] == [False, True, False]
    assert result["done"] == ["draining"]
    assert result["sentMs"] == pytest.approx(10 / 32)


def test_every_failure_has_words(page: Visit) -> None:
    known = page.module("ui/words.js", "m.REASONS.map((reason) => m.failureWords({ reason }))")
    assert all(words["title"] and words["text"] for words in known)
