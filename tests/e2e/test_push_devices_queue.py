"""push_devices behind a queue, standard and FIFO: what is lost, what is kept back, and in which order."""

import json

import pytest

from harness.device_messages import register, replace, token
from harness.event_source import EventSource, Queue, event

LIFE = [register("reg-a", topics=["news"]), replace("reg-b", "reg-a"), {"action": "refresh", **token("reg-b")},
        register("reg-b", "18"), {"action": "unregister", **token("reg-b")}, register("reg-b", "19")]
DEVICES = "select registration, status, coalesce(user_id, '-') from narae_push.device order by 1"


VISIBILITY_S = 360  # as in the template: a test that waited for it would not end


@pytest.fixture
def queue_of(aws):
    """queue_of(is_fifo) -> a queue of device messages; what fails twice is a dead letter."""
    return lambda is_fifo: Queue(aws, "devices", VISIBILITY_S, max_receives=2, is_fifo=is_fifo)


@pytest.fixture
def push_devices(push_devices, aws):
    """One that tells these queues when a message is to come back."""
    return lambda **settings: push_devices({"AWS_ENDPOINT_URL_SQS": aws.endpoint, **settings})


def test_a_queue_hands_over_registrations_and_keeps_what_is_malformed(push_devices, database, queue_of):
    queue, malformed = queue_of(is_fifo=False), ["{not json", json.dumps({"action": "login"})]
    queue.send([json.dumps(register("reg-1")), malformed[0], json.dumps(register("reg-2", "18")), malformed[1]])
    function = push_devices()

    assert EventSource(queue, [function]).run() == 0

    assert database.rows(DEVICES) == [("reg-1", "active", "17"), ("reg-2", "active", "18")]
    assert sorted(queue.dead()) == sorted(malformed)
    assert [c["message"] for c in function.complaints()] == ["message refused"] * 4


def test_a_fifo_queue_keeps_each_users_order(push_devices, database, queue_of):
    """A user's messages are a group: what happened last is what holds, for 20 users at once, in batches that mix them."""
    users = [f"u{n}" for n in range(20)]
    queue = queue_of(is_fifo=True)
    queue.send([json.dumps(message).replace("reg-", f"{user}-") for message in LIFE for user in users], groups=users * len(LIFE))

    assert EventSource(queue, [push_devices(), push_devices()]).run() == 0

    assert database.rows(DEVICES) == sorted(row for user in users for row in [
        (f"{user}-a", "inactive", "17"), (f"{user}-b", "active", "19")])
    assert database.rows("select count(*) from narae_push.topic where is_wanted") == [("0",)], "they were those of user 17"
    assert queue.dead() == []


def test_a_malformed_message_holds_up_nobody(push_devices, database, queue_of):
    """It could never change anything: what stands behind it in its group goes on, and it becomes a dead letter alone."""
    queue = queue_of(is_fifo=True)
    queue.send([json.dumps(register("reg-1")), "{not json", json.dumps({"action": "unregister", **token("reg-1")})], groups=["17"] * 3)
    source = EventSource(queue, [push_devices()])

    assert source.run() == 0

    assert [(len(i.bodies), i.n_done) for i in source.invocations] == [(3, 2), (1, 0)]
    assert database.rows(DEVICES) == [("reg-1", "inactive", "-")]
    assert queue.dead() == ["{not json"]


def test_an_outage_of_the_database_costs_seconds(push_devices, database, queue_of):
    """A registration that met it is there soon after, long before its message's visibility ends."""
    queue = queue_of(is_fifo=False)
    queue.send([json.dumps(register("reg-1"))])
    source = EventSource(queue, [push_devices()])
    outage = [True]

    def end_it_after_the_first_invocation(source):
        if outage and source.invocations and source.invocations[0].ended_ms:
            outage.pop()
            database.accept_connections(True)

    database.accept_connections(False)
    assert source.run(end_it_after_the_first_invocation) == 0

    first, second = source.invocations
    assert (first.receives, first.n_done, second.receives, second.n_done) == ([1], 0, [2], 1)
    assert 4_000 < second.began_ms - first.ended_ms < 30_000, "5 s and some jitter"
    assert database.rows(DEVICES) == [("reg-1", "active", "17")]


def test_a_fifo_group_comes_back_in_its_order(push_devices, sqs, queue_of):
    """The first message has been received more often, so it waits longer: none behind it may come before."""
    queue = queue_of(is_fifo=True)
    queue.send([json.dumps(register(f"reg-{n}")) for n in range(3)], groups=["17"] * 3)
    messages = queue.receive(3)
    messages[0]["Attributes"]["ApproximateReceiveCount"] = "4"
    function = push_devices(AWS_ENDPOINT_URL_SQS=sqs.endpoint, DATABASE="postgresql://narae:hush@127.0.0.1:1/none")

    function.invoke(event(messages, queue.arn))

    delays = [sqs.delays[m["ReceiptHandle"]] for m in messages]
    assert 40 <= delays[0] <= 60 and delays == [delays[0]] * 3
