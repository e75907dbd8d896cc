"""The FCM stand-in's own listener by itself: what it does to connections, as tests/standins/fcm/README.md says."""

import json
import ssl
import urllib.request

import pytest

from harness import pki
from harness.fcm import Fcm
from harness.http2 import Connection

SEND = "/v1/projects/demo/messages:send"
NO_ERROR, INTERNAL_ERROR, REFUSED_STREAM = 0, 2, 7


def message(target="a") -> bytes:
    return json.dumps({"message": {"token": target}}).encode()


def connect(fcm: Fcm) -> Connection:
    return Connection(fcm.endpoint)


def test_streams_are_answered_and_journal_says_which(stand_in):
    fcm = stand_in(http2={"max_concurrent_streams": 7})
    client = connect(fcm)
    ids = [client.post(SEND, message(f"r{n}")) for n in range(5)]
    client.run()

    assert client.max_streams == 7
    assert [client.streams[i].status for i in ids] == [200] * 5
    journal = fcm.sends()
    assert [(r["target"], r["stream"], r["verdict"], r["fault"]) for r in journal] == [
        (f"r{n}", i, "accepted", "none") for n, i in enumerate(ids)]
    assert [json.loads(client.streams[i].body)["name"] for i in ids] == [r["name"] for r in journal]
    assert len({r["connection"] for r in journal}) == 1


# name, is the connection still good afterwards, reset code, is the message delivered
STREAM_FAULTS = [("refuse", REFUSED_STREAM, False), ("reset", INTERNAL_ERROR, False), ("reset_after", INTERNAL_ERROR, True),
                 ("reset_mid", INTERNAL_ERROR, True)]


@pytest.mark.parametrize("fault, code, is_delivered", STREAM_FAULTS, ids=[f[0] for f in STREAM_FAULTS])
def test_fault_of_a_stream_leaves_the_others_alone(stand_in, fault, code, is_delivered):
    fcm = stand_in(registrations={"odd": {"fault": fault}})
    client = connect(fcm)
    odd, even = client.post(SEND, message("odd")), client.post(SEND, message("even"))
    client.run()

    assert client.streams[odd].reset_code == code and client.streams[even].status == 200
    assert (client.streams[odd].status == 200) == (fault == "reset_mid")
    spoilt, good = fcm.sends()
    assert (spoilt["fault"], spoilt["verdict"], spoilt["status"]) == (
        (fault, "accepted", 200) if is_delivered else (fault, "not_acted_upon", 0))
    assert fcm.control("counts")["accepted"] == (2 if is_delivered else 1)


@pytest.mark.parametrize("fault, is_delivered", [("cut", False), ("cut_after", True)])
def test_cut_ends_the_connection_without_a_word(stand_in, fault, is_delivered):
    fcm = stand_in(registrations={"odd": {"fault": fault}})
    client = connect(fcm)
    before = client.post(SEND, message("even"))
    client.run()
    odd = client.post(SEND, message("odd"))
    client.run()

    assert client.is_closed and client.close_error and client.goaway is None
    assert client.streams[before].status == 200 and not client.streams[odd].is_over
    assert fcm.control("counts")["accepted"] == (2 if is_delivered else 1)


def test_goaway_answers_the_one_and_takes_no_more(stand_in):
    fcm = stand_in(registrations={"odd": {"fault": "goaway"}})
    client = connect(fcm)
    odd = client.post(SEND, message("odd"))
    client.run(lambda: client.is_closed)

    assert client.streams[odd].status == 200
    assert client.goaway == (odd, NO_ERROR)


def test_goaway_before_says_that_the_request_was_not_read(stand_in):
    fcm = stand_in(registrations={"odd": {"fault": "goaway_before"}})
    client = connect(fcm)
    even = client.post(SEND, message("even"))
    client.run()
    client.post(SEND, message("odd"))
    client.run(lambda: client.is_closed)

    assert client.goaway == (even, NO_ERROR)
    assert [r["target"] for r in fcm.sends() if r["verdict"] == "accepted"] == ["even"]


@pytest.mark.parametrize("fault, n_answered", [("goaway", 3), ("goaway_before", 2)])
def test_nothing_above_a_goaways_last_stream_is_acted_upon(stand_in, fault, n_answered):
    """All of them arrive before the GOAWAY can leave."""
    fcm = stand_in(registrations={"odd": {"fault": fault}})
    client = connect(fcm)
    for target in ("a", "b", "odd", *(f"late{n}" for n in range(20))):
        client.post(SEND, message(target))
    client.run(lambda: client.is_closed)

    last_id, _ = client.goaway
    answered = [i for i, s in client.streams.items() if s.status == 200]
    assert len(answered) >= n_answered and max(answered) <= last_id
    assert sorted(r["stream"] for r in fcm.sends() if r["status"] == 200) == answered


def test_stalled_request_is_never_answered_while_others_are(stand_in):
    fcm = stand_in(registrations={"odd": {"fault": "stall"}})
    client = connect(fcm)
    odd, even = client.post(SEND, message("odd")), client.post(SEND, message("even"))
    client.run(lambda: client.streams[even].is_over)

    assert client.streams[even].status == 200 and not client.streams[odd].is_over
    assert [r["status"] for r in fcm.sends()] == [0, 200]


def test_client_without_http2_is_served_on_the_tls_port_too(stand_in):
    fcm = stand_in()
    request = urllib.request.Request(fcm.endpoint + SEND, data=message(), headers={
        "Authorization": "Bearer good", "Content-Type": "application/json"})

    with urllib.request.urlopen(request, timeout=10, context=ssl.create_default_context(cafile=str(pki.root()))) as reply:
        assert reply.status == 200 and "name" in json.loads(reply.read())
    assert [(r["target"], r["stream"]) for r in fcm.sends()] == [("a", 0)]


def test_streams_above_the_limit_are_refused(stand_in):
    fcm = stand_in(http2={"refuses_above": 3}, latency_ms=50)
    client = connect(fcm)
    ids = [client.post(SEND, message(f"r{n}")) for n in range(5)]
    client.run()

    assert [client.streams[i].reset_code for i in ids] == [None] * 3 + [REFUSED_STREAM] * 2
    assert sorted(fcm.targets()) == ["r0", "r1", "r2"]


def test_idle_connection_is_closed(stand_in):
    client = connect(stand_in(http2={"idle_close_ms": 50}))
    client.post(SEND, message())
    client.run()
    client.run(lambda: client.is_closed)

    assert client.is_closed


def test_delayed_answers_overtake_each_other(stand_in):
    fcm = stand_in(registrations={"slow": {"delay_ms": 100}})
    client = connect(fcm)
    slow, quick = client.post(SEND, message("slow")), client.post(SEND, message("quick"))
    client.run(lambda: client.streams[quick].is_over)
    assert not client.streams[slow].is_over
    client.run()

    assert client.streams[slow].status == 200
