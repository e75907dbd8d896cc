"""PostgreSQL: on the cluster of tools/with_postgres.sh, a database for each test."""

import itertools
import os
import subprocess
import urllib.parse

from harness import paths

_numbers = itertools.count()


def _server() -> str:
    server = os.environ.get("NARAE_TEST_DATABASE", "")
    assert server, "NARAE_TEST_DATABASE is not set: run under tools/with_postgres.sh, as ./build.sh test does"
    return server


def _with_database(conninfo: str, name: str) -> str:
    if not conninfo.startswith(("postgres://", "postgresql://")):
        return f"{conninfo} dbname={name}"  # libpq takes the last of two
    parts = urllib.parse.urlsplit(conninfo)
    return urllib.parse.urlunsplit(parts._replace(path=f"/{name}"))


def _try_psql(conninfo: str, sql: str) -> subprocess.CompletedProcess:
    return subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", conninfo, "-f", "-"],
                          input=f"set client_min_messages = warning;\n{sql}", capture_output=True, text=True, timeout=60)


def _psql(conninfo: str, sql: str) -> str:
    done = _try_psql(conninfo, sql)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_on_server(sql: str) -> None:
    """What concerns no single database, such as roles."""
    _psql(_server(), sql)


class Database:
    """A database of its own with functions/push/schema.sql in it, unless it is to be empty."""

    def __init__(self, is_empty: bool = False):
        self.name = f"e2e_{os.getpid()}_{next(_numbers)}"
        _psql(_server(), f"create database {self.name}")
        self.conninfo = _with_database(_server(), self.name)
        if not is_empty:
            self.run((paths.ROOT / "functions" / "push" / "schema.sql").read_text())

    def place(self) -> tuple[str, str]:
        """Host and port of the server."""
        ((host, port),) = self.rows("select host(inet_server_addr()), inet_server_port()")
        return host, port

    def with_password(self, password: str) -> str:
        """The conninfo as somebody without the right password has it."""
        if not self.conninfo.startswith(("postgres://", "postgresql://")):
            return f"{self.conninfo} password={password}"
        parts = urllib.parse.urlsplit(self.conninfo)
        user, _, place = parts.netloc.rpartition("@")
        return urllib.parse.urlunsplit(parts._replace(netloc=f"{user.split(':')[0]}:{password}@{place}"))

    def run(self, sql: str) -> None:
        _psql(self.conninfo, sql)

    def accept_connections(self, does: bool) -> None:
        """New ones; those that there are stay."""
        _psql(_server(), f"alter database {self.name} allow_connections {str(does).lower()}")

    def complaint(self, sql: str) -> str:
        """What the server says against it; "" when it has been run."""
        done = _try_psql(self.conninfo, sql)
        assert done.returncode == 0 or done.stderr
        return "" if done.returncode == 0 else done.stderr

    def rows(self, sql: str) -> list[tuple[str, ...]]:
        return [tuple(line.split("|")) for line in _psql(self.conninfo, sql).splitlines()]

    def add_devices(self, devices: list[tuple[str, str]]) -> None:
        """(user, registration) each; ids count from 1 in a new database."""
        self.run("insert into narae_push.device (user_id, kind, platform, registration, registration_hash) values " +
                 ",".join(f"('{user}', 'token', 'android', '{token}', sha256('{token}'))" for user, token in devices))

    def drop(self) -> None:
        _psql(_server(), f"drop database {self.name} with (force)")
