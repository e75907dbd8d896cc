"""The door that AWS's APIs stand behind: moto, with a look at policies that moto has not.

Is:      a proxy in the test's own process. It works out what a call asks of IAM (api_calls.py), judges that by the caller's statements
         (policy.py), and passes on what is allowed, byte for byte; moto then checks signature, token and action once more (aws.py,
         lock()). A refusal has the form and the words of the service (iam_refusal.py).
Is not:  a check of signatures: that is moto's.
"""

import http.client
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import api_calls
from harness.iam_facts import Facts
from harness.iam_refusal import REFUSALS
from harness.policy import Ask, allows

HOP_HEADERS = {"connection", "content-length", "transfer-encoding", "keep-alive"}


class Gate:
    def __init__(self, endpoint: str, facts: Facts):
        """endpoint: moto's."""
        self.statements: list[dict] = []  # of the one role that there is
        self.granted: list[Ask] = []
        self.refused: list[tuple[Ask, str]] = []  # and the words of it that count
        self.mistakes: list[Exception] = []  # of the harness
        self._facts, self._host = facts, urllib.parse.urlsplit(endpoint).netloc
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    status, kind, answer = gate.answer(self.path, self.headers, body)
                except Exception as error:  # stop() raises it
                    gate.mistakes.append(error)
                    status, kind, answer = 501, "text/plain", b""
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, path: str, headers, body: bytes) -> tuple[int, str, bytes]:
        region, service = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request", headers["Authorization"]).groups()
        for ask in api_calls.asks(api_calls.parse(service, region, headers["X-Amz-Target"], body), self._facts):
            if not allows(self.statements, ask):
                return self._refuse(service, ask)
            self.granted.append(ask)
        return self._pass_on(path, headers, body)

    def _refuse(self, service: str, ask: Ask) -> tuple[int, str, bytes]:
        refusal = REFUSALS[service, ask.action.split(":")[0]]
        self.refused.append((ask, refusal.what_counts(ask)))
        return refusal.answer(ask)

    def _pass_on(self, path: str, headers, body: bytes) -> tuple[int, str, bytes]:
        """With the caller's own Host: it is signed."""
        moto = http.client.HTTPConnection(self._host, timeout=30)
        try:
            moto.putrequest("POST", path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                if name.lower() not in HOP_HEADERS:
                    moto.putheader(name, value)
            moto.putheader("Content-Length", str(len(body)))
            moto.endheaders(body)
            answer = moto.getresponse()
            return answer.status, answer.headers["Content-Type"], answer.read()
        finally:
            moto.close()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if self.mistakes:
            raise self.mistakes[0]
