"""`sam local invoke` for real: a podman with state, configuration and network of its own, and a base image made here.

The image stands in for AWS's own, which is out of reach: a shell for SAM's build steps and the libraries of this machine's glibc. It
proves the way (layer to /opt, code to /var/task, the emulator as entry point), not Amazon Linux. Needs root and tools/packages.txt's `sam`."""

import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from samcli.lib.utils.architecture import ARM64, X86_64
from samcli.local.docker.lambda_image import LambdaImage, Runtime

from harness import paths, pki
from harness.netns import Netns
from harness.process import Program, wait_until

NEEDS = ("podman", "runc", "conmon", "iptables", "ip", "unshare", "nsenter", "busybox")
MACHINE = "machine.test"  # what containers call this machine; the test certificate holds for it
GATEWAY = "10.88.0.1"  # podman's default bridge: what a container reaches this machine's side by
DEADLINE_S = 120
ARCHITECTURE = {"x86_64": X86_64, "aarch64": ARM64}[platform.machine()]


def _image_name() -> str:
    """The one that SAM builds on for provided.al2023, as SAM itself says it."""
    return f"{LambdaImage._INVOKE_REPO_PREFIX}/{Runtime.get_image_name_tag('provided.al2023', ARCHITECTURE)}"


def _libraries() -> set[Path]:
    """glibc's files that the layer asks for, by the names that it asks for them."""
    found = set()
    for binary in paths.BOOTSTRAP, paths.LAYER / "lib" / "libnarae-net.so":
        listed = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout
        words = [word for line in listed.splitlines() for word in line.split() if word.startswith("/")]
        found |= {Path(word) for word in words if "narae" not in word}
    return found


def _base_image() -> bytes:
    """A root file system as a tar file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        def add_text(name: str, text: str) -> None:
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))

        for folder in "tmp", "var/task", "var/runtime", "var/rapid", "opt", "proc", "sys", "dev":
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777
            tar.addfile(entry)
        tar.add(shutil.which("busybox"), "bin/busybox")
        for applet in "sh", "mv", "chmod", "cp", "rm", "mkdir":
            entry = tarfile.TarInfo(f"bin/{applet}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
        for library in _libraries():
            tar.add(library.resolve(), str(library).lstrip("/"))
        add_text("etc/passwd", "root:x:0:0:root:/:/bin/sh\n")
        add_text("etc/hosts", f"127.0.0.1 localhost\n{GATEWAY} {MACHINE}\n")
        add_text("etc/test-root.pem", pki.root().read_text())
    return out.getvalue()


_CONTAINERS_CONF = """
[containers]
# More than the hard limits of a CI's own container is refused.
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
# The image's own file counts.
no_hosts = true
[engine]
# Works with every cgroup layout, and without systemd.
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


class SamLocal:
    def __init__(self):
        missing = [command for command in NEEDS if not shutil.which(command)]
        assert not missing, f"sam local needs {', '.join(missing)}: run ./build.sh test, which installs them"
        assert os.geteuid() == 0, "sam local on podman needs root here"
        self._state = Path(tempfile.mkdtemp(prefix="narae-podman-"))
        (self._state / "containers.conf").write_text(_CONTAINERS_CONF)
        (self._state / "storage.conf").write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{self._state}/root"\nrunroot = "{self._state}/run"\n')
        self._env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(self._state), "SAM_CLI_TELEMETRY": "0",
            "DOCKER_HOST": f"unix://{self._state}/socket", "CONTAINERS_CONF": str(self._state / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self._state / "storage.conf"), "TMPDIR": str(self._state),
        }
        self._netns = Netns()
        self._import_image()
        self._service = Program("podman", self._netns.command(["podman", "system", "service", "--time=0",
                                                               f"unix://{self._state}/socket"]),
                                self._state / "service.log", env=self._env)
        wait_until((self._state / "socket").exists, "podman's socket")

    def let_reach(self, port: int) -> None:
        """Functions find 127.0.0.1:port of this machine as MACHINE:port."""
        self._netns.relay(GATEWAY, port)

    def invoke(self, template: Path, function: str, event, settings: dict | None = None) -> tuple[object, str]:
        """What the function replied, and what was written beside it: for people only, since SAM waits for the log a second at most."""
        folder = Path(tempfile.mkdtemp(dir=self._state))
        (folder / "event.json").write_text(json.dumps(event))
        (folder / "env.json").write_text(json.dumps({function: settings or {}}))
        done = subprocess.run(
            self._netns.command(["sam", "local", "invoke", function, "--template", template, "--event", folder / "event.json",
                                 "--env-vars", folder / "env.json", "--skip-pull-image", "--region", "us-east-1",
                                 "--parameter-overrides", f"Architecture={ARCHITECTURE}"]),
            env=self._env, cwd=folder, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        assert done.returncode == 0, f"sam local invoke {function}: {done.stdout}{done.stderr}\n{self._service.text()}"
        *log, reply = done.stdout.strip().splitlines()
        return json.loads(reply), "\n".join(log) + done.stderr

    def stop(self) -> None:
        self._podman(["rm", "--all", "--force", "--time", "0"])
        self._service.stop()
        self._podman(["system", "reset", "--force"])
        self._netns.stop()
        shutil.rmtree(self._state, ignore_errors=True)

    def _podman(self, words: list) -> None:
        subprocess.run(self._netns.command(["podman", *words]), env=self._env, capture_output=True, timeout=60, check=False)

    def _import_image(self) -> None:
        changes = {"LAMBDA_TASK_ROOT": "/var/task", "LAMBDA_RUNTIME_DIR": "/var/runtime", "PATH": "/bin:/opt/bin",
                   "LD_LIBRARY_PATH": "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
                   "SSL_CERT_FILE": "/etc/test-root.pem"}
        words = [word for name, value in changes.items() for word in ("--change", f"ENV {name}={value}")]
        done = subprocess.run(["podman", "import", "--quiet", *words, "--change", "WORKDIR /var/task", "-", _image_name()],
                              env=self._env, input=_base_image(), capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, f"podman import: {done.stderr.decode(errors='replace')}"
