"""What is compared with the same weights: the cascade with one policy or setting or another, and
Whisper's own translation without a language model."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
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
from tongchuan.settings import DELIMITER, PREFIX

DIRECT = "direct"
NAMES = (*POLICIES, DIRECT)
"""The policies of the cascade, and Whisper's own translation by LocalAgreement."""

_VARIED = ("listening", "policy", "speaking")  # what needs no weights loaded again


@dataclass(frozen=True, slots=True)
class System:
    """Something that interprets, with the engines that are loaded."""

    name: str
    config: ModelsConfig
    direct: bool = False

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
    ) -> Interpreter:
        """A new session's interpreter."""
        if self.direct:
            return Direct(recogniser, self.config.listening, spec, telemetry)
        return Cascade(recogniser, llm, self.config, spec, telemetry, load)


def systems(names: Sequence[str], config: ModelsConfig, varied: Sequence[str] = ()) -> list[System]:
    """Those of NAMES asked for (none: the policy of `config`), each with every combination of
    `varied`, which are written `policy.min_chars=4,6,8`.

    Raises ConfigError naming what is accepted.
    """
    settings = [_setting(text, config) for text in varied]
    found = []
    for name in names or [config.policy.name]:
        if name not in NAMES:
            raise ConfigError(f"no system is called {name!r}; there are: {', '.join(NAMES)}")
        for chosen in itertools.product(*(values for _, _, values in settings)):
            keys = [(group, key) for group, key, _ in settings]
            label = "".join(f" {key}={value}" for (_, key), value in zip(keys, chosen, strict=True))
            changed = config if name == DIRECT else _with(config, "policy", "name", name)
            for (group, key), value in zip(keys, chosen, strict=True):
                changed = _with(changed, group, key, value)
            found.append(System(name + label, changed, direct=name == DIRECT))
    return found


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
