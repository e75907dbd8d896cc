"""./build.sh load: its parts by themselves, and its short form: everything that was due is accounted for, and drawn."""

import asyncio
import json
import os
import subprocess
import sys
import time
import types

import pytest

from harness import paths

LOAD = paths.ROOT / "tests" / "load"
sys.path[:0] = [str(LOAD), str(paths.ROOT / "tools")]

import account  # noqa: E402
import pool as pools  # noqa: E402
import report_page  # noqa: E402
import schedule  # noqa: E402
import series  # noqa: E402
from flows import FLOWS  # noqa: E402
from http_server import Reply, Server  # noqa: E402
from mapping import Mapping  # noqa: E402
from message_queue import Queue, Sqs  # noqa: E402
from sandbox import Answer, Died, Sandbox, Spec  # noqa: E402
from scenario import SCENARIOS, Due, Mishap, Run, Scenario, Seen, plan  # noqa: E402
from world import World  # noqa: E402

SECONDS, RATE = 8, 8
PER_SECOND = {"due", "arrived", "refused", "p50_ms", "p95_ms", "p99_ms", "sandboxes", "busy", "cold_starts", "throttled"}


# --- when requests are due

def test_the_same_seed_is_the_same_day():
    assert plan(SCENARIOS[-1], 10, 20, 7) == plan(SCENARIOS[-1], 10, 20, 7) != plan(SCENARIOS[-1], 10, 20, 8)


def test_arrivals_follow_the_rate():
    moments = schedule.arrivals(schedule.EVENING, 100, 50, seed=1)
    assert moments == sorted(moments) and 0 <= moments[0] and moments[-1] < 100
    for phase, first, last in schedule.spans(schedule.EVENING, 100):
        expected = 50 * (phase.begin + phase.end) / 2 * (last - first)
        assert sum(first <= at < last for at in moments) == pytest.approx(expected, rel=0.1), phase.name


def test_rate_goes_in_straight_lines_and_ends():
    phases = [schedule.Phase("up", 0.5, 0, 10), schedule.Phase("on", 0.5, 10, 10)]
    assert [schedule.rate_at(phases, 10, at) for at in (0, 2.5, 5, 9.9, 10)] == [0, 5, 10, 10, 0]


# --- second by second

def test_counts_have_a_place_for_every_second():
    assert series.counts([0.0, 0.99, 2.5, 3.0, -1], 3) == [2, 0, 1]


def test_latencies_belong_to_the_second_that_was_meant():
    seen = series.latencies([(0.1, 0.010), (0.2, 0.020), (0.9, 5.0), (2.0, 0.001)], 3)
    assert seen == {"p50_ms": [20.0, None, 1.0], "p95_ms": [5000.0, None, 1.0], "p99_ms": [5000.0, None, 1.0]}


def test_quantile_is_a_value_that_was_there():
    assert [series.quantile(list(range(1, 101)), q) for q in (0.5, 0.95, 0.99)] == [50, 95, 99]
    assert series.quantile([], 0.5) is None


def test_levels_are_the_highest_of_a_second_and_last():
    assert series.levels([(0.5, 1), (0.6, 1), (0.7, -1), (2.1, -1), (3.5, 1)], 5) == [2, 1, 1, 1, 1]
    assert series.levels([(-1.0, 2)], 2) == [2, 2]


def test_highest_leaves_a_gap_where_nothing_was_looked_at():
    assert series.highest([(0.1, 3), (0.2, 5), (2.9, 1)], 3) == [5, None, 1]


# --- the queue and its mapping

def received(queue: Queue, n: int = 10) -> list[str]:
    return [message.body for message in queue.receive(n)]


def test_a_message_comes_back_until_it_is_a_dead_letter():
    queue = Queue("q", visibility_s=0, max_receives=2)
    queue.send("a")
    assert [received(queue), received(queue), received(queue)] == [["a"], ["a"], []]
    assert queue.dead == ["a"] and queue.left() == 0


def test_a_message_in_an_invocation_is_seen_by_nobody_else():
    queue = Queue("q", visibility_s=60, max_receives=2)
    queue.send("a")
    assert [received(queue), received(queue)] == [["a"], []]
    assert queue.left() == 1 and 59 < queue.next_visible_in_s() <= 60


def test_the_function_says_when_a_message_comes_back():
    queue = Queue("q", visibility_s=60, max_receives=9)
    queue.send("a")
    handle = queue.receive(1)[0].handle
    assert queue.change_visibility(handle, 0) and received(queue) == ["a"]
    assert not queue.change_visibility(handle, 0), "the second receive gave another handle"


