"""Where things lie. The package is made by ./build.sh package; a missing file is a failure, never a skip."""

import os
import platform
import shutil
from pathlib import Path

import samcli

# As Lambda spells it. Another one than this machine's runs by qemu's user mode, against the cross compiler's libc.
HERE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
ARCH = os.environ.get("NARAE_TEST_ARCH", HERE)
SYSROOT = {"arm64": "/usr/aarch64-linux-gnu", "x86_64": "/usr/x86_64-linux-gnu"}[ARCH]

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "template.yaml"
PACKAGE = ROOT / "build" / f"package-{ARCH}"
LAYER = PACKAGE / "layer"
BOOTSTRAP = LAYER / "bootstrap"
DEPLOYED = ROOT / "build" / "package"  # a link to one of these: what template.yaml names
TEST_FUNCTIONS = ROOT / "build" / f"tests-{ARCH}" / "functions"
SYMBOLS = ROOT / "build" / f"symbols-{ARCH}"
REPORT = ROOT / "build" / "report"


def bootstrap(*words) -> list:
    """The command that runs the bootstrap with these words."""
    if ARCH == HERE:
        return [BOOTSTRAP, *words]
    program = {"arm64": "qemu-aarch64", "x86_64": "qemu-x86_64"}[ARCH]
    emulator = shutil.which(program)
    assert emulator, f"{program} is missing (package qemu-user)"
    return [emulator, BOOTSTRAP, *words]


def environment() -> dict:
    """What that command wants in its environment."""
    return {} if ARCH == HERE else {"QEMU_LD_PREFIX": SYSROOT}


def function(name: str) -> Path:
    """The folder that becomes /var/task."""
    folder = PACKAGE / "functions" / name
    assert (folder / f"{name}.so").is_file(), f"{folder}/{name}.so is missing: run ./build.sh package"
    return folder


def test_function(name: str) -> Path:
    """The folder of a function that only tests use."""
    folder = TEST_FUNCTIONS / name
    assert (folder / f"{name}.so").is_file(), f"{folder}/{name}.so is missing: run ./build.sh package"
    return folder


def emulator() -> Path:
    """AWS's Runtime Interface Emulator, out of the SAM CLI's own package."""
    binary = Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{HERE}"
    assert binary.is_file(), f"{binary} is missing: is aws-sam-cli installed from tests/e2e/requirements.txt?"
    return binary
