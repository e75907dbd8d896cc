"""What goes to AWS: sizes, what the binaries need, permissions, the trust store, the bill of materials."""

import json
import os
import re
import stat
import subprocess
import zipfile

import pytest

from harness import elf, paths, template

KB, MB = 1000, 1000 * 1000
OURS = ["bootstrap", "lib/libnarae.so", "lib/libnarae-net.so"]
NEEDED = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libnarae.so", "/opt/lib/libnarae-net.so"}
# provided.al2023 has glibc 2.34.
GLIBC_NEWEST = (2, 34)


def binaries() -> list:
    found = [file for file in sorted(paths.PACKAGE.rglob("*")) if file.is_file() and elf.is_elf(file)]
    return [str(file.relative_to(paths.PACKAGE)) for file in found]


@pytest.fixture(params=binaries())
def binary(request):
    return paths.PACKAGE / request.param


def test_every_binary_is_one_of_ours():
    layer = [f"layer/{name}" for name in OURS]

    assert sorted(binaries()) == sorted(layer + [f"functions/{name}/{name}.so" for name in template.handlers()])


def test_binary_runs_on_the_glibc_of_al2023(binary):
    versions = elf.glibc_versions(binary)

    # A small function may ask libc for nothing of a version; the layer's three always do.
    assert versions or binary.parent.parent.name == "functions"
    assert all(version <= GLIBC_NEWEST for version in versions)


def test_binary_needs_only_libc_and_ourselves(binary):
    assert set(elf.dynamic(binary, "NEEDED")) - NEEDED == set()


def test_binary_has_no_path_of_the_build_machine(binary):
    assert elf.dynamic(binary, "RUNPATH") == []
    assert elf.dynamic(binary, "RPATH") == []
    assert str(paths.ROOT).encode() not in binary.read_bytes()


def test_binary_has_no_executable_stack(binary):
    assert not elf.is_executable_stack(binary)


@pytest.mark.parametrize("name", template.handlers())
def test_functions_export_the_handler_alone(name):
    assert elf.exported(paths.function(name) / f"{name}.so") == ["handler"]


def test_bootstrap_is_libnarae_to_functions():
    """It carries the library's name and code; were both mapped, there would be two logs, two clocks, two of everything."""
    done = subprocess.run(paths.bootstrap("--check", "push_send.handler"), capture_output=True, text=True, timeout=20,
                          env=paths.environment() | {"LD_DEBUG": "files", "LAMBDA_TASK_ROOT": str(paths.function("push_send"))})

    assert done.returncode == 0, done.stderr
    assert "file=/opt/lib/libnarae-net.so" in done.stderr
    assert "file=libnarae.so" not in done.stderr
    # The two streams are libc's, which a program refers to by copy.
    assert set(elf.exported(paths.BOOTSTRAP)) - {"stderr", "stdout"} == set(elf.exported(paths.LAYER / "lib/libnarae.so"))


def declared() -> set[str]:
    """Every function that layer/include/narae promises."""
    names = set()
    for header in (paths.ROOT / "layer/include/narae").glob("*.h"):
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
        text = re.sub(r"(?m)^\s*#(?:.*\\\n)*.*$", "", text)
        text = re.sub(r"static inline[^{]*\{.*?\n\}", "", text, flags=re.S)
        names |= set(re.findall(r"\b(nr_\w+)\s*\(", text))
    return names


def test_libraries_export_what_the_headers_declare():
    exported = elf.exported(paths.LAYER / "lib/libnarae.so") + elf.exported(paths.LAYER / "lib/libnarae-net.so")

    assert {name for name in exported if name.startswith("nr_")} == declared()


def test_libraries_export_nothing_foreign():
    assert [n for n in elf.exported(paths.LAYER / "lib/libnarae.so") if not re.match(r"(nr|json|jansson)_", n)] == []
    assert [n for n in elf.exported(paths.LAYER / "lib/libnarae-net.so") if not n.startswith("nr_")] == []


def size_of(function: str) -> int:
    """Of the file; of what is loaded of it where pages of 64 KB pad the file."""
    file = paths.function(function) / f"{function}.so"
    return file.stat().st_size if paths.ARCH == "x86_64" else elf.loaded_bytes(file)


