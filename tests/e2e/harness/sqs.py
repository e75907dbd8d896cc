"""SQS as far as functions say when a message is to come back: ChangeMessageVisibilityBatch, answered and kept. Queues themselves are moto's (aws.py)."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Sqs:
    def __init__(self):
        self.delays = {}  # receipt handle -> seconds
        queue = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert self.headers["X-Amz-Target"] == "AmazonSQS.ChangeMessageVisibilityBatch"
                for entry in body["Entries"]:
                    queue.delays[entry["ReceiptHandle"]] = entry["VisibilityTimeout"]
                answer = json.dumps({"Successful": [{"Id": entry["Id"]} for entry in body["Entries"]], "Failed": []})
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