def test_a_longer_delay_takes_the_place_of_a_shorter_one():
    queue = Queue("q", visibility_s=0, max_receives=9)
    queue.send("a")
    assert queue.change_visibility(queue.receive(1)[0].handle, 60) and received(queue) == []


def test_deleted_is_gone_and_told():
    queue, told = Queue("q", visibility_s=0, max_receives=9), []
    queue.on_deleted = told.append
    queue.send("a")
    queue.delete(queue.receive(1))
    assert told == ["a"] and received(queue) == [] and queue.left() == 0 and queue.oldest_age_s() == 0


class Function:
    """A pool whose function fails whatever body is "bad", once."""

    def __init__(self):
        self.spec, self.batches = Spec("f", paths.ROOT, {}, 1, 1), []

    async def invoke(self, event: bytes) -> Answer:
        records = json.loads(event)["Records"]
        self.batches.append([record["body"] for record in records])
        failed = [r["messageId"] for r in records if r["body"] == "bad" and r["attributes"]["ApproximateReceiveCount"] == "1"]
        return Answer(200, json.dumps({"batchItemFailures": [{"itemIdentifier": id} for id in failed]}).encode())


def test_mapping_fills_batches_and_leaves_what_failed():
    async def run() -> list[list[str]]:
        queue, function = Queue("q", visibility_s=0, max_receives=9), Function()
        for body in ("good-1", "bad", "good-2"):
            queue.send(body)
        mapping = Mapping(queue, function, batch_size=2, window_s=60)
        await until(lambda: queue.left() == 0)
        await mapping.stop()
        return function.batches

    assert bounded(run()) == [["good-1", "bad"], ["good-2", "bad"]]


def test_mapping_waits_for_a_batch_to_fill():
    async def run() -> list[list[str]]:
        queue, function = Queue("q", visibility_s=60, max_receives=9), Function()
        mapping = Mapping(queue, function, batch_size=3, window_s=60)
        queue.send("first")
        await until(lambda: queue.next_visible_in_s() > 50)  # the mapping has it
        queue.send("second")
        queue.send("third")
        await until(lambda: queue.left() == 0)
        await mapping.stop()
        return function.batches

    assert bounded(run()) == [["first", "second", "third"]]


async def until(is_true) -> None:
    async with asyncio.timeout(20):
        while not is_true():
            await asyncio.sleep(0)


def bounded(work) -> object:
    """What hangs is a failure, too."""
    return asyncio.run(asyncio.wait_for(work, 60))


# --- sandboxes

class FakeSandbox:
    """Answers when it is told to; dies when it is told so."""
    all = []

    def __init__(self, spec, log, on_ready):
        self.answers, self.is_stopped = asyncio.Queue(), False
        FakeSandbox.all.append(self)
        on_ready(0.001)

    async def start(self):
        return self

    async def invoke(self, event):
        answer = await self.answers.get()
        if answer is Died:
            raise Died("told to")
        return answer

    def stop(self):
        self.is_stopped = True


@pytest.fixture
def pool(monkeypatch, tmp_path):
    monkeypatch.setattr(pools, "Sandbox", FakeSandbox)
    FakeSandbox.all = []
    return pools.Pool(Spec("f", paths.ROOT, {}, 2, 1), tmp_path)


def test_a_new_sandbox_only_when_all_are_busy_and_none_beyond_the_limit(pool):
    async def run():
        first = asyncio.create_task(pool.invoke(b""))
        await until(lambda: len(FakeSandbox.all) == 1)
        FakeSandbox.all[0].answers.put_nowait(Answer(200, b"1"))
        assert (await first).body == b"1"
        some = [asyncio.create_task(pool.invoke(b"")) for _ in range(2)]
        await until(lambda: len(FakeSandbox.all) == 2)
        with pytest.raises(pools.Throttled):
            await pool.invoke(b"")
        for sandbox in FakeSandbox.all:
            sandbox.answers.put_nowait(Answer(200, b"2"))
        await asyncio.gather(*some)

    bounded(run())
    assert (len(FakeSandbox.all), len(pool.cold_starts), len(pool.throttles)) == (2, 2, 1)
    assert sum(step for _, step in pool.busy) == 0 and sum(step for _, step in pool.alive) == 2


