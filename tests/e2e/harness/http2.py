"""A client that shows what a connection really said: each stream's answer or reset, GOAWAY, the end."""

import socket
import ssl
import urllib.parse

import h2.config
import h2.connection
import h2.events
import h2.settings

from harness import pki

ANSWER_DEADLINE_S = 10


class Stream:
    def __init__(self):
        self.status, self.headers, self.body = None, {}, b""
        self.is_over, self.reset_code = False, None


class Connection:
    def __init__(self, endpoint: str):
        address = urllib.parse.urlsplit(endpoint)
        context = ssl.create_default_context(cafile=str(pki.root()))
        context.set_alpn_protocols(["h2"])
        raw = socket.create_connection((address.hostname, address.port), timeout=ANSWER_DEADLINE_S)
        self._socket = context.wrap_socket(raw, server_hostname=address.hostname,
                                           suppress_ragged_eofs=False)
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        # The package takes a GOAWAY for the end; RFC 9113 section 6.8 lets the streams before it go on.
        going_on = (h2.connection.ConnectionState.CLIENT_OPEN, h2.connection.ConnectionInputs.RECV_GOAWAY)
        self._h2.state_machine._transitions = {**self._h2.state_machine._transitions,
                                               going_on: (None, h2.connection.ConnectionState.CLIENT_OPEN)}
        self._h2.initiate_connection()
        self._authority = address.netloc
        self.streams: dict[int, Stream] = {}
        self.goaway = None  # (last stream id, code)
        self.max_streams = None
        self.is_closed = False
        self.close_error = None

    def post(self, path: str, body: bytes, token: str = "good", **headers) -> int:
        """Queue a request; returns the stream's id."""
        stream = self._h2.get_next_available_stream_id()
        self._h2.send_headers(stream, [
            (":method", "POST"), (":scheme", "https"), (":authority", self._authority), (":path", path),
            ("authorization", f"Bearer {token}"), ("content-type", "application/json"),
            *((name.replace("_", "-"), value) for name, value in headers.items())])
        self._h2.send_data(stream, body, end_stream=True)
        self.streams[stream] = Stream()
        return stream

    def run(self, is_enough=None) -> None:
        """Send what is queued and read until every stream is over, or is_enough() says so, or the end."""
        is_enough = is_enough or (lambda: all(s.is_over for s in self.streams.values()))
        self._flush()
        while not self.is_closed and not is_enough():
            try:
                data = self._socket.recv(65536)
            except OSError as error:
                data, self.close_error = b"", error
            if not data:
                self.is_closed = True
                return
            for event in self._h2.receive_data(data):
                self._take(event)
            self._flush()

    def close(self) -> None:
        self._socket.close()

    def _flush(self) -> None:
        try:
            self._socket.sendall(self._h2.data_to_send())
        except OSError as error:
            self.close_error = error  # reading says that it is over

    def _take(self, event) -> None:
        stream = self.streams.get(getattr(event, "stream_id", None))
        match event:
            case h2.events.ResponseReceived():
                stream.headers = dict(event.headers)
                stream.status = int(stream.headers[":status"])
            case h2.events.DataReceived():
                stream.body += event.data
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                stream.is_over = True
            case h2.events.StreamReset() if stream:
                stream.is_over, stream.reset_code = True, event.error_code
            case h2.events.ConnectionTerminated():
                self.goaway = (event.last_stream_id, event.error_code)
            case h2.events.RemoteSettingsChanged():
                changed = event.changed_settings.get(h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS)
                self.max_streams = changed.new_value if changed else self.max_streams
