"""Every command in the documents is one that exists, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.packaging.documents import ROOT, blocks, commands, links
from tongchuan import cli

DOCUMENTS = ("README.md", "docs/deploy.md", "docs/glossaries.md")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    folder = (ROOT / document).parent
    assert not [target for target in links(document) if not (folder / target).exists()]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_knows_the_targets(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for words in commands(document):
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_command_line_takes_the_commands(document: str) -> None:
    taken = 0
    for words in commands(document):
        if Path(words[0]).name == "tongchuan":
            cli._parser().parse_args(words[1:])  # SystemExit if it does not
            taken += 1
    assert taken


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_that_commands_name_exist(document: str) -> None:
    for words in commands(document):
        for word in words:
            if re.fullmatch(r"docker/[\w./]+|requirements/[\w./]+", word):
                assert (ROOT / word).exists(), word


def test_the_python_examples_compile() -> None:
    examples = blocks("README.md", "python")
    assert examples
    for example in examples:
        compile(example, "README.md", "exec")
