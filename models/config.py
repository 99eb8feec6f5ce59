"""One frozen configuration of everything in `models`, and the profiles it can start from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from models.errors import ConfigError
from models.weights import WeightsConfig

_WHISPER_S = 30.0


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RecogniserConfig(_Frozen):
    """The speech recogniser: a Whisper model in CTranslate2's format."""

    model: str = Field(default="whisper-base", description="manifest name, or a model folder")
    device: Literal["cpu", "cuda"] = Field(default="cpu", description="where it runs")
    compute_type: str = Field(default="int8", description="CTranslate2's: int8, float16, …")
    decoder: Literal["auto", "onnx", "ctranslate2"] = Field(
        default="auto", description="auto: our own onnx graph on a CPU, CTranslate2's on a GPU"
    )
    threads: int = Field(default=0, ge=0, description="0: half the cores, at most 4")
    workers: int = Field(default=1, ge=1, le=16, description="windows heard at once")


class LLMConfig(_Frozen):
    """The language model, in this process or behind an OpenAI-compatible URL."""

    engine: Literal["embedded", "endpoint"] = Field(
        default="embedded", description="llama.cpp in this process, or an OpenAI-compatible URL"
    )
    model: str = Field(
        default="qwen2.5-coder-1.5b-instruct-q4_k_m",
        description="manifest name or GGUF file; endpoint: the name it serves the model by",
    )
    url: str = Field(default="", description="endpoint: base URL, which ends in /v1")
    api_key: SecretStr = Field(default=SecretStr(""), description="endpoint: bearer token")
    threads: int = Field(default=0, ge=0, description="0: as many as the machine has")
    slots: int = Field(default=4, ge=1, le=256, description="prefix caches kept, one a session")
    context_tokens: int = Field(default=2048, ge=512, description="of each slot")
    parallel: int = Field(default=1, ge=1, description="requests generated at once")
    timeout_s: float = Field(default=30.0, gt=0, description="limit of one generation")
    queue: int = Field(default=64, ge=1, description="requests waiting at most")


class ListeningConfig(_Frozen):
    """How audio becomes stable source text."""

    step_ms: int = Field(default=850, ge=100, description="audio between two hypotheses")
    window_s: float = Field(default=10.0, ge=4, le=29, description="longest window encoded")
    trim_s: float = Field(default=5.0, ge=2, description="the window is trimmed above this")
    context_s: float = Field(default=2.5, ge=0.5, description="stable speech kept when trimmed")
    padding_ms: int = Field(default=2500, ge=0, description="silence encoded after the window")
    guard_ms: int = Field(default=500, ge=0, description="words older than this need no agreement")
    edge_ms: int = Field(default=120, ge=0, description="words ending this close to now wait")
    sure: float = Field(default=0.6, ge=0, le=1, description="…if they are this probable")
    pause_ms: int = Field(default=300, ge=60, description="silence after which words are final")
    beam_size: int = Field(default=1, ge=1, le=10, description="hypotheses the decoder keeps")
    prompt: bool = Field(default=True, description="prime the recogniser with earlier words")

    @model_validator(mode="after")
    def _fits_whisper(self) -> ListeningConfig:
        """Whisper's encoder has positions for 30 seconds."""
        if self.window_s + self.padding_ms / 1000 > _WHISPER_S:
            raise ValueError(
                f"window_s ({self.window_s:g}) and padding_ms ({self.padding_ms}) are together "
                f"more than the {_WHISPER_S:g} s that Whisper takes: lower one"
            )
        return self


class PolicyConfig(_Frozen):
    """When a chunk is cut: see `models.policy`. Latency falls, and quality with it, with smaller
    `min_chars`, `max_lag_ms`, `pause_ms` and `boundary`."""

    name: Literal["semantic", "fixed", "pause", "wait-k"] = Field(
        default="semantic", description="which policy; all but `semantic` are baselines"
    )
    min_chars: int = Field(default=6, ge=1, description="shortest chunk cut at a clause")
    max_lag_ms: int = Field(default=6000, ge=500, description="oldest word that may wait")
    pause_ms: int = Field(
        default=300,
        ge=60,
        description="silence that ends a chunk; semantic: one shorter than min_chars, twice that",
    )
    boundary: float = Field(default=0.6, ge=0, le=1, description="LLM boundary probability")
    boundary_after_ms: int = Field(
        default=2500, ge=0, description="the LLM is asked about a chunk that has waited this long"
    )
    fixed_ms: int = Field(default=3000, ge=200, description="fixed: chunk length")
    k: int = Field(default=8, ge=1, description="wait-k: words (Chinese: characters) waited for")


