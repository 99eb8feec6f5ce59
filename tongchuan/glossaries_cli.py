"""`tongchuan glossaries list | import | export | delete`: the glossaries of a running server."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

import httpx

from models.errors import TongchuanError
from tongchuan.errors import ClientError, ConnectError, OutputError

DEFAULT_URL = "http://127.0.0.1:8000"
FORMATS = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".tbx": "tbx", ".xml": "tbx", ".txt": "txt"}
"""By the suffix of a file."""

_NAMES = ("csv", "tsv", "tbx", "txt")
_PATH = "/v1/glossaries"
_SCHEMES = {"ws": "http", "wss": "https", "http": "http", "https": "https"}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_TIMEOUT = httpx.Timeout(10.0, read=700.0, write=60.0)  # an import may take the server minutes
_SHOWN = 20  # problems shown; the rest are counted


class RequestRefusedError(ClientError):
    """The server answered with an error. `status` is HTTP's."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body.get("error") or f"the server answered HTTP {status}"))
        self.status = status
        self.problems: list[dict[str, Any]] = body.get("problems", [])
        self.refused = int(body.get("refused", 0))


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `glossaries` and its subcommands; each sets `run`, which takes the parsed arguments and
    returns an exit code: 0, or 1 when the server cannot be reached or refuses."""
    parser = subparsers.add_parser("glossaries", help="list, import, export, delete glossaries")
    commands = parser.add_subparsers(dest="glossaries_command", required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--url", default=DEFAULT_URL, help=f"the server ({DEFAULT_URL})")
    shown = commands.add_parser("list", parents=[common], help="their names and sizes")
    shown.add_argument("--json", action="store_true", help="for programs")
    shown.set_defaults(run=_guarded(_list))
    _add_import(commands, common)
    exported = commands.add_parser("export", parents=[common], help="write one to a file")
    exported.add_argument("name", metavar="NAME")
    exported.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: the terminal")
    exported.add_argument("--format", choices=_NAMES, help="default: as FILE says, else csv")
    exported.set_defaults(run=_guarded(_export))
    deleted = commands.add_parser("delete", parents=[common], help="delete one with all entries")
    deleted.add_argument("name", metavar="NAME")
    deleted.set_defaults(run=_guarded(_delete))


def _add_import(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    parser = commands.add_parser(
        "import",
        parents=[common],
        help="add the entries of a file",
        description="Add the entries of a file to a glossary, which is created if need be. "
        "If a row is bad nothing is kept, unless you say --lenient.",
    )
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("file", metavar="FILE|-", help="CSV, TSV, TBX or text; - for a pipe")
    parser.add_argument("--format", choices=_NAMES, help="default: as FILE says")
    parser.add_argument("--encoding", default="", help="default: UTF-8, or as the file says")
    parser.add_argument("--lenient", action="store_true", help="keep the good rows")
    parser.add_argument(
        "--update", action="store_true", help="rows win over entries that are there"
    )
    parser.add_argument("--replace", action="store_true", help="instead of all entries")
    parser.add_argument("--source-language", default="zh", help="of a new glossary (zh)")
    parser.add_argument("--target-language", default="en", help="of a new glossary (en)")
    parser.set_defaults(run=_guarded(_import))


def _guarded(
    command: Callable[[argparse.Namespace, httpx.Client], int],
) -> Callable[[argparse.Namespace], int]:
    """`command` with a client, and with our errors as a message and exit code 1."""

    def run(args: argparse.Namespace) -> int:
        try:
            with _client(args.url) as client:
                return command(args, client)
        except TongchuanError as error:
            sys.stderr.write(f"tongchuan: {error}\n")
        except httpx.TimeoutException:
            sys.stderr.write(f"tongchuan: {args.url} did not answer in time\n")
        except httpx.HTTPError as error:
            sys.stderr.write(
                f"tongchuan: cannot speak with {args.url}: {error}; start a server with "
                "`tongchuan serve`\n"
            )
        return 1

    return run


def _client(url: str) -> httpx.Client:
    """A client of the server at `url`: `localhost:8000`, `ws://…`, `https://…`."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        scheme, host, _port = _SCHEMES.get(parts.scheme.lower()), parts.hostname, parts.port
    except ValueError as error:
        raise ConnectError(f"{url!r} is not an address: {error}") from None
    if scheme is None or not host:
        raise ConnectError(f"{url!r} is not an address; write http://HOST:PORT")
    key = os.environ.get("TONGCHUAN_API_KEY")
    try:
        return httpx.Client(
            base_url=f"{scheme}://{parts.netloc}",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=_TIMEOUT,
            trust_env=host not in _LOOPBACK,  # no proxy leads to this machine
        )
    except httpx.InvalidURL as error:
        raise ConnectError(f"{url!r} is not an address: {error}") from None


