"""The stand-in of FCM and Google's token endpoint (tests/standins/fcm), behind nghttpx for TLS and HTTP/2.

It starts when its address is first asked for: what is scripted before that goes into its configuration."""

import json
import urllib.request
from pathlib import Path

from harness import paths, pki
from harness.nghttpx import Nghttpx
from harness.process import Program, free_port, wait_until

PROGRAM = paths.ROOT / "build" / "meson" / "tests" / "standins" / "fcm" / "fcm"
EMAIL = "push@demo.iam.gserviceaccount.com"


class Fcm:
    def __init__(self, scratch: Path, host: str = "127.0.0.1"):
        """host: what functions are to call this machine; the test certificate holds for localhost, machine.test and 127.0.0.1."""
        self._scratch = scratch
        self._host = host
        self._scripts = {}
        self._private, self._public = pki.rsa_key_pem()
        self._program = None
        self._fronts = []
        self._port = free_port()

    def unregister(self, registration: str) -> None:
        self._scripts[registration] = "unregistered"

    @property
    def endpoint(self) -> str:
        self._start()
        return f"https://{self._host}:{self._port}"

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

    def sends(self) -> list[dict]:
        return [r for r in self._requests() if r["path"].endswith("messages:send")]

    def targets(self) -> list[str]:
        return [r["target"] for r in self.sends()]

    def n_tokens(self) -> int:
        return sum(r["verdict"] == "token" for r in self._requests())

    def connections(self) -> set[str]:
        """Client ports that pushes came from."""
        return {port for port, _, _, path in self._fronts[0].requests() if path.endswith("messages:send")}

    def stop(self) -> None:
        for front in self._fronts:
            front.stop()
        if self._program:
            self._program.stop()

    def _start(self) -> None:
        if self._program:
            return
        assert PROGRAM.is_file(), f"{PROGRAM} is missing: run ./build.sh build"
        self._scratch.mkdir(parents=True, exist_ok=True)
        config, port_file = self._scratch / "config.json", self._scratch / "port"
        self._journal = self._scratch / "journal.jsonl"
        config.write_text(json.dumps({
            "project": "demo", "registrations": self._scripts, "refuses_unknown_names": False,
            "service_account": {"client_email": EMAIL, "token_uri": f"https://{self._host}:{self._port}/token",
                                "public_key": self._public}}))
        self._program = Program("fcm", [PROGRAM, "--config", config, "--journal", self._journal, "--port-file",
                                        port_file], self._scratch / "fcm.log")
        wait_until(port_file.exists, "the FCM stand-in")
        self._backend = int(port_file.read_text())
        self._fronts.append(Nghttpx(self._backend, *pki.pair("server"), self._scratch / "front0", self._port))

    def _requests(self) -> list[dict]:
        if not self._program:
            return []
        with urllib.request.urlopen(f"http://127.0.0.1:{self._backend}/__control/flush", timeout=10) as reply:
            reply.read()
        return [json.loads(line) for line in self._journal.read_text().splitlines()]