def test_a_dead_sandbox_is_replaced(pool):
    async def run():
        for answer in Died, Answer(200, b"alive"):
            call = asyncio.create_task(pool.invoke(b""))
            await until(lambda: FakeSandbox.all and not FakeSandbox.all[-1].is_stopped)
            FakeSandbox.all[-1].answers.put_nowait(answer)
            answers.append((await asyncio.gather(call, return_exceptions=True))[0])

    answers = []
    bounded(run())
    assert isinstance(answers[0], Died) and answers[1].body == b"alive"
    assert [s.is_stopped for s in FakeSandbox.all] == [True, False] and len(pool.deaths) == 1


@pytest.mark.parametrize("name, within_s", [("hangs", 0.3), ("exits", 60), ("init_fail", 60)])
def test_a_real_sandbox_that_does_not_answer_is_ended(tmp_path, name, within_s):
    async def run() -> Sandbox:
        sandbox = await Sandbox(Spec(name, paths.test_function(name), {}, 1, within_s), tmp_path / "log", lambda took_s: None).start()
        with pytest.raises(Died):
            await sandbox.invoke(b'"hang"')
        sandbox.stop()
        return sandbox

    assert bounded(run()).has_ended


def test_a_real_sandbox_answers_one_event_after_the_other_and_says_when_it_was_ready(tmp_path):
    ready = []

    async def run() -> list[bytes]:
        sandbox = await Sandbox(Spec("echo", paths.test_function("echo"), {}, 1, 60), tmp_path / "log", ready.append).start()
        answers = [(await sandbox.invoke(event)).body for event in (b'"a"', b'"b"')]
        sandbox.stop()
        return answers

    assert bounded(run()) == [b'"a"', b'"b"']
    assert len(ready) == 1 and 0 < ready[0] < 60


# --- the sender

