"""Run as a process of its own: fetch a toy model from a hub into a cache. Arguments: hub, cache."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

from models.weights import WeightsConfig, ensure
from tests.models.weights.toy_models import EAR, TOYS

if __name__ == "__main__":
    hub, cache = sys.argv[1:]
    config = WeightsConfig(cache_dir=Path(cache), hub_endpoint=hub, source="hub")
    with mock.patch("models.weights.fetch.load_manifest", return_value=TOYS):
        sys.stdout.write(str(ensure(EAR, config=config)))