def _checked(response: httpx.Response) -> httpx.Response:
    """A good answer. Raises RequestRefusedError for another."""
    if response.is_success:
        return response
    response.read()
    try:
        body = response.json()
    except ValueError:
        body = None
    raise RequestRefusedError(response.status_code, body if isinstance(body, dict) else {})


def _address(name: str, rest: str = "") -> str:
    return f"{_PATH}/{quote(name, safe='')}{rest}"


def _list(args: argparse.Namespace, client: httpx.Client) -> int:
    glossaries = _checked(client.get(_PATH)).json()["glossaries"]
    if args.json:
        sys.stdout.write(json.dumps(glossaries, ensure_ascii=False, indent=2) + "\n")
        return 0
    rows = [("NAME", "LANGUAGES", "ENTRIES", "VERSION", "CHANGED")]
    for one in glossaries:
        languages = f"{one['source_language']}-{one['target_language']}"
        entries, changed = f"{one['entries']:,}", one["updated_at"][:19].replace("T", " ")
        rows.append((one["name"], languages, entries, str(one["version"]), changed))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for row in rows:
        cells = [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
        cells += [row[i].rjust(widths[i]) for i in (2, 3)]
        sys.stdout.write("  ".join((*cells, row[4])) + "\n")
    return 0


def _import(args: argparse.Namespace, client: httpx.Client) -> int:
    form = args.format or FORMATS.get(Path(args.file).suffix.lower())
    if form is None:
        raise ClientError(f"what is {args.file}? Say --format, one of: {', '.join(_NAMES)}")
    with _opened(args.file) as file:
        created, tag = _create(args, client)
        parameters = {
            "format": form,
            "encoding": args.encoding,
            "mode": "lenient" if args.lenient else "strict",
            "conflicts": "replace" if args.update else "keep",
            "replace": "true" if args.replace else "false",
        }
        headers = {"If-Match": tag} if args.replace else {}
        try:
            answer = _checked(
                client.post(
                    _address(args.name, "/import"),
                    params=parameters,
                    headers=headers,
                    content=file,
                )
            ).json()
        except RequestRefusedError as error:
            if created:  # as if nothing had been
                client.delete(_address(args.name))
            _show_problems(error.problems, error.refused)
            raise
    _show_problems(answer["problems"], answer["refused"])
    sys.stdout.write(
        f"{answer['name']}: {answer['added']:,} added, {answer['replaced']:,} replaced, "
        f"{answer['duplicates']:,} there already, {answer['refused']:,} refused; "
        f"{answer['entries']:,} entries\n"
    )
    return 0


def _create(args: argparse.Namespace, client: httpx.Client) -> tuple[bool, str]:
    """Whether the glossary had to be created, and its ETag."""
    there = client.get(_address(args.name))
    if there.status_code != 404:
        return False, _checked(there).headers["ETag"]
    made = client.post(
        _PATH,
        json={
            "name": args.name,
            "source_language": args.source_language,
            "target_language": args.target_language,
        },
    )
    return True, _checked(made).headers["ETag"]


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise ClientError(f"cannot read {name}: {error.strerror or error}") from None
    with file:
        yield file


def _show_problems(problems: list[dict[str, Any]], refused: int) -> None:
    for problem in problems[:_SHOWN]:
        field = f"{problem['field']} " if problem["field"] else ""
        sys.stderr.write(f"line {problem['line']}: {field}{problem['reason']}\n")
    if refused > _SHOWN:
        sys.stderr.write(f"… and {refused - _SHOWN} more\n")


def _export(args: argparse.Namespace, client: httpx.Client) -> int:
    output: Path | None = args.output
    suffix = output.suffix.lower() if output else ""
    form = args.format or FORMATS.get(suffix, "csv")
    with client.stream("GET", _address(args.name, "/export"), params={"format": form}) as answer:
        _checked(answer)
        if output is None:
            for piece in answer.iter_bytes():
                sys.stdout.buffer.write(piece)
            return 0
        part = output.with_name(f"{output.name}.part")  # whole at the end, or not at all
        try:
            with part.open("wb") as file:
                for piece in answer.iter_bytes():
                    file.write(piece)
            part.replace(output)
        except OSError as error:
            raise OutputError(f"cannot write {output}: {error.strerror or error}") from None
        finally:
            part.unlink(missing_ok=True)
    sys.stderr.write(f"{args.name}: written to {output}\n")
    return 0


def _delete(args: argparse.Namespace, client: httpx.Client) -> int:
    _checked(client.delete(_address(args.name)))
    sys.stdout.write(f"{args.name}: deleted\n")
    return 0