@pytest.fixture(scope="module")
def attack():
    built = subprocess.run(["tests/load/attack/build.sh"], cwd=paths.ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return built.stdout.strip()


def write_schedule(file, url: str, moments_ms: list[int]):
    file.write_text("".join(json.dumps({"due_us": 1000 * ms, "method": "POST", "url": url, "body": str(n)}) + "\n"
                            for n, ms in enumerate(moments_ms)))
    return file


def test_sender_waits_for_nobody(attack, tmp_path):
    """The first request is answered only when the last has come: a sender that waits for replies would never send it."""
    n, bodies = 200, []

    async def run() -> list[dict]:
        all_came = asyncio.Event()

        async def answer(request) -> Reply:
            bodies.append(request.body)
            if len(bodies) == n:
                all_came.set()
            await all_came.wait()
            return Reply(200)

        server = await Server(answer).start()
        file = write_schedule(tmp_path / "schedule", server.url, [5 * i for i in range(n)])
        start_unix_ms = round(1000 * time.time()) + 100
        sender = await asyncio.create_subprocess_exec(attack, file, str(start_unix_ms), stdout=subprocess.PIPE)
        output, _ = await sender.communicate()
        server.stop()
        assert sender.returncode == 0
        return [json.loads(line) for line in output.splitlines()]

    answers = {a["n"]: a for a in bounded(run())}
    assert sorted(bodies) == sorted(str(i).encode() for i in range(n)) and sorted(answers) == list(range(n))
    assert all(a["code"] == 200 and a["error"] == "" for a in answers.values())
    assert all(answers[i]["sent_us"] >= 5000 * i for i in range(n)), "nothing leaves before it is due"
    assert answers[0]["ended_us"] >= answers[n - 1]["sent_us"]


def test_sender_speaks_to_this_machine_alone(attack, tmp_path):
    file = write_schedule(tmp_path / "schedule", "http://127.0.0.2/", [0])  # not ours, and harmless should it be asked after all
    done = subprocess.run([attack, file, "0"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "is not on this machine" in done.stderr


# --- what goes wrong meanwhile

def test_mishaps_are_told_in_the_order_in_which_they_began(tmp_path):
    """However long each lasts: PostgreSQL takes its time to come back on a busy machine."""
    second_is_over = asyncio.Event()

    async def first(world, seconds) -> None:
        await second_is_over.wait()

    async def second(world, seconds) -> None:
        second_is_over.set()

    async def run() -> list[dict]:
        seen = Seen(SCENARIOS[-1], 10, [], began=time.monotonic() - 10)
        run = Run(None, tmp_path, None)
        await asyncio.gather(*(run._happen(seen, mishap) for mishap in (Mishap("first", 0.1, first, 1), Mishap("second", 0.2, second, 1))))
        return seen.incidents

    incidents = bounded(run())
    assert [(i["title"], i["from_s"]) for i in incidents] == [("first", 1), ("second", 2)]
    assert incidents[0]["to_s"] >= incidents[1]["to_s"] >= 10


def test_fcm_answers_503_until_a_push_has_met_it():
    """None does while PostgreSQL is still away, which on a busy machine is longer than was planned."""
    n_met, said = iter([0, 0, 1]), []

    def control(verb: str, body=None) -> dict:
        said.append(verb if body is None else body["registration-1"])
        return {"by_verdict": {"unavailable": next(n_met)}} if verb == "counts" else {}

    world = World.__new__(World)  # without PostgreSQL and FCM
    world.devices, world.fcm = 1, types.SimpleNamespace(control=control)
    bounded(world.fcm_overloaded(0))
    assert said == ["unavailable", "counts", "counts", "counts", "accepted"]


# --- SQS's API

def test_messages_and_delays_come_in_over_http():
    queue = Queue("q", visibility_s=60, max_receives=9)

    async def call(server: Server, target: str, body: dict) -> dict:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.authority.split(":")[1]))
        data = json.dumps(body).encode()
        head = f"POST / HTTP/1.1\r\nX-Amz-Target: AmazonSQS.{target}\r\nContent-Length: {len(data)}\r\n\r\n".encode()
        writer.write(head[:20])  # a request may come in any pieces
        await writer.drain()
        writer.write(head[20:] + data)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        length = int((await reader.readuntil(b"\r\n\r\n")).lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        answer = json.loads(await reader.readexactly(length))
        writer.close()
        return answer

    async def run():
        server = await Server(Sqs([queue]).answer).start()
        sent = await call(server, "SendMessage", {"QueueUrl": "http://x/1/q", "MessageBody": "a"})
        assert sent["MD5OfMessageBody"] == "0cc175b9c0f1b6a831c399e269772661"
        entries = [{"Id": "0", "ReceiptHandle": queue.receive(1)[0].handle, "VisibilityTimeout": 0},
                   {"Id": "1", "ReceiptHandle": "stale", "VisibilityTimeout": 0}]
        answer = await call(server, "ChangeMessageVisibilityBatch", {"QueueUrl": "http://x/1/q", "Entries": entries})
        assert [e["Id"] for e in answer["Successful"]] == ["0"] and [e["Id"] for e in answer["Failed"]] == ["1"]
        server.stop()

    bounded(run())
    assert received(queue) == ["a"]


# --- the whole of it, short

@pytest.fixture(scope="module")
def short(attack, tmp_path_factory):
    """load.json of a short run, and the page that is made of it."""
    folder = tmp_path_factory.mktemp("report")
    done = subprocess.run([sys.executable, LOAD / "load.py", "--attack", attack, "--seconds", str(SECONDS), "--rate", str(RATE),
                           "--people", "1000", "--report", folder], capture_output=True, text=True, timeout=200, check=False, env=os.environ)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    subprocess.run([sys.executable, paths.ROOT / "tools" / "report_page.py", folder], check=True, capture_output=True)
    return json.loads((folder / "load.json").read_text()), (folder / "index.html").read_text()


def flows_of(kept: dict) -> list[tuple[dict, dict]]:
    return [(scenario, flow) for scenario in kept["scenarios"] for flow in scenario["flows"]]


def test_every_request_that_was_due_is_accounted_for(short):
    kept, _ = short
    assert kept["failed"] == [] and [s["name"] for s in kept["scenarios"]] == [s.name for s in SCENARIOS]
    share = SECONDS / sum(s.weight for s in SCENARIOS)
    for number, scenario in enumerate(SCENARIOS):
        due = plan(scenario, share * scenario.weight, RATE, number)
        for flow in kept["scenarios"][number]["flows"]:
            seen = flow["account"]
            assert seen["due"] == sum(d.flow.name == flow["name"] for d in due) > 0
            assert seen["taken"] + seen["throttled"] + seen["failed"] == seen["due"] and seen["unaccounted"] == 0
            assert seen["units_arrived"] == seen["units_expected"] > 0 and seen["units_lost"] == 0
            assert seen["left"] == 0 and seen["dead_letters"] == 0


def test_series_have_a_bucket_for_every_second_and_add_up(short):
    kept, _ = short
    for scenario, flow in flows_of(kept):
        kinds = PER_SECOND | (set() if flow["name"] == "search_query" else {"backlog", "backlog_age_s"})
        assert flow["series"].keys() == kinds
        assert {len(values) for values in flow["series"].values()} == {scenario["seconds"]}
        assert sum(flow["series"]["due"]) == flow["account"]["due"] * FLOWS[flow["name"]].per_request
        assert sum(flow["series"]["arrived"]) == flow["account"]["units_arrived"]
        assert max(flow["series"]["sandboxes"]) >= max(flow["series"]["busy"]) > 0
        assert sum(flow["series"]["cold_starts"]) >= 1
        assert all(low <= high for low, high in zip(flow["series"]["p50_ms"], flow["series"]["p99_ms"]) if low is not None)


def test_worst_day_really_was_one(short):
    kept, _ = short
    worst = kept["scenarios"][-1]
    assert [incident["title"] for incident in worst["incidents"]] == ["PostgreSQL is away", "FCM answers 503"]
    search, push = (next(flow for flow in worst["flows"] if flow["name"] == name) for name in ("search_query", "push_send"))
    assert search["account"]["failed"] > 0, "whoever searched while PostgreSQL was away was told so"
    assert worst["fcm_answers"]["unavailable"] > 0
    assert push["figures"]["max_ms"] > 10_000, "a send that met a 503 comes back after FCM's floor of 10 s"
    assert max(push["series"]["backlog_age_s"]) > 10


def test_page_draws_it(short):
    kept, page = short
    n = sum(3 if flow["name"] == "search_query" else 5 for _, flow in flows_of(kept))
    assert page.count('<figure class="lines">') == n and page.count('role="img"') == n
    n_worst = sum(3 if flow["name"] == "search_query" else 5 for flow in kept["scenarios"][-1]["flows"])
    assert page.count('class="incident">FCM answers 503') == n_worst
    assert "Everything came out as expected." in page


def test_each_request_is_counted_for_what_became_of_it(pool):
    """One of every kind; pushes, three of a request."""
    flow, queue = FLOWS["push_send"], Queue("push_send", 60, 9)
    kinds = {"arrived": 200, "one is missing": 200, "came twice": 200, "throttled": 429, "failed": 502, "no answer": None}
    due = [Due(flow, kind, at_s=n, sent_s=n, ended_s=None if code is None else n + 0.5, code=code or 0)
           for n, (kind, code) in enumerate(kinds.items())]
    arrived = {"arrived": {"r1": [0.5], "r2": [0.5], "r3": [0.7]}, "one is missing": {"r1": [1.5], "r2": [1.5]},
               "came twice": {"r1": [2.1, 2.9], "r2": [2.2], "r3": [2.3]}}
    stage = types.SimpleNamespace(pools={"push_send": pool}, queues={"push_send": queue}, backlog={"push_send": []}, n_reported=0)
    scenario = Scenario("s", "S", schedule.EVEN, {"push_send": 1})
    result = account.result(Seen(scenario, 6, due, 6.0, arrived, stage=stage))
    flow = result["flows"][0]
    assert flow["account"] == {
        "due": 6, "taken": 3, "throttled": 1, "failed": 1, "unaccounted": 1, "units_due": 18, "units_expected": 9, "units_arrived": 8,
        "units_lost": 1, "units_doubled": 1, "dead_letters": 0, "left": 0}
    assert flow["series"]["arrived"] == [3, 2, 3, 0, 0, 0] and flow["series"]["refused"] == [0, 0, 0, 1, 1, 0]
    assert flow["series"]["due"] == [3] * 6 and flow["series"]["p99_ms"] == [700, 500, 300, None, None, None]
    assert (flow["figures"]["p50_ms"], flow["figures"]["max_ms"], flow["figures"]["busiest_second"]) == (500, 700, 3)
    assert account.failures([result]) == ["s, push_send: requests without any answer: 1, must be 0", "s, push_send: lost: 1, must be 0",
                                          "s, push_send: arrived twice: 1, must be 0"]


def test_what_is_missing_is_a_failure():
    lost = {"account": dict.fromkeys(account.GOALS, 0) | {"units_lost": 2, "units_doubled": 1}}
    results = [{"name": "s", "flows": [lost | {"name": "push_send"}, lost | {"name": "search_log"}]}]
    assert account.failures(results) == ["s, push_send: lost: 2, must be 0", "s, push_send: arrived twice: 1, must be 0",
                                         "s, search_log: lost: 2, must be 0"]


def test_a_page_of_load_alone_says_nothing_of_the_demo(short):
    kept, _ = short
    page = report_page.document({"load": kept}, "")
    assert "Pushes of an evening" not in page and "Narae: load" in page
