"""The stand-in of FCM and Google's token endpoint (tests/standins/fcm): behind nghttpx for TLS and HTTP/2, or, with
has_own_tls, by its own listener, which can do to a connection what a proxy would repair.

It starts when its address is first asked for: what is configured before that goes into its configuration."""

import json
import urllib.request
from pathlib import Path

from harness import paths, pki
from harness.nghttpx import Nghttpx
from harness.process import Program, free_port, wait_until

PROGRAM = paths.ROOT / "build" / "meson" / "tests" / "standins" / "fcm" / "fcm"
EMAIL = "push@demo.iam.gserviceaccount.com"


class Fcm:
    def __init__(self, scratch: Path, host: str = "127.0.0.1", has_own_tls: bool = False, port: int = 0,
                 certificate: tuple[Path, Path] | None = None, **configuration):
        """host: what functions are to call this machine; the test certificate holds for localhost, machine.test and 127.0.0.1."""
        self.takes_unknown_fields = False  # a test that sends what Google's schema has not (yet)
        self._scratch = scratch
        self._host = host
        self._scripts = {}
        self._configuration = configuration
        self._has_own_tls = has_own_tls
        self._private, self._public = pki.rsa_key_pem()
        self._program = None
        self._fronts = []
        self._port = port or free_port()
        self._pair = certificate or pki.pair("server")

    def configure(self, **members) -> None:
        """Members of the configuration; see tests/standins/fcm/README.md."""
        assert not self._program, "it runs already"
        self._configuration.update(members)

    def script(self, registration: str, script) -> None:
        """What the registration's sends get, from now on."""
        self._scripts[registration] = script
        if self._program:
            self.control("script", {registration: script})

    def unregister(self, registration: str) -> None:
        self.script(registration, "unregistered")

    @property
    def endpoint(self) -> str:
        self._start()
        return f"https://{self._host}:{self._port}"

    @property
    def plain(self) -> str:
        """The same without TLS, HTTP/1.1."""
        self._start()
        return f"http://127.0.0.1:{self._backend}"

    def service_account(self, **changed) -> str:
        return json.dumps({"type": "service_account", "project_id": "demo", "private_key_id": "k1",
                           "private_key": self._private, "client_email": EMAIL,
                           "token_uri": f"{self.endpoint}/token", **changed})

    def another_front(self, certificate: str) -> str:
        """The same behind another certificate; its address."""
        self._start()
        front = Nghttpx(self._backend, *pki.pair(certificate), self._scratch / f"front{len(self._fronts)}")
        self._fronts.append(front)
        return f"https://127.0.0.1:{front.port}"

    def control(self, verb: str, body=None) -> dict:
        """Ask the stand-in itself; the counts come back."""
        request = urllib.request.Request(f"{self.plain}/__control/{verb}",
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.loads(reply.read())

    def requests(self) -> list[dict]:
        """The journal."""
        if not self._program:
            return []
        self.control("flush")
        with self._journal.open() as lines:
            return [json.loads(line) for line in lines]

    def sends(self) -> list[dict]:
        return [r for r in self.requests() if r["path"].endswith("messages:send")]

    def targets(self) -> list[str]:
        return [r["target"] for r in self.sends()]

    def n_tokens(self) -> int:
        return sum(r["verdict"] == "token" for r in self.requests())

    def connections(self) -> set[str]:
        """Client ports that pushes came from."""
        if self._has_own_tls:
            return {str(r["connection"]) for r in self.sends()}
        return {port for port, _, _, path in self._fronts[0].requests() if path.endswith("messages:send")}

    def pid(self) -> int:
        self._start()
        return self._program.process.pid

    def stop(self) -> None:
        for front in self._fronts:
            front.stop()
        if self._program:
            self._program.stop()

    def _configure(self) -> Path:
        file = self._scratch / "config.json"
        file.write_text(json.dumps({
            "project": "demo", "registrations": self._scripts, "refuses_unknown_names": False,
            "service_account": {"client_email": EMAIL, "token_uri": f"https://{self._host}:{self._port}/token",
                                "public_key": self._public}, **self._configuration}))
        return file

    def _start(self) -> None:
        if self._program:
            return
        assert PROGRAM.is_file(), f"{PROGRAM} is missing: run ./build.sh build"
        self._scratch.mkdir(parents=True, exist_ok=True)
        port_file = self._scratch / "port"
        self._journal = self._scratch / "journal.jsonl"
        command = [PROGRAM, "--config", self._configure(), "--journal", self._journal, "--port-file", port_file]
        if self._has_own_tls:
            command += ["--certificate", self._pair[0], "--key", self._pair[1], "--tls-port", self._port,
                        "--tls-port-file", self._scratch / "tls-port"]
        self._program = Program("fcm", command, self._scratch / "fcm.log")
        wait_until(lambda: port_file.exists() or self._has_ended(), "the FCM stand-in")
        self._backend = int(port_file.read_text())
        if not self._has_own_tls:
            self._fronts.append(Nghttpx(self._backend, *self._pair, self._scratch / "front0", self._port))

    def _has_ended(self) -> bool:
        assert self._program.process.poll() is None, f"the FCM stand-in ended at once:\n{self._program.text()}"
        return False