def test_libraries_are_small():
    assert (paths.LAYER / "lib/libnarae.so").stat().st_size < 200 * KB


@pytest.mark.parametrize("name", ["push_send", "push_devices", "push_prune"])
def test_functions_of_push_are_small(name):
    assert size_of(name) < 64 * 1024  # on x86_64 a file grows by whole pages of 4 KB


def test_layer_zip_is_small_and_holds_the_layer():
    archive = paths.PACKAGE / "layer.zip"
    with zipfile.ZipFile(archive) as opened:
        names = {name for name in opened.namelist() if not name.endswith("/")}
        bootstrap = opened.getinfo("bootstrap")

    assert archive.stat().st_size < 2.5 * MB
    assert names == {str(f.relative_to(paths.LAYER)) for f in paths.LAYER.rglob("*") if not f.is_dir()}
    assert bootstrap.external_attr >> 16 & stat.S_IXOTH


def test_nobody_else_may_write_and_everybody_may_read():
    # Lambda runs as a user of its own.
    for file in paths.PACKAGE.rglob("*"):
        mode = file.stat().st_mode
        assert not mode & (stat.S_IWGRP | stat.S_IWOTH), file
        assert mode & stat.S_IROTH, file
    assert paths.BOOTSTRAP.stat().st_mode & stat.S_IXOTH


def test_trust_store_is_found_by_hash():
    certs = paths.LAYER / "share/narae/certs"
    hashed = [f for f in certs.iterdir() if re.fullmatch(r"[0-9a-f]{8}\.\d+", f.name)]

    # Debian's ca-certificates has about 145 roots.
    assert len(hashed) > 100
    # The root that FCM's certificate ends at, by the name that OpenSSL looks up.
    subjects = [subprocess.run(["openssl", "x509", "-noout", "-subject", "-subject_hash", "-in", f], check=True,
                               capture_output=True, text=True).stdout for f in hashed if f.name.startswith("1001acf7")]
    assert [s for s in subjects if "GTS Root R1" in s and "1001acf7" in s] != []


def test_roots_of_rds_are_in_the_layer():
    bundle = (paths.LAYER / "share/narae/rds-ca.pem").read_text()

    # AWS has one authority or more for each of its Regions; RSA and EC ones since 2022.
    assert bundle.count("-----BEGIN CERTIFICATE-----") > 100
    assert bundle.count("-----BEGIN CERTIFICATE-----") == bundle.count("-----END CERTIFICATE-----")


def test_bill_of_materials_names_what_is_inside():
    bill = json.loads((paths.LAYER / "share/narae/sbom.cdx.json").read_text())
    components = {c["name"]: c for c in bill["components"]}

    assert bill["bomFormat"] == "CycloneDX"
    assert {"openssl", "nghttp2", "jansson", "curl", "libpq", "expat", "utf8proc", "zlib"} == set(components)
    for component in components.values():
        assert re.match(r"\d+\.\d+", component["version"]), component["name"]
        assert component["licenses"][0]["license"]["id"], component["name"]
        (digest,) = component["hashes"]
        assert digest["alg"] == "SHA-256" and re.fullmatch(r"[0-9a-f]{64}", digest["content"]), component["name"]


def test_bill_is_of_this_build():
    """OpenSSL is the one that says its version in the library."""
    (openssl,) = [c for c in json.loads((paths.LAYER / "share/narae/sbom.cdx.json").read_text())["components"]
                  if c["name"] == "openssl"]
    said = re.search(rb"OpenSSL (\d+\.\d+\.\d+)", (paths.LAYER / "lib/libnarae-net.so").read_bytes()).group(1).decode()

    assert openssl["version"].startswith(said + "-")


def test_check_mode_finds_the_function_sound():
    done = subprocess.run(paths.bootstrap("--check", "push_send.handler"), capture_output=True, text=True, timeout=20,
                          env=paths.environment() | {"PATH": os.environ["PATH"], "LAMBDA_TASK_ROOT": str(paths.function("push_send"))})

    assert done.returncode == 0, done.stdout + done.stderr
    assert "push_send" in done.stdout
