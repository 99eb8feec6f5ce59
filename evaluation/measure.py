"""All figures of a run, pooled over its recordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evaluation import stability, timing
from evaluation.characters import ErrorRate, error_rate
from evaluation.costs import Costs
from evaluation.emissions import Emission, emissions, transcript, translation
from evaluation.findings import Findings, findings
from evaluation.log import SessionLog
from evaluation.offline import Offline
from evaluation.quality import Quality, quality
from evaluation.recordings import Recording
from evaluation.segmenting import Segmented, segmented
from evaluation.serving import Usage
from models.languages import space
from tongchuan.events import ChunkFinal, ErrorEvent


@dataclass(frozen=True, slots=True)
class Texts:
    """Quality of texts. error: CER, or WER of English; `error_plain` with numerals as written.
    `by_segment` is cut as the references are, `whole` takes each recording as one text."""

    error: float | None
    error_plain: float | None
    by_segment: Quality | None
    whole: Quality | None


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds. `yaal_*`: LongYAAL; `first_*`: from the beginning of a sentence, medians."""

    yaal_unaware: float | None
    yaal_aware: float | None
    lag_p50: float | None
    lag_p95: float | None
    lag_drift: float | None
    first_source: float | None
    first_target: float | None
    first_committed: float | None


@dataclass(frozen=True, slots=True)
class Streamed:
    """A streamed run. times: None when it was not at the speed of speech.

    unanswered: segments with a reference and no output. erasure: of previews, normalised.
    """

    duration_s: float
    texts: Texts
    times: Times | None
    erasure: float | None
    chunks: int
    segments: int
    unanswered: int
    errors: tuple[str, ...]
    findings: Findings | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """stages: model time a second of audio, `compute` all of it; cpu: share of all cores given;
    memory in MiB. counts: what the models counted, e.g. tokens, in all. others: cores that other
    processes used meanwhile; None when nobody looked."""

    stages: Mapping[str, float]
    compute: float
    cpu: float | None
    peak_mib: float | None
    growth_mib: float | None
    counts: Mapping[str, float] = field(default_factory=dict)
    others: float | None = None


def cut(pairs: Sequence[tuple[Recording, SessionLog]]) -> Segmented:
    """The committed output of recordings of one direction by segment. Raises SegmentingError."""
    return segmented(_words(pairs))


def streamed(
    pairs: Sequence[tuple[Recording, SessionLog]], by_segment: Segmented | None = None
) -> Streamed:
    """The figures of recordings of one direction. by_segment: their `cut`, if it is at hand.

    Raises SegmentingError.
    """
    source, target = pairs[0][0].source, pairs[0][0].target
    found = by_segment or cut(pairs)
    finals = [
        item.event
        for _, log in pairs
        for item in log.received
        if isinstance(item.event, ChunkFinal)
    ]
    errors = [
        item.event.code
        for _, log in pairs
        for item in log.received
        if isinstance(item.event, ErrorEvent)
    ]
    erased = sum(
        (stability.erasure(log, target) for _, log in pairs), start=stability.Erasure(0, 0)
    ).normalised
    heard = [transcript(log, source) for _, log in pairs]
    said = [translation(log, target) for _, log in pairs]
    texts = _texts([recording for recording, _ in pairs], heard, said, found.quality)
    real = all(log.speed == 1 for _, log in pairs)
    return Streamed(
        sum(log.duration_s for _, log in pairs),
        texts,
        _times(pairs, found.delay_unaware_s, found.delay_aware_s) if real else None,
        erased,
        len(finals),
        found.segments,
        found.empty,
        tuple(errors),
        findings(pairs, _words(pairs), found),
    )


def offline(pairs: Sequence[tuple[Recording, Offline]], *, remembered: bool = False) -> Texts:
    """The figures of the offline run; `remembered`: of its translations with memory.

    Error rates add up over segments, which are given.
    """
    recordings = [recording for recording, _ in pairs]
    target = recordings[0].target
    rows = [
        (segment, said)
        for recording, result in pairs
        for segment, said in zip(
            recording.segments, result.remembered if remembered else result.targets, strict=True
        )
    ]
    wholes = [
        space(target).join(result.remembered if remembered else result.targets)
        for _, result in pairs
    ]
    scored = [(segment, said) for segment, said in rows if segment.target.strip()]
    language = recordings[0].source
    heard_as = [
        (segment.source, heard)
        for recording, result in pairs
        if _source(recording)
        for segment, heard in zip(recording.segments, result.sources, strict=True)
    ]
    rates = [
        _sum(error_rate(source, heard, language, plain=plain) for source, heard in heard_as)
        for plain in (False, True)
    ]
    return Texts(
        rates[0].rate,
        rates[1].rate,
        quality([said for _, said in scored], [s.target for s, _ in scored], target),
        quality(wholes, [_whole(recording) for recording in recordings], target),
    )


