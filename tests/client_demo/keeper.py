"""A server that keeps glossaries, what somebody else does with them, and the page's dialog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from server.app import create_app
from server.config import load_settings
from server.serve import build
from tests.client_demo.scripted import running
from tests.client_demo.visit import Visit
from tests.fakes import FakeBackend

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload

REFUSALS = ["404", "409", "412", "422", "503"]
"""Answers that Chromium logs as errors; a visit that provokes one allows it."""

ENTRIES: list[dict[str, Any]] = [
    {
        "source": "马奎尔",
        "target": "Maguire",
        "note": "the footballer",
        "domain": "sports",
        "spoken": ["马亏尔", "麦奎尔"],
    },
    {"source": "同传", "target": "simultaneous interpretation"},
    {"source": "GPU", "target": "graphics processing unit", "domain": "computing"},
]


@dataclass
class Keeper:
    """A running server, and a client of its REST interface: the somebody else of a test."""

    address: str
    http: httpx.Client
    database: Path

    def ask(self, method: str, path: str = "", **options: Any) -> httpx.Response:
        """A request below /v1/glossaries that must succeed."""
        answer = self.http.request(method, f"/v1/glossaries{path}", **options)
        assert answer.is_success, answer.text
        return answer

    def make(
        self, name: str, *entries: dict[str, Any], source: str = "zh", target: str = "en"
    ) -> None:
        """A glossary with these entries."""
        languages = {"source_language": source, "target_language": target}
        self.ask("POST", json={"name": name, **languages})
        if entries:
            self.ask("POST", f"/{name}/entries", json={"entries": list(entries)})

    def entries(self, name: str) -> list[dict[str, Any]]:
        """All its entries, without their ids."""
        found = self.ask("GET", f"/{name}/entries", params={"limit": 1000}).json()["entries"]
        return [{key: value for key, value in entry.items() if key != "id"} for entry in found]

    def sources(self, name: str) -> list[str]:
        """The sources of all its entries."""
        return [entry["source"] for entry in self.entries(name)]

    def names(self) -> list[str]:
        """Of all glossaries."""
        return [one["name"] for one in self.ask("GET").json()["glossaries"]]


@contextmanager
def keeper(backend: FakeBackend, database: Path, **settings: Any) -> Iterator[Keeper]:
    """The project's own server until the block ends."""
    group = {"url": str(database), "refresh_s": 0.05}
    chosen = load_settings(host="127.0.0.1", port=0, max_sessions=1, glossaries=group, **settings)
    app = create_app(chosen, backend)
    with (
        running(build(app, chosen, configure_logging=False)) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=60) as http,
    ):
        yield Keeper(address, http, database)


class Room:
    """The page's dialog about glossaries."""

    def __init__(self, visit: Visit) -> None:
        self.page = visit.page
        self.page.click("#glossaries-open")
        self.page.wait_for_selector("#glossary-dialog[open]")

    def choose(self, name: str) -> Room:
        """Another glossary."""
        self.page.wait_for_selector(f"#glossary-choice option[value='{name}']", state="attached")
        self.page.select_option("#glossary-choice", name)
        return self

    def section(self, name: str) -> None:
        """`entries`, `upload` or `download`."""
        self.page.check(f"#glossary-dialog [name=section][value={name}]", force=True)

    def rows(self, words: str) -> list[str]:
        """Until the line below the list begins with `words`; the sources in the list."""
        self.page.wait_for_function(
            "words => document.querySelector('#glossary-range').textContent.startsWith(words)",
            arg=words,
        )
        return self.page.locator("#glossary-list .entry-source").all_inner_texts()

    def search(self, words: str) -> None:
        """Type into the search."""
        self.page.fill("#glossary-query", words)

    def act(self, act: str, source: str) -> None:
        """Press a button ("edit", "remove") of an entry."""
        row = self.page.locator("#glossary-list .entry").filter(has_text=source)
        row.locator(f"[data-act={act}]").click()

    def write(self, **fields: str) -> Room:
        """Fill fields of the entry's form."""
        for name, text in fields.items():
            self.page.fill(f"#glossary-entry [name={name}]", text)
        return self

    def save(self) -> None:
        """Save the entry; until its form is closed."""
        self.page.click("#glossary-entry [type=submit]")
        self.page.wait_for_selector("#glossary-entry", state="hidden")

    def refused(self, dialog: str = "entry") -> str:
        """Save; until the form says why not."""
        self.page.click(f"#glossary-{dialog} [type=submit]")
        self.page.wait_for_selector(f"#glossary-{dialog} .form-said:not(:empty)")
        return self.page.inner_text(f"#glossary-{dialog} .form-said")

    def said(self, words: str) -> None:
        """Until the foot of the dialog says so."""
        self.page.wait_for_selector(f"#glossary-said:has-text({words!r})")

    def upload(self, name: str, content: bytes, **choices: str) -> str:
        """Upload a file with these choices; what the page says of it."""
        self.section("upload")
        self.take(name, content)
        for field, value in choices.items():
            self.page.check(f"#glossary-upload [name={field}][value={value}]", force=True)
        return self.send()

    def take(self, name: str, content: bytes) -> None:
        """Choose a file."""
        file: FilePayload = {"name": name, "mimeType": "", "buffer": content}
        self.page.set_input_files("#glossary-file", files=file)

    def send(self) -> str:
        """Upload what is chosen; what the page says of it."""
        self.page.click("#glossary-send")
        report = "#glossary-report:not(:empty):not(:has-text('Uploading'))"
        self.page.wait_for_selector(report)
        return self.page.inner_text("#glossary-report")

    def problems(self) -> list[str]:
        """The bad rows that are shown."""
        return self.page.locator("#glossary-problems li").all_inner_texts()
