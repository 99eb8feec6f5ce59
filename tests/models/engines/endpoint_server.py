"""A small OpenAI-compatible server on a loopback socket that does as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """Answers each path with the next of its replies; the last of them stays.

    most: how many requests were answered at the same time at most.
    """

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    url: str = ""
    running: int = 0
    most: int = 0

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """What was sent to `path`."""
        return [body for where, body in self.requests if where == path]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ", 2)[1].removeprefix("/v1/")
            length = next(
                (int(line.split(":")[1]) for line in head.lower().splitlines()
                 if line.startswith("content-length:")), 0,
            )  # fmt: skip
            body = json.loads(await reader.readexactly(length)) if length else {}
            self.requests.append((path, body))
            self.headers.append(head)
            self.running += 1
            self.most = max(self.most, self.running)
            try:
                replies = self.replies[path]
                await (replies.pop(0) if len(replies) > 1 else replies[0])(writer)
            finally:
                self.running -= 1
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the client left, as some tests have it
        finally:
            writer.close()


@asynccontextmanager
async def served(**replies: list[Reply]) -> AsyncIterator[Server]:
    """A server whose paths are `models`, `chat` (completions) and `completions`."""
    server = Server({name.replace("chat", "chat/completions"): r for name, r in replies.items()})
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.get_running_loop().create_task(server.handle(reader, writer)))

    listener = await asyncio.start_server(connected, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.wait_closed()


def answer(status: int, body: object) -> Reply:
    """A whole JSON answer."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode()
            + data
        )
        await writer.drain()

    return reply


def event(text: str) -> str:
    """One streamed piece of text, as a server-sent event."""
    return "data: " + json.dumps({"choices": [{"delta": {"content": text}}]})


def stream(*lines: str | asyncio.Event, whole: bool = True, pause: bool = False) -> Reply:
    """A chunked event stream of `lines`; an Event among them is waited for.

    whole: whether the answer is ended properly. pause: give others a turn between lines.
    """

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        for line in lines:
            if isinstance(line, asyncio.Event):
                await writer.drain()
                await line.wait()
                continue
            data = f"{line}\n\n".encode()
            writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            await writer.drain()
            if pause:
                await asyncio.sleep(0.01)
        if whole:
            writer.write(b"0\r\n\r\n")
        await writer.drain()

    return reply


def told(*texts: str) -> Reply:
    """A good answer in pieces."""
    return stream(*(event(text) for text in texts), "data: [DONE]")