def cost(before: Usage, after: Usage, audio_s: float, elapsed_s: float, cores: int) -> Cost:
    """What `audio_s` of audio cost, between two readings `elapsed_s` apart."""
    stages = {
        name: (seconds - before.stages.get(name, 0.0)) / audio_s
        for name, seconds in after.stages.items()
    }
    cpu = growth = None
    if before.cpu_s is not None and after.cpu_s is not None:
        cpu = (after.cpu_s - before.cpu_s) / (elapsed_s * cores)
    if before.mib is not None and after.mib is not None:
        growth = after.mib - before.mib
    counts = {name: amount - before.counts.get(name, 0.0) for name, amount in after.counts.items()}
    return Cost(stages, sum(stages.values()), cpu, after.peak_mib, growth, counts)


def simulated_cost(spent: Costs, others: float | None = None) -> Cost:
    """What a session cost on its simulated clock, jobs slowed by those beside them, as a server
    counts it: with a table for a charge it is the same on every machine."""
    stages = {name: seconds / spent.audio_s for name, seconds in sorted(spent.elapsed.items())}
    return Cost(stages, sum(stages.values()), None, None, None, dict(spent.counts), others)


def pooled(costs: Sequence[tuple[float, Cost]]) -> Cost:
    """Of several runs, each with its seconds of audio: shares weigh by those, the rest adds up."""
    audio_s = sum(seconds for seconds, _ in costs)

    def share(values: Iterable[float | None]) -> float | None:
        weighed = [
            (seconds, value)
            for (seconds, _), value in zip(costs, values, strict=True)
            if value is not None
        ]
        return sum(s * v for s, v in weighed) / sum(s for s, _ in weighed) if weighed else None

    def known(values: Iterable[float | None]) -> list[float]:
        return [value for value in values if value is not None]

    names = sorted({name for _, cost in costs for name in cost.stages})
    stages = {
        name: sum(seconds * cost.stages.get(name, 0.0) for seconds, cost in costs) / audio_s
        for name in names
    }
    counts: Counter[str] = Counter()
    for _, cost in costs:
        counts.update(cost.counts)
    growth = known(cost.growth_mib for _, cost in costs)
    return Cost(
        stages,
        sum(stages.values()),
        share(cost.cpu for _, cost in costs),
        max(known(cost.peak_mib for _, cost in costs), default=None),
        sum(growth) if growth else None,
        dict(counts),
        share(cost.others for _, cost in costs),
    )


def _words(
    pairs: Sequence[tuple[Recording, SessionLog]],
) -> list[tuple[Recording, list[Emission]]]:
    return [(recording, emissions(log, recording.target)) for recording, log in pairs]


def _texts(
    recordings: Sequence[Recording],
    heard: Sequence[str],
    said: Sequence[str],
    by_segment: Quality | None,
) -> Texts:
    language, target = recordings[0].source, recordings[0].target
    spoken = [_source(recording) for recording in recordings]
    rates = [
        _sum(
            error_rate(reference, text, language, plain=plain)
            for reference, text in zip(spoken, heard, strict=True)
            if reference
        )
        for plain in (False, True)
    ]
    wholes = quality(said, [_whole(recording) for recording in recordings], target)
    if any(said) and not any(heard):  # a system that writes down no source
        return Texts(None, None, by_segment, wholes)
    return Texts(rates[0].rate, rates[1].rate, by_segment, wholes)


def _source(recording: Recording) -> str:
    """What is said in all of it; "" where a manifest has no source texts."""
    return space(recording.source).join(segment.source for segment in recording.segments).strip()


def _whole(recording: Recording) -> str:
    return space(recording.target).join(segment.target for segment in recording.segments)


def _sum(rates: Iterable[ErrorRate]) -> ErrorRate:
    return sum(rates, start=ErrorRate(0, 0))


def _times(
    pairs: Sequence[tuple[Recording, SessionLog]], unaware: float | None, aware: float | None
) -> Times:
    lags = [timing.lags_s(log) for _, log in pairs]
    pooled = [lag for session in lags for lag in session]
    drifts = [drift for session in lags if (drift := timing.drift(session)) is not None]
    firsts = [first for recording, log in pairs for first in timing.firsts(recording, log)]
    medians = [
        timing.percentile([value for value in values if value is not None], 0.5)
        for values in (
            [first.source for first in firsts],
            [first.any for first in firsts],
            [first.committed for first in firsts],
        )
    ]
    return Times(
        unaware,
        aware,
        timing.percentile(pooled, 0.5),
        timing.percentile(pooled, 0.95),
        max(drifts, default=None),
        *medians,
    )