class SpeakingConfig(_Frozen):
    """How a chunk becomes a translation."""

    memory_tokens: int = Field(default=700, ge=0, description="past chunks kept, in LLM tokens")
    names: bool = Field(
        default=False,
        description="keep names as they were rendered when their chunks are gone; what a small "
        "model learns of its own output is often wrong (see docs/glossaries.md)",
    )
    max_ratio: float = Field(default=3.0, gt=1, description="output tokens a source token")
    preview_interval_ms: int = Field(
        default=4000, ge=0, description="at most one preview in this, the first of a chunk apart"
    )
    continue_previews: bool = Field(
        default=True,
        description="what was previewed is kept, all but its last words, by the next preview and "
        "by the chunk's translation",
    )
    preview_least: int = Field(
        default=4, ge=1, description="shortest text previewed: Chinese characters or English words"
    )
    term_form: Literal["inline", "beside", "list", "both"] = Field(
        default="both", description="how a chunk's terms are told to the LLM"
    )
    term_retry: bool = Field(
        default=True, description="try once more when a term that was surely spoken is left out"
    )
    preview_load: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="share of model time above which only words that have waited are previewed",
    )
    preview_wait_ms: int = Field(
        default=1800,
        ge=0,
        description="words that have waited this long, nothing of them shown, are previewed "
        "though the models are busy",
    )


class RecallConfig(_Frozen):
    """Which terms of glossaries count as spoken in a chunk."""

    most: int = Field(default=8, ge=0, description="terms told to the LLM with one chunk")
    threshold: float = Field(
        default=0.5, ge=0, le=1, description="probability from which a term counts as spoken"
    )
    listen: bool = Field(
        default=True, description="let the audio decide what the text leaves open (Whisper base)"
    )
    sure: float = Field(
        default=0.9, ge=0, le=1, description="probability from which the LLM has to use a term"
    )
    expected: float = Field(
        default=0.05,
        gt=0,
        description="chance likenesses a chunk at which a term is as likely spoken as not: "
        "less for fewer false alarms, more for fewer misses",
    )


class ModelsConfig(_Frozen):
    """Everything `models.build_backend` needs."""

    profile: str = "embedded"
    weights: WeightsConfig = WeightsConfig()
    recogniser: RecogniserConfig = RecogniserConfig()
    llm: LLMConfig = LLMConfig()
    listening: ListeningConfig = ListeningConfig()
    policy: PolicyConfig = PolicyConfig()
    recall: RecallConfig = RecallConfig()
    speaking: SpeakingConfig = SpeakingConfig()


_PROFILES: dict[str, dict[str, dict[str, object]]] = {
    "embedded": {},
    "small": {"llm": {"model": "qwen2.5-coder-0.5b-instruct-q4_k_m"}},
    "gpu": {
        "recogniser": {
            "model": "whisper-large-v3-turbo",
            "device": "cuda",
            "compute_type": "float16",
            "workers": 4,
        },
        "llm": {
            "engine": "endpoint",
            "model": "Qwen/Qwen2.5-7B-Instruct",
            "url": "http://127.0.0.1:8001/v1",
            "slots": 64,
            "parallel": 32,
        },
        "listening": {"step_ms": 480},
    },
}
PROFILES = tuple(_PROFILES)


def profile_config(
    profile: str, overrides: dict[str, dict[str, object]] | None = None
) -> ModelsConfig:
    """The configuration of `profile`, with `overrides` by group on top.

    Raises ConfigError naming the accepted profiles.
    """
    if profile not in _PROFILES:
        raise ConfigError(f"profile {profile!r} is unknown; use one of: {', '.join(PROFILES)}")
    groups: dict[str, dict[str, object]] = {
        name: dict(values) for name, values in _PROFILES[profile].items()
    }
    for name, values in (overrides or {}).items():
        groups.setdefault(name, {}).update(values)
    return ModelsConfig.model_validate({"profile": profile, **groups})
