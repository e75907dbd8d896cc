"""The certificates of tools/test_pki.sh, which tools/with_postgres.sh made for this run."""

import os
from pathlib import Path


def _file(name: str) -> Path:
    folder = os.environ.get("NARAE_TEST_PKI", "")
    assert folder, "NARAE_TEST_PKI is not set: run under tools/with_postgres.sh, as ./build.sh test does"
    return Path(folder) / name


def root() -> Path:
    """The authority that functions are told to trust."""
    return _file("ca.pem")


def pair(name: str) -> tuple[Path, Path]:
    """Certificate and key: server (good), expired, wronghost, other (of an authority that nobody trusts)."""
    return _file(f"{name}.pem"), _file(f"{name}.key")
