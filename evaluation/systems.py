"""What is compared with the same weights: the cascade with one policy or setting or another, and
Whisper's own translation without a language model."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from evaluation.direct import Direct
from models.cascade import Cascade
from models.config import ModelsConfig
from models.engines.llm import LanguageModel
from models.engines.whisper import WhisperEngine
from models.errors import ConfigError
from models.events import SessionSpec
from models.interpreter import Interpreter, Telemetry
from models.load import Load
from models.policy import POLICIES
from models.recall.rating import Scorer
from tongchuan.settings import DELIMITER, PREFIX

DIRECT = "direct"
NAMES = (*POLICIES, DIRECT)
"""The policies of the cascade, and Whisper's own translation by LocalAgreement."""

SWEEPS: dict[str, Mapping[str, Mapping[str, str]]] = {
    "semantic": {
        "": {},
        "quickest": {"min_chars": "4", "boundary": "0.4", "pause_ms": "300", "max_lag_ms": "4000"},
        "quicker": {"min_chars": "5", "boundary": "0.5", "pause_ms": "300", "max_lag_ms": "5000"},
        "patient": {"min_chars": "10", "boundary": "0.8", "pause_ms": "700", "max_lag_ms": "9000"},
    },
    "wait-k": {f"k={k}": {"k": k} for k in ("4", "8", "16", "24")},
    "fixed": {f"{ms} ms": {"fixed_ms": ms} for ms in ("1500", "3000", "5000", "8000")},
    "pause": {f"{ms} ms": {"pause_ms": ms} for ms in ("300", "500", "800", "1200")},
    DIRECT: {"": {}},
}
"""For each system the settings of a sweep by name, from quick to patient: of the policy, whose
other settings stay. The semantic policy's move together; "" is what is configured, and first."""

_VARIED = ("listening", "policy", "recall", "speaking")  # what needs no weights loaded again


@dataclass(frozen=True, slots=True)
class System:
    """Something that interprets, with the engines that are loaded."""

    name: str
    config: ModelsConfig
    direct: bool = False

    @property
    def family(self) -> str:
        """What it is a setting of: its policy, or Whisper's own translation."""
        return DIRECT if self.direct else self.config.policy.name

    @property
    def settings(self) -> dict[str, str]:
        """The environment that makes `tongchuan serve` this system, weights and profile apart."""
        return {
            f"{PREFIX}{group}{DELIMITER}{key}".upper(): str(value)
            for group in _VARIED
            for key, value in getattr(self.config, group).model_dump().items()
        }

    def open(
        self,
        recogniser: WhisperEngine,
        llm: LanguageModel,
        spec: SessionSpec,
        telemetry: Telemetry,
        load: Load,
        scorer: Scorer | None = None,
    ) -> Interpreter:
        """A new session's interpreter."""
        if self.direct:
            return Direct(recogniser, self.config.listening, spec, telemetry)
        return Cascade(recogniser, llm, self.config, spec, telemetry, load, scorer)


def systems(names: Sequence[str], config: ModelsConfig, varied: Sequence[str] = ()) -> list[System]:
    """Those of NAMES asked for (none: the policy of `config`), each with every combination of
    `varied`, which are written `policy.min_chars=4,6,8`.

    Raises ConfigError naming what is accepted.
    """
    settings = [_setting(text, config) for text in varied]
    combined = [
        [(group, key, value) for (group, key, _), value in zip(settings, chosen, strict=True)]
        for chosen in itertools.product(*(values for _, _, values in settings))
    ]
    return [
        _system(name, config, chosen, [f"{key}={value}" for _, key, value in chosen])
        for name in names or [config.policy.name]
        for chosen in combined
    ]


def sweep(names: Sequence[str], config: ModelsConfig) -> list[System]:
    """Those of NAMES asked for (none: all), each with its `SWEEPS`.

    Raises ConfigError naming what is accepted.
    """
    return [
        _system(name, config, [("policy", *item) for item in settings.items()], [label])
        for name in names or NAMES
        for label, settings in SWEEPS.get(name, {"": {}}).items()
    ]


def _system(
    name: str,
    config: ModelsConfig,
    chosen: Sequence[tuple[str, str, str]],
    labels: Sequence[str],
) -> System:
    """chosen: groups, keys and values."""
    if name not in NAMES:
        raise ConfigError(f"no system is called {name!r}; there are: {', '.join(NAMES)}")
    changed = config if name == DIRECT else _with(config, "policy", "name", name)
    for group, key, value in chosen:
        changed = _with(changed, group, key, value)
    return System(" ".join(filter(None, (name, *labels))), changed, direct=name == DIRECT)


def _setting(text: str, config: ModelsConfig) -> tuple[str, str, list[str]]:
    where, equals, values = text.partition("=")
    group, _, key = where.partition(".")
    if not equals or not values or group not in _VARIED:
        raise ConfigError(
            f"{text!r} varies nothing: write GROUP.KEY=VALUE,VALUE with one of the groups "
            f"{', '.join(_VARIED)}, e.g. policy.min_chars=4,6,8"
        )
    known = type(getattr(config, group)).model_fields
    if key not in known:
        raise ConfigError(f"{group} has no setting {key!r}; it has: {', '.join(known)}")
    return group, key, values.split(",")


def _with(config: ModelsConfig, group: str, key: str, value: str) -> ModelsConfig:
    values: dict[str, Any] = getattr(config, group).model_dump() | {key: value}
    try:
        made = type(getattr(config, group)).model_validate(values)
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"]
        raise ConfigError(f"{group}.{key}={value}: {reason}") from None
    return config.model_copy(update={group: made})
