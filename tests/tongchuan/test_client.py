"""The client against our server: sessions as they should be, and as people make them."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from models.errors import AudioFormatError, EngineError
from tests.fakes import FakeBackend, FakePlan
from tests.server.live import Live, eventually, live
from tests.tongchuan.received import chunks, into, rest
from tests.tongchuan.sounds import tone
from tongchuan import (
    ErrorEvent,
    Event,
    Flushed,
    Interpreter,
    SessionEnded,
    SpeechStarted,
    Term,
    TranslationDelta,
    TranslationPreview,
)
from tongchuan.errors import (
    ConnectError,
    ConnectionLostError,
    ServerFullError,
    SessionFailedError,
    SessionRefusedError,
    SessionStateError,
)


def address(server: Live) -> str:
    return f"ws://127.0.0.1:{server.port}"


async def flood(session: Interpreter) -> None:
    """Much audio at once."""
    for _ in range(100):
        await session.send(tone(1.0))
        await asyncio.sleep(0)
    await session.end()
    await rest(session)


async def broken_off(session: Interpreter) -> None:
    """A block that fails."""
    async with session:
        await session.send(tone(0.5))
        raise ZeroDivisionError


async def test_a_session_from_sound_to_text() -> None:
    async with live() as server:
        terms: list[Term | tuple[str, str]] = [
            Term("同传", "Tongchuan", "a name"),
            ("你好", "hello"),
        ]
        async with Interpreter(address(server), terms=terms, context="a talk") as session:
            assert session.started.limits.max_frame_bytes > 0
            assert (session.started.source, session.started.target) == ("zh", "en")
            await session.send(tone(0.5))
            await session.end()
            events = await rest(session)
        assert [event.seq for event in events] == list(range(2, len(events) + 2))
        assert isinstance(events[-1], SessionEnded)
        assert [chunk.chunk for chunk in chunks(events)] == [1, 2, 3]
        deltas = [e.delta for e in events if isinstance(e, TranslationDelta) and e.chunk == 1]
        assert "".join(deltas) == chunks(events)[0].translation
        assert chunks(events)[0].terms == (Term("同传", "Tongchuan"),)
        spec = server.backend.specs[0]
        assert (spec.context, spec.terms[0].note, spec.terms[1].source) == (
            "a talk",
            "a name",
            "你好",
        )
        await server.empty()


@pytest.mark.parametrize(
    ("encoding", "channels", "data"),
    [
        ("pcm_s16le", 1, tone(0.3)),
        ("pcm_s16le", 2, tone(0.3, channels=2)),
        ("pcm_s16le", 1, (tone(0.3) * 32767).astype(np.int16)),
        ("pcm_s16le", 1, memoryview((tone(0.3) * 32767).astype("<i2").tobytes())),
        ("pcm_f32le", 1, tone(0.3).astype(np.float64)),
        ("pcm_f32le", 1, bytearray(tone(0.3).tobytes())),
        ("mulaw", 1, np.full(4800, 0x10, np.uint8)),
        ("alaw", 1, bytes([0x10, 0x90] * 2400)),
    ],
)
async def test_every_kind_of_samples(encoding: str, channels: int, data: object) -> None:
    async with live() as server:
        async with Interpreter(address(server), encoding=encoding, channels=channels) as session:
            await session.send(data)  # type: ignore[arg-type]
            await session.end()
            events = await rest(session)
        ended = events[-1]
        assert isinstance(ended, SessionEnded)
        assert ended.audio_ms == 300
        assert server.backend.interpreters[0].heard_samples == 4800


async def test_audio_is_cut_into_frames_that_the_server_takes() -> None:
    async with live(limits={"max_frame_bytes": 1024}) as server:
        async with Interpreter(address(server)) as session:
            await session.send(tone(0.5))
            await session.end()
            await rest(session)
        heard = np.concatenate(server.backend.interpreters[0].heard)
        assert np.allclose(heard, tone(0.5), atol=1e-3)


async def test_flush_returns_once_all_is_committed() -> None:
    async with live() as server, Interpreter(address(server)) as session:
        await session.send(tone(0.3))
        await session.flush()
        await session.send(tone(0.1))
        await session.flush("mine")
        await session.end()
        events = await rest(session)
        markers = [(i, e.marker) for i, e in enumerate(events) if isinstance(e, Flushed)]
        assert [marker for _i, marker in markers] == ["flush-1", "mine"]
        assert len(chunks(events[: markers[0][0]])) == 2
        assert len(chunks(events)) == 3


async def test_previews_can_be_left_out() -> None:
    async with live() as server:
        for wanted in (True, False):
            async with Interpreter(address(server), previews=wanted) as session:
                await session.send(tone(0.3))
                await session.end()
                events = await rest(session)
            assert any(isinstance(e, TranslationPreview) for e in events) == wanted
            assert any(isinstance(e, SpeechStarted) for e in events)


async def test_one_task_sends_while_another_reads() -> None:
    async with live() as server, Interpreter(address(server)) as session:
        got: list[Event] = []

        async with asyncio.TaskGroup() as group:
            group.create_task(into(got, session))
            for number in range(1, 6):
                await session.send(tone(0.2))
                await eventually(lambda: len(chunks(got)) >= number)  # noqa: B023
            await session.end()
        assert len(chunks(got)) == 5


async def test_a_full_server_says_when_to_come_back() -> None:
    async with live(max_sessions=1) as server, Interpreter(address(server)):
        with pytest.raises(ServerFullError) as caught:
            async with Interpreter(address(server)):
                pytest.fail("opened")
        assert caught.value.retry_after_s is not None
        assert caught.value.retry_after_s > 0


async def test_a_key_is_asked_for_and_taken() -> None:
    async with live(api_key="secret-key-1") as server:
        with pytest.raises(SessionRefusedError, match="key") as caught:
            async with Interpreter(address(server), api_key="wrong-key-12"):
                pytest.fail("opened")
        assert caught.value.code == "unauthorised"
        async with Interpreter(address(server), api_key="secret-key-1") as session:
            assert session.started.session_id


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"source": "xx"}, "source"), ({"source": "en"}, "target"), ({"terms": [("a", "")]}, "terms")],
)
async def test_a_refusal_names_the_field(arguments: dict[str, object], words: str) -> None:
    async with live() as server:
        with pytest.raises(SessionRefusedError, match=words):
            async with Interpreter(address(server), **arguments):  # type: ignore[arg-type]
                pytest.fail("opened")


def test_a_format_that_no_server_takes_is_told_before_connecting() -> None:
    with pytest.raises(AudioFormatError, match="8000"):
        Interpreter("ws://localhost", sample_rate=96_000)


async def test_audio_far_too_fast_ends_the_session_after_what_was_owed() -> None:
    plan = FakePlan()
    async with live(FakeBackend(plan), limits={"max_buffer_s": 1.0}) as server:
        async with Interpreter(address(server)) as session:
            with pytest.raises(SessionFailedError) as caught:
                await flood(session)
            assert caught.value.code in ("too_fast", "4429")
        await server.empty()


async def test_an_engine_that_fails_ends_the_session_with_its_reason() -> None:
    async with live(
        FakeBackend(FakePlan(fail_at=2, error=lambda: EngineError("out of luck")))
    ) as server:
        async with Interpreter(address(server)) as session:
            await session.send(tone(0.5))
            events: list[Event] = []
            with pytest.raises(SessionFailedError, match="out of luck"):
                await into(events, session)
            assert [chunk.chunk for chunk in chunks(events)] == [1]
            with pytest.raises(SessionFailedError):
                await session.send(tone(0.1))
        await server.empty()


async def test_a_lost_chunk_is_an_event_and_the_session_goes_on() -> None:
    async with live(FakeBackend(FakePlan(failures=frozenset({1})))) as server:
        async with Interpreter(address(server)) as session:
            await session.send(tone(0.5))
            await session.end()
            events = await rest(session)
        errors = [event for event in events if isinstance(event, ErrorEvent)]
        assert [error.fatal for error in errors] == [False]
        assert isinstance(events[-1], SessionEnded)


async def test_a_server_that_shuts_down_hands_over_what_is_owed() -> None:
    async with live() as server, Interpreter(address(server)) as session:
        await session.send(tone(0.3))
        await eventually(lambda: server.backend.interpreters[0].heard_samples)
        server.server.should_exit = True
        events: list[Event] = []
        with pytest.raises(ConnectionLostError) as caught:
            await into(events, session)
        assert caught.value.close_code == 1012
        assert len(chunks(events)) == 2


async def test_leaving_early_frees_the_session() -> None:
    async with live(FakeBackend(FakePlan(gate=asyncio.Event()))) as server:
        async with Interpreter(address(server)) as session:
            await session.send(tone(0.5))
            await eventually(lambda: server.backend.running)
        await server.empty()
        assert (server.backend.running, server.backend.cancelled) == (0, 1)


async def test_an_exception_in_the_block_passes_and_frees_the_session() -> None:
    async with live() as server:
        with pytest.raises(ZeroDivisionError):
            await broken_off(Interpreter(address(server)))
        await server.empty()


async def test_cancellation_frees_the_session() -> None:
    async with live() as server:
        entered = asyncio.Event()

        async def talk() -> None:
            async with Interpreter(address(server)) as session:
                entered.set()
                async for _event in session:
                    pass

        task = asyncio.ensure_future(talk())
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.empty()


async def test_who_never_reads_can_still_leave() -> None:
    async with live(FakeBackend(FakePlan(chunk_ms=20, padding="x" * 5000))) as server:
        async with Interpreter(address(server), max_events=8) as session:
            await session.send(tone(5.0))
        await server.empty()
        assert (server.backend.running, server.backend.cancelled) == (0, 1)


async def test_misuse_is_told() -> None:
    async with live() as server:
        session = Interpreter(address(server))
        with pytest.raises(SessionStateError, match="not open"):
            await session.send(b"")
        with pytest.raises(SessionStateError, match="not open"):
            _ = session.started
        async with session:
            await session.end()
            await session.end()
            with pytest.raises(SessionStateError, match="ended"):
                await session.send(tone(0.1))
            with pytest.raises(SessionStateError, match="ended"):
                await session.flush()
            await rest(session)
            assert [event async for event in session] == []
        with pytest.raises(SessionStateError, match="opens once"):
            await session.__aenter__()


async def test_nobody_listens(unused_tcp_port: int) -> None:
    with pytest.raises(ConnectError, match="tongchuan serve"):
        async with Interpreter(f"ws://127.0.0.1:{unused_tcp_port}"):
            pytest.fail("opened")


async def test_a_web_address_that_is_no_session() -> None:
    async with live() as server:
        with pytest.raises(ConnectError, match="/v1/interpret"):
            async with Interpreter(f"ws://127.0.0.1:{server.port}/healthz"):
                pytest.fail("opened")
