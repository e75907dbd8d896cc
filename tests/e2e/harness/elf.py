"""What a binary needs, read with binutils from the file itself."""

import re
import subprocess
from pathlib import Path


def _readelf(flag: str, file: Path) -> str:
    return subprocess.run(["readelf", "-W", flag, str(file)], check=True, capture_output=True, text=True).stdout


def is_elf(file: Path) -> bool:
    with file.open("rb") as f:
        return f.read(4) == b"\x7fELF"


def dynamic(file: Path, tag: str) -> list[str]:
    """Values of a dynamic tag, e.g. NEEDED, RPATH, RUNPATH, SONAME."""
    return re.findall(rf"\({tag}\)[^\[]*\[([^\]]*)\]", _readelf("-d", file))


def glibc_versions(file: Path) -> list[tuple[int, ...]]:
    """Every GLIBC_x.y that a symbol of the file asks for."""
    found = set(re.findall(r"GLIBC_(\d+(?:\.\d+)+)", _readelf("-V", file)))
    return sorted(tuple(int(part) for part in version.split(".")) for version in found)


def exported(file: Path) -> list[str]:
    """Names that the file offers to others."""
    names = []
    for line in _readelf("--dyn-syms", file).splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[4] in ("GLOBAL", "WEAK") and fields[6] != "UND":
            names.append(fields[7].split("@")[0])
    return sorted(names)


def is_executable_stack(file: Path) -> bool:
    stack = [line for line in _readelf("-l", file).splitlines() if "GNU_STACK" in line]
    return not stack or "E" in stack[0].split()[-2]


def loaded_bytes(file: Path) -> int:
    """What is mapped of the file: arm64 files are padded, since a page there may have 64 KB."""
    return sum(int(size, 16) for size in re.findall(r"LOAD +0x\S+ 0x\S+ 0x\S+ 0x(\S+)", _readelf("-l", file)))


def machine(file: Path) -> str:
    """The processor that a binary is for, as readelf calls it."""
    return re.search(r"Machine: +(.*)", _readelf("-h", file))[1]
