"""Where things lie. The package is made by ./build.sh package; a missing file is a failure, never a skip."""

from pathlib import Path

import samcli

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "template.yaml"
PACKAGE = ROOT / "build" / "package"
LAYER = PACKAGE / "layer"
BOOTSTRAP = LAYER / "bootstrap"
TEST_FUNCTIONS = ROOT / "build" / "tests" / "functions"
REPORT = ROOT / "build" / "report"


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
    import platform

    arch = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
    binary = Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{arch}"
    assert binary.is_file(), f"{binary} is missing: is aws-sam-cli installed from tests/e2e/requirements.txt?"
    return binary
