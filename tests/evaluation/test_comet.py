"""COMET's command is called as it wants to be, and what it writes is read.

A script stands for `comet-score`: it takes the options of unbabel-comet 2.2.7 and no others, reads
the files as that does, and writes its JSON. A score is the share of the reference's words that the
translation has.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation import bootstrap, comet
from evaluation.comet import CometError, Triple

SCRIPT = """#!{python}
import argparse, json, os, sys, time

parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument("-s", "--sources", required=True)
parser.add_argument("-t", "--translations", nargs="+", required=True)
parser.add_argument("-r", "--references", required=True)
parser.add_argument("-d", "--sacrebleu_dataset")
parser.add_argument("--batch_size", type=int, default=16)
parser.add_argument("--gpus", type=int, default=1)
parser.add_argument("--to_json", default="")
parser.add_argument("--model", default="Unbabel/wmt22-comet-da")
parser.add_argument("--model_storage_path")
parser.add_argument("--num_workers", type=int)
for flag in ("quiet", "only_system", "enable-context", "disable_cache", "print_cache_info"):
    parser.add_argument("--" + flag, action="store_true")
args = parser.parse_args()


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [line.strip() for line in lines.readlines()]


def share(translation, reference):
    words = reference.split()
    return sum(word in translation.split() for word in words) / len(words)


(translations,) = args.translations
rows = [
    {{"src": s, "mt": t, "ref": r, "COMET": share(t, r)}}
    for s, t, r in zip(read(args.sources), read(translations), read(args.references))
]
print(translations + "\\tscore: {{:.4f}}".format(sum(r["COMET"] for r in rows) / len(rows)))
{more}
with open(args.to_json, "w", encoding="utf-8") as file:
    json.dump({{translations: rows}}, file, ensure_ascii=False, indent=4)
print("Predictions saved in: {{}}.".format(args.to_json))
"""
TRIPLES = [
    Triple("我们走。", "we go", "we go now so"),
    Triple("桥很长。", "", "the bridge"),
    Triple("好。", "fine", "fine"),
]

Make = Callable[[str], str]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A `comet-score` that runs more lines before it writes; its path."""

    def made(more: str = "") -> str:
        path = tmp_path / "comet-score"
        path.write_text(SCRIPT.format(python=sys.executable, more=more), encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    return made


def test_each_segment_has_its_score(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    program = Path(make('assert args.gpus == 0 and args.quiet and args.model == "some/model"'))
    assert comet.score(TRIPLES, command=str(program), model="some/model") == [0.5, 0.0, 1.0]
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("PYTHONPATH", "/no/such")
    scores = comet.score(TRIPLES, model="some/model")
    assert bootstrap.mean(scores).value == 0.5
    monkeypatch.chdir(program.parent.parent)
    relative = f"{program.parent.name}/comet-score"
    assert comet.score(TRIPLES[:1], command=relative, model="some/model") == [0.5]


def test_a_checkpoint_is_found_from_another_folder(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.ckpt").touch()
    monkeypatch.chdir(tmp_path)
    command = make("assert os.path.isabs(args.model) and os.path.exists(args.model)")
    assert comet.score(TRIPLES[:1], command=command, model="model.ckpt") == [0.5]


def test_what_is_read_is_not_left_behind(make: Make, tmp_path: Path) -> None:
    command = make(f"open({str(tmp_path / 'where')!r}, 'w').write(os.getcwd())")
    comet.score(TRIPLES, command=command)
    assert not Path((tmp_path / "where").read_text()).exists()


@given(st.lists(st.text(), min_size=1, max_size=5))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_one_line(make: Make, outputs: list[str]) -> None:
    """Line breaks of all kinds, nothing, and everything else but lone surrogates."""
    clean = [text.encode("utf-8", "ignore").decode() for text in outputs]
    triples = [Triple("s\r\n\x0b\u2028s", text + "\n", "r\x85r") for text in clean]
    assert len(comet.score(triples, command=make(""))) == len(clean)


def test_nothing_to_score(make: Make) -> None:
    assert comet.score([], command=make("raise SystemExit(9)")) == []


@pytest.mark.parametrize("triple", [Triple("", "a", "b"), Triple("甲", "a", " \n")])
def test_a_source_and_a_reference_are_needed(make: Make, triple: Triple) -> None:
    with pytest.raises(CometError, match="segment 2 of 2 has no source or no reference"):
        comet.score([TRIPLES[0], triple], command=make(""))


def test_comet_is_not_there(tmp_path: Path) -> None:
    for command in ("no-such-comet-score", str(tmp_path), str(tmp_path / "gone")):
        with pytest.raises(CometError, match=r"there is no command.*pip install unbabel-comet"):
            comet.score(TRIPLES, command=command)
    broken = tmp_path / "comet-score"
    broken.write_text("#!/no/such/python\n")
    broken.chmod(0o755)
    with pytest.raises(CometError, match=r"does not start.*pip install"):
        comet.score(TRIPLES, command=str(broken))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (
            "raise KeyError(f\"Model '{args.model}' not supported by COMET.\")",
            "no model 'x/y'.*ckpt",
        ),
        ("raise OSError(\"We couldn't connect to 'https://hub' to load the files\")", "no model"),
        ("import no_such_module", "installation of COMET is broken.*pip install"),
        ("raise RuntimeError('out of memory')", "(?s)failed with code 1:.*out of memory"),
        ("raise SystemExit(0)", "failed with code 0"),
        ("rows.pop()", "2 scores for 3 segments"),
        ("rows.reverse()", "another order"),
        ("rows[0]['COMET'] = float('nan')", "no number"),
        ("rows[0]['COMET'] = None", "no scores that can be read"),
        ("del rows[0]['COMET']", "no scores that can be read.*COMET"),
        ("open(args.to_json, 'w').write('[]'); raise SystemExit(0)", "no scores that can be read"),
    ],
)
def test_a_failure_is_told(make: Make, more: str, words: str) -> None:
    with pytest.raises(CometError, match=words):
        comet.score(TRIPLES, command=make(more), model="x/y")


def test_it_is_ended_with_all_that_it_started(make: Make, tmp_path: Path) -> None:
    """A data loader of its own does not outlive it: the lock that it holds is free."""
    lock = tmp_path / "lock"
    more = f"""
import fcntl, subprocess
file = open({str(lock)!r}, "w")
fcntl.flock(file, fcntl.LOCK_EX)
subprocess.Popen(["sleep", "600"], pass_fds=[file.fileno()])
time.sleep(600)"""
    with pytest.raises(CometError, match=r"not done after 1 s"):
        comet.score(TRIPLES, command=make(more), limit_s=1.0)
    import fcntl

    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
