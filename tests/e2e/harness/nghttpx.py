"""TLS and HTTP/2 in front of an HTTP/1.1 server, by Debian's nghttpx."""

from pathlib import Path

from harness.process import Program, free_port


class Nghttpx:
    def __init__(self, backend_port: int, chain: Path, key: Path, scratch: Path, port: int = 0):
        scratch.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self._log = scratch / "access.log"
        self.program = Program("nghttpx", [
            "nghttpx", "--conf=/dev/null", f"--frontend=127.0.0.1,{self.port}",
            f"--backend=127.0.0.1,{backend_port}", "--no-ocsp", "--workers=1", "--errorlog-file=/dev/stderr",
            f"--accesslog-file={self._log}", "--accesslog-format=$remote_port $alpn $status $path_without_query", key, chain,
        ], scratch / "nghttpx.log")
        self.program.wait_for_port(self.port)

    def requests(self) -> list[tuple[str, str, str, str]]:
        """(client's port, protocol, status, path) of every request so far: one port is one connection."""
        return [tuple(line.split()) for line in self._log.read_text().splitlines()]

    def stop(self) -> None:
        self.program.stop()
