"""A PostgreSQL server of our own: a fresh cluster on a socket in a folder, without a password."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

PATIENCE_S = 60
_ACCOUNTS = ("postgres", "nobody")  # the server refuses to run as root


@dataclass
class Cluster:
    """A running server."""

    folder: Path
    programs: Path
    port: int

    def url(self, database: str) -> str:
        """Where a database of it is."""
        return f"postgresql://tester@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> str:
        """The URL of a new, empty database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self.url(database)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = str(self.folder / "log")
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-o", options, "-l", log, "start"
        )

    def stop(self) -> None:
        """Stop it at once, as if it had crashed."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")

    def initialise(self) -> None:
        """Make the cluster's files."""
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync")

    def _run(self, program: str, *words: str) -> None:
        user = _account() if os.geteuid() == 0 else None
        subprocess.run(
            [str(self.programs / program), *words],
            user=user,
            cwd=self.folder,
            check=True,
            timeout=PATIENCE_S,
            stdout=subprocess.DEVNULL,
            env={"PATH": os.defpath, "LC_ALL": "C"},
        )


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A cluster that lives as long as the block. Skips the test where no PostgreSQL is."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL (initdb, pg_ctl) on this machine: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket's path may have 107 bytes
    if os.geteuid() == 0:
        shutil.chown(folder, _account())
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    cluster = Cluster(folder, programs, port)
    try:
        cluster.initialise()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    found = shutil.which("pg_ctl")
    if found is not None:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return installed[-1].parent if installed else None


def _account() -> str:
    for name in _ACCOUNTS:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is no account for it")
