from __future__ import annotations

import copy
import json
from importlib import resources
from typing import Any

import pytest
from pydantic import ValidationError

from models.errors import WeightsError
from models.weights.manifest import HubSource, Manifest, load_manifest
from tests.models.weights.toy_models import TOYS

BASE, CODER_1_5, CODER_0_5 = (
    "whisper-base",
    "qwen2.5-coder-1.5b-instruct-q4_k_m",
    "qwen2.5-coder-0.5b-instruct-q4_k_m",
)


@pytest.mark.parametrize(
    ("model", "file", "size", "sha256", "packages"),
    [
        (
            BASE,
            "model.bin",
            145_217_532,
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            2,
        ),
        (
            CODER_1_5,
            f"{CODER_1_5}.gguf",
            1_117_320_768,
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            22,
        ),
        (
            CODER_0_5,
            f"{CODER_0_5}.gguf",
            491_400_064,
            "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            6,
        ),
    ],
)
def test_the_embedded_models(model: str, file: str, size: int, sha256: str, packages: int) -> None:
    entry = load_manifest().model(model)
    assert (file, size, sha256) in [(f.path, f.size, f.sha256) for f in entry.files]
    hub, joined = entry.sources
    assert hub.kind == "hub"
    assert joined.kind == "packages"
    assert len(joined.packages) == packages


def test_every_hub_source_is_pinned_to_a_commit() -> None:
    sources = [source for model in load_manifest().models for source in model.sources]
    revisions = [source.revision for source in sources if isinstance(source, HubSource)]
    assert all(len(revision) == 40 for revision in revisions)


def test_the_manifest_names_no_host() -> None:
    text = resources.files("models.weights").joinpath("manifest.json").read_text("utf-8")
    assert "://" not in text


def test_profiles_name_models() -> None:
    assert load_manifest().profile("embedded") == (BASE, CODER_1_5)
    assert load_manifest().profile("small") == (BASE, CODER_0_5)
    with pytest.raises(WeightsError, match="'huge'; use one of: embedded, small, gpu"):
        load_manifest().profile("huge")


def spoil(data: dict[str, Any], path: tuple[str | int, ...], value: object) -> None:
    target: Any = data
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("models", 0, "files", 0, "sha256"), "abc", "sha256"),
        (("models", 0, "files", 0, "path"), "../up", "path"),
        (("models", 0, "files", 0, "size"), 1, "do not add up"),
        (("models", 0, "name"), "toy-tongue", "occurs twice"),
        (("profiles", "small"), ["nobody"], "unknown models"),
        (
            ("models", 0, "sources", 1, "packages", 0, "pieces", 0, "file"),
            "other.bin",
            "unknown file other.bin",
        ),
        (("version",), 2, "version"),
        (("extra",), 1, "extra"),
    ],
)
def test_a_manifest_that_does_not_hold_together_is_refused(
    path: tuple[str | int, ...], value: object, told: str
) -> None:
    data = copy.deepcopy(TOYS.model_dump(mode="json"))
    spoil(data, path, value)
    with pytest.raises(ValidationError, match=told):
        Manifest.model_validate_json(json.dumps(data))
