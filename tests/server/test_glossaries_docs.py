"""What docs/glossaries.md shows works as it stands."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from glossaries import Entry
from tests.glossaries.making import bad, good, read
from tests.server.desks import desk
from tests.server.reference import DOCS

NOTE = "the footballer"


def page() -> str:
    return (DOCS / "glossaries.md").read_text(encoding="utf-8")


def block(kind: str, holds: str) -> str:
    """The code block of this kind with these words in it."""
    found: list[str] = [
        text for text in re.findall(rf"```{kind}\n(.*?)```", page(), re.DOTALL) if holds in text
    ]
    assert len(found) == 1
    return found[0]


def test_the_example_files_are_read() -> None:
    for form, text in (
        ("csv", block("csv", "马奎尔")),
        ("txt", block("text", "马奎尔")),
        ("tbx", f"<tbx><text><body>{block('xml', 'conceptEntry')}</body></text></tbx>"),
    ):
        rows = read(form, text)
        assert bad(rows) == []
        first = good(rows)[0]
        assert (first.source, first.target, first.domain) == ("马奎尔", "Maguire", "sports")
        assert first.note.startswith(NOTE)
        assert "马亏尔" in first.spoken
    assert good(read("txt", block("text", "马奎尔")))[-1] == Entry(
        "GPU", "graphics processing unit", "a note", "computing"
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_requests_by_curl_work(tmp_path: Path) -> None:
    commands = block("sh", "curl")
    (tmp_path / "terms.csv").write_text(block("csv", "马奎尔"), encoding="utf-8")
    (tmp_path / ".curlrc").write_text("fail\nsilent\nshow-error\nmax-time = 20\n")
    async with desk(tmp_path) as rest:
        script = commands.replace("127.0.0.1:8000", f"127.0.0.1:{rest.server.port}")
        shell = await asyncio.create_subprocess_exec(
            "sh",
            "-ec",
            script,
            cwd=tmp_path,
            env={"CURL_HOME": str(tmp_path), "PATH": "/usr/local/bin:/usr/bin:/bin"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, complaints = await asyncio.wait_for(shell.communicate(), 60)
        assert (shell.returncode, complaints) == (0, b"")
        assert (tmp_path / "names.tbx").read_text(encoding="utf-8").startswith("<?xml")
        assert (await rest.ask("GET")).json() == {"glossaries": []}
