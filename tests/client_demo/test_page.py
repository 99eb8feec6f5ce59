"""The page in Chromium against a scripted server: what a reader sees, also when things go wrong."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.client_demo.scripted import Script, chunk_events
from tests.client_demo.visit import Visit

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]

TALK = [
    ("今天我们谈谈天气。", "Today we talk about the weather."),
    ("嗯，", ""),
    ("明天会下雨，", "Tomorrow it will rain,"),
    ("请带伞。", "so please bring an umbrella & stay <dry>."),
]


@pytest.fixture
def talk(script: Script) -> Script:
    """A script that says all of `TALK`, then begins a chunk that it does not finish."""
    for number, (source, translation) in enumerate(TALK, start=1):
        start_ms = (number - 1) * 300
        script.says += chunk_events(number, source, translation, start_ms, start_ms + 300)
    script.says += [
        (1300, {"type": "transcript.partial", "text": "最后", "start_ms": 1200, "end_ms": 1300}),
        (1300, {"type": "translation.delta", "chunk": 5, "delta": "And fin"}),
        (1300, {"type": "translation.preview", "text": "And finally a guess"}),
    ]
    return script


@pytest.mark.usefixtures("talk")
def test_captions_grow_from_the_microphone(scripted: str, visit: Open) -> None:
    page = visit(scripted).start()
    texts = page.chunks(4)
    assert texts[:4] == [translation for _, translation in TALK]
    page.page.wait_for_selector(".chunk.growing")
    page.page.wait_for_selector("text=ally a guess")
    assert page.page.inner_text("#captions .preview").strip() == "ally a guess"
    assert "最后" in page.page.inner_text("#captions .heard")
    assert page.page.inner_text("#lag-now") == "1.8 s"
    assert page.page.locator("#lag-plot rect").count() == 4
    assert page.page.evaluate("document.querySelector('#meter').ariaValueNow") is not None
    assert page.revisions() == []


def test_the_start_message_holds_what_was_set_up(scripted: str, talk: Script, visit: Open) -> None:
    page = visit(scripted).ready()
    page.page.click("#terms-box summary")
    page.page.click("#term-paste")
    page.page.fill("#paste", "伞 = umbrella\n天气\tweather\nnothing\n")
    page.page.click("#paste-take")
    assert "2 taken, 1 line" in page.page.inner_text("#paste-said")
    page.page.click("#context-box summary")
    page.page.fill("#context", "The forecast")
    page.page.check("[name=direction][value=auto-en]", force=True)
    page.start().chunks(1)
    start = talk.starts[0]
    assert start["source"] == "auto"
    assert start["target"] == "en"
    assert start["terms"] == [
        {"source": "伞", "target": "umbrella"},
        {"source": "天气", "target": "weather"},
    ]
    assert start["context"] == "The forecast"
    assert start["audio"]["encoding"] == "pcm_s16le"
    assert 8000 <= start["audio"]["sample_rate"] <= 48000
    page.page.click("#start")
    page.state("idle")
    page.page.reload()
    assert page.page.locator("#terms .term").count() == 2, "terms are remembered"


def test_stopping_waits_for_the_last_sentence(scripted: str, script: Script, visit: Open) -> None:
    script.says = [
        (200, {"type": "translation.delta", "chunk": 1, "delta": "The last"}),
        (10**9, chunk_final := {"type": "chunk.final", "chunk": 1, "source": "最后"}),
    ]
    chunk_final |= {"translation": "The last", "start_ms": 0, "end_ms": 200, "lag_ms": 900}
    page = visit(scripted).start()
    page.page.wait_for_selector(".chunk.growing")
    page.page.click("#start")
    page.state("idle")
    assert page.chunks(1) == ["The last"]
    assert "最后" in page.page.inner_text("#captions .source")
    assert "Finished" in page.page.inner_text("#notice")
    assert page.page.locator(".chunk.cut").count() == 0


@pytest.mark.usefixtures("talk")
def test_downloads_hold_the_captions(scripted: str, visit: Open) -> None:
    page = visit(scripted).start()
    page.page.wait_for_selector(".chunk.growing")
    page.page.click("#start")
    page.state("idle")
    srt = page.download("srt", "both")
    blocks = [block.split("\n") for block in srt.strip().split("\n\n")]
    assert [block[0] for block in blocks] == [str(n + 1) for n in range(len(blocks))]
    times = [
        re.fullmatch(r"(\d\d:\d\d:\d\d,\d{3}) --> (\d\d:\d\d:\d\d,\d{3})", b[1]) for b in blocks
    ]
    ends = ""
    for match in times:
        assert match is not None
        assert ends <= match[1] < match[2], "cues are in order and do not overlap"
        ends = match[2]
    assert "Today we talk about the weather." in srt
    assert "今天我们谈谈天气。" in srt
    vtt = page.download("vtt")
    assert vtt.startswith("WEBVTT\n\n00:00:00.000 --> ")
    assert "umbrella &amp; stay &lt;dry&gt;." in " ".join(vtt.split())
    assert "今天" not in vtt
    text = page.download("txt", "source")
    assert text.startswith("今天我们谈谈天气。")
    assert '"lag_ms": 1800' in page.download("json", "both")


def test_a_refused_microphone_says_so(scripted: str, visit: Open) -> None:
    page = visit(scripted, microphone="denied").start()
    words = page.banner()
    assert "The microphone was refused" in words
    assert "Allow the microphone" in words
    page.state("idle")
    assert page.page.get_by_role("button", name="Try again").is_visible()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotFoundError", "No microphone was found"),
        ("NotReadableError", "The microphone is in use"),
    ],
)
def test_a_microphone_that_fails_says_why(
    scripted: str, visit: Open, error: str, words: str
) -> None:
    page = visit(scripted).ready()
    page.page.evaluate(
        "name => { navigator.mediaDevices.getUserMedia = async () => {"
        " throw new DOMException('no', name); }; }",
        error,
    )
    page.start()
    assert words in page.banner()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("throw new DOMException('no', 'NotAllowedError')", "Nothing was shared"),
        ("return document.createElement('canvas').captureStream()", "What you shared has no sound"),
    ],
)
def test_a_tab_without_sound_says_so(scripted: str, visit: Open, answer: str, words: str) -> None:
    page = visit(scripted).ready()
    page.page.evaluate(
        f"() => {{ navigator.mediaDevices.getDisplayMedia = async () => {{ {answer}; }}; }}"
    )
    page.page.check("[name=kind][value=tab]", force=True)
    page.start()
    assert words in page.banner()


def test_an_insecure_page_says_so(scripted: str, visit: Open) -> None:
    page = visit(scripted).ready()
    page.page.evaluate(
        "() => Object.defineProperty(navigator, 'mediaDevices', { value: undefined })"
    )
    page.start()
    assert "needs a secure page" in page.banner()


def test_a_full_server_counts_down_and_is_tried_again(
    scripted: str, talk: Script, visit: Open
) -> None:
    full = {"code": "no_free_slot", "message": "all slots are taken", "retry_after_s": 2}
    talk.refusals = [(full, 1013)]
    page = visit(scripted).start()
    words = page.banner()
    assert "The server is full" in words
    assert re.search(r"Try now \([12] s\)", words)
    page.chunks(1)
    assert len(talk.starts) == 2
    assert page.page.is_hidden("#banner")


def test_a_full_server_can_be_given_up(scripted: str, script: Script, visit: Open) -> None:
    full = {"code": "no_free_slot", "message": "all slots are taken", "retry_after_s": 60}
    script.refusals = [(full, 1013)]
    page = visit(scripted).start()
    page.banner()
    page.page.get_by_role("button", name="Give up").click()
    page.state("idle")
    assert len(script.starts) == 1


def test_a_lost_connection_keeps_the_captions_and_goes_on(
    scripted: str, talk: Script, visit: Open
) -> None:
    talk.closes_at_ms = 1400
    page = visit(scripted).start()
    words = page.banner()
    assert "The connection was lost" in words
    page.state("broken")
    before = page.captions()
    assert before[:4] == [translation for _, translation in TALK]
    assert before[4] == "And fin", "what was committed stays, also in the middle of a chunk"
    assert page.page.locator(".preview").count() == 0
    talk.closes_at_ms = None
    page.page.get_by_role("button", name="Reconnect").click()
    texts = page.chunks(9)
    assert texts[:5] == before
    assert texts[5:9] == [translation for _, translation in TALK]
    assert page.page.get_by_text("Reconnected").is_visible()
    starts = re.findall(r"(\S+) --> ", page.download("srt"))
    assert starts == sorted(starts)
    assert page.revisions() == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1012, "The server is restarting"),
        (4408, "closed for silence"),
        (4429, "faster than it can be heard"),
        (1013, "could not keep up"),
    ],
)
def test_every_way_of_closing_has_its_words(
    scripted: str, talk: Script, visit: Open, code: int, words: str
) -> None:
    talk.closes_at_ms, talk.close_code = 400, code
    page = visit(scripted).start()
    assert words in page.banner()
    assert page.page.get_by_role("button", name="Reconnect").is_visible()


def test_a_refused_start_shows_the_servers_reason(
    scripted: str, script: Script, visit: Open
) -> None:
    error = {"code": "bad_field", "message": "field 'context': at most 4000 characters"}
    script.refusals = [(error, 4400)]
    page = visit(scripted).start()
    assert "at most 4000 characters" in page.banner()
    page.state("idle")


def test_a_server_with_a_key_asks_for_it(scripted: str, script: Script, visit: Open) -> None:
    script.refusals = [({"code": "unauthorised", "message": "the key is missing"}, 4401)]
    page = visit(scripted).start()
    assert "asks for a key" in page.banner()
    page.page.fill("#key", "a secret")
    page.start()
    page.state("live")
    assert script.queries[-1] == "access_token=a+secret"


def test_the_page_waits_for_the_models(scripted: str, script: Script, visit: Open) -> None:
    script.ready = False
    page = visit(scripted, allowed=["503"])
    page.state("warming")
    assert "warming up" in page.page.inner_text("#state")
    assert page.page.is_disabled("#start")
    script.ready = True
    page.ready()


def test_notices_are_shown(scripted: str, script: Script, visit: Open) -> None:
    notice = {"type": "notice", "code": "previews_paused", "message": "busy"}
    script.says = [(100, notice)]
    page = visit(scripted).start()
    notice_shown = page.page.wait_for_selector("#notice:has-text('previews pause')")
    assert notice_shown is not None
    assert notice_shown.is_visible()


def test_a_slow_network_warns_and_then_ends_the_session(
    scripted: str, script: Script, visit: Open
) -> None:
    page = visit(scripted).ready()
    page.page.evaluate(
        "() => { globalThis.waiting = 0; Object.defineProperty(WebSocket.prototype,"
        " 'bufferedAmount', { get: () => globalThis.waiting }); }"
    )
    page.start()
    page.state("live")
    page.page.evaluate("() => { globalThis.waiting = 5 * 32000; }")
    page.page.wait_for_selector("#notice:has-text('The network is slow')")
    page.page.evaluate("() => { globalThis.waiting = 0; }")
    page.page.wait_for_selector("#notice", state="hidden")
    page.page.evaluate("() => { globalThis.waiting = 100 * 32000; }")
    assert "The network is too slow" in page.banner()
    page.state("broken")
    assert script.starts


def test_a_server_that_changes_committed_text_is_not_followed(
    scripted: str, script: Script, visit: Open
) -> None:
    first, second = chunk_events(1, "好", "It is good.", 0, 200)[-3:-1]
    final = {"type": "chunk.final", "chunk": 1, "source": "好", "translation": "It was bad."}
    final |= {"start_ms": 0, "end_ms": 200, "lag_ms": 1, "terms": []}
    late = {"type": "translation.delta", "chunk": 1, "delta": " Or not."}
    script.says = [first, second, (200, final), (200, late)]
    page = visit(scripted).start()
    assert page.chunks(1) == ["It is good."]
    page.page.wait_for_selector("#notice:has-text('broke a promise')")
    assert page.revisions() == []


def test_scrolling_up_stops_the_following(scripted: str, script: Script, visit: Open) -> None:
    for number in range(1, 13):
        text = "A long sentence about the weather in the mountains and by the sea. "
        script.says += chunk_events(number, "天气。" * 9, text, number * 50, number * 50 + 50)
    page = visit(scripted, viewport={"width": 1000, "height": 500}).start()
    page.chunks(12)
    page.page.eval_on_selector("#scroller", "e => { e.scrollTop = 0; }")
    page.page.wait_for_selector("#to-live:visible")
    page.page.click("#to-live")
    page.page.wait_for_selector("#to-live", state="hidden")
    gap = page.page.eval_on_selector(
        "#scroller", "e => e.scrollHeight - e.scrollTop - e.clientHeight"
    )
    assert gap < 5
