"""Very many pushes through everything that can go wrong at once, and an account of every one of them.

Is:      messages on a queue, two sandboxes behind an event source mapping, FCM that throttles and breaks connections, functions
         killed with -9, a database that restarts; then FCM's journal against what was asked for.
Is not:  a scenario by itself: tests/e2e/test_faults.py has the short one, tests/bench/faults.py the long one.
Beware:  FCM's faults here never lose an answer to a message that it has acted upon: such a message must be sent again by any
         sender, and nobody could tell its double from a mistake.
"""

import collections
import os
import random
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from harness import paths, pki, push
from harness.aws import Aws
from harness.database import Database
from harness.emulator import Emulator
from harness.event_source import EventSource, Invocation, Queue
from harness.fcm import Fcm
from harness.process import children, local_ports

SANDBOXES = 2
MAX_RECEIVES = 30  # lost means lost: nothing may end as a dead letter
READ_LATE_MS = 2_000  # far less than a lease: nobody else can have sent the message again by then
KILLED_SHARE = 0.3  # of the invocations, until there were enough


@dataclass
class Plan:
    n_messages: int
    n_devices: int          # of each message
    n_kills: int
    n_restarts: int         # of PostgreSQL
    n_repeated: int         # messages that the producer puts on the queue twice
    batch: int              # messages of an invocation
    kill_within_s: float    # of an invocation's begin: about as long as most of them take
    mishaps: list[dict]     # of FCM
    timeout_s: int          # of the function
    visibility_s: int       # of the queue
    deadline_s: int         # of the whole run
    settings: dict = field(default_factory=dict)
    seed: int = 1


@dataclass
class Account:
    """Each send is a (message id, registration)."""
    n_sends: int
    n_accepted: int              # by FCM, doubles included
    lost: list
    doubled: list
    unexplained: list            # doubled, although no process died between FCM's answer and the commit
    without_collapse_key: list   # among the doubled
    n_left: int                  # messages still on the queue when the time was up
    dead_letters: list
    unfinished: list             # ledger rows that are not "sent"
    n_invocations: int
    n_kills: int
    n_restarts: int
    verdicts: dict               # how FCM answered, by name
    took_s: float


class FaultRun:
    def __init__(self, scratch: Path, plan: Plan):
        self.plan, self.scratch = plan, scratch
        self.random = random.Random(plan.seed)
        self.database = Database()
        self.fcm = Fcm(scratch / "fcm", has_own_tls=True, mishaps=plan.mishaps, seed=plan.seed)
        self.aws = Aws(scratch / "aws", free_calls=None)
        self.queue = Queue(self.aws, "push", plan.visibility_s, MAX_RECEIVES)
        self.source = None  # while it runs, and afterwards
        self.n_kills = self.n_restarts = 0
        self._lock = threading.Lock()
        self._timers = []

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        for part in (self.fcm, self.aws):
            part.stop()
        self.database.drop()

    def run(self) -> Account:
        self.database.add_devices([("u", f"registration-{n:05}") for n in range(1, self.plan.n_devices + 1)])
        begin = time.monotonic()
        sandboxes = [self._sandbox(n) for n in range(SANDBOXES)]
        self.source = EventSource(self.queue, sandboxes, self.plan.batch, self._perhaps_kill)
        try:
            self.queue.send(self._bodies())
            n_left = self.source.run(self._perhaps_restart, self.plan.deadline_s)
        finally:
            for sandbox in sandboxes:
                sandbox.stop()
        return self._account(n_left, time.monotonic() - begin)

    def invocations(self) -> list[Invocation]:
        return self.source.invocations if self.source else []

    # --- what is asked for ---------------------------------------------------------------------------------------

    def _ids(self) -> list[str]:
        return [f"message-{n:05}" for n in range(self.plan.n_messages)]

    def _bodies(self) -> list[str]:
        ids = self._ids() + self.random.sample(self._ids(), self.plan.n_repeated)
        self.random.shuffle(ids)
        return [push.body(id, {"users": ["u"]}) for id in ids]

    def _sandbox(self, n: int) -> Emulator:
        return Emulator(paths.function("push_send"), "push_send.handler", self.scratch / f"sandbox{n}", {
            "NARAE_DATABASE": "env:DATABASE", "DATABASE": self.database.conninfo,
            "NARAE_FCM_SERVICE_ACCOUNT": "env:SERVICE_ACCOUNT", "SERVICE_ACCOUNT": self.fcm.service_account(),
            "NARAE_FCM_ENDPOINT": self.fcm.endpoint, "AWS_ENDPOINT_URL": self.aws.endpoint,
            "NARAE_PUSH_RATE": "100000", "NARAE_PUSH_RAMP_S": "0", "NARAE_PUSH_SPARE_QUARTERS": "off",
            "SSL_CERT_FILE": str(pki.root()), **self.plan.settings}, self.plan.timeout_s)

    # --- what goes wrong -----------------------------------------------------------------------------------------

    def _perhaps_kill(self, sandbox: Emulator, invocation: Invocation) -> None:
        """Called when an invocation begins."""
        if self.n_kills >= self.plan.n_kills or self.random.random() > KILLED_SHARE:
            return
        timer = threading.Timer(self.random.uniform(0, self.plan.kill_within_s), self._kill, (sandbox, invocation))
        self._timers.append(timer)
        timer.start()

    def _kill(self, sandbox: Emulator, invocation: Invocation) -> None:
        with self._lock:
            pids = children(sandbox.program.process.pid)
            if invocation.ended_ms or not pids or self.n_kills >= self.plan.n_kills:
                return
            try:
                os.kill(pids[0], signal.SIGSTOP)  # what it has open now is what it had open when it died
                ports = local_ports(pids[0])
                os.kill(pids[0], signal.SIGKILL)
            except ProcessLookupError:
                return
            invocation.killed_ms, invocation.killed_ports = time.time() * 1000, sorted(ports)
            self.n_kills += 1

    def _perhaps_restart(self, source: EventSource) -> None:
        """Spread over the first round, when the ledger is written most."""
        due = (self.n_restarts + 1) * (self.plan.n_messages // self.plan.batch) // (self.plan.n_restarts + 1)
        if self.n_restarts < self.plan.n_restarts and len(source.invocations) >= due:
            self.n_restarts += 1
            subprocess.run([os.environ["NARAE_TEST_PGCTL"], "restart"], check=True, timeout=60)

    # --- what came of it -----------------------------------------------------------------------------------------

    def _account(self, n_left: int, took_s: float) -> Account:
        sends = self.fcm.sends()
        accepted = collections.defaultdict(list)
        for send in sends:
            if send["verdict"] == "accepted":
                accepted[key_of(send)].append(send)
        wanted = {(id, f"registration-{n:05}") for id in self._ids() for n in range(1, self.plan.n_devices + 1)}
        assert accepted.keys() <= wanted, "FCM got what nobody asked for"
        doubled = [key for key, some in accepted.items() if len(some) > 1]
        killed = [(id, i) for i in self.invocations() if i.killed_ms for id in i.message_ids()]
        return Account(
            n_sends=len(wanted), n_accepted=sum(map(len, accepted.values())), lost=sorted(wanted - accepted.keys()),
            doubled=doubled, unexplained=[key for key in doubled if not _is_explained(accepted[key], killed)],
            without_collapse_key=[key for key in doubled if not all(_has_collapse_key(s) for s in accepted[key])],
            n_left=n_left, dead_letters=self.queue.dead(),
            unfinished=self.database.rows("select message_id, device_id, state from narae_push.send where state <> 'sent'"),
            n_invocations=len(self.invocations()), n_kills=self.n_kills, n_restarts=self.n_restarts,
            verdicts=collections.Counter(s["verdict"] if s["fault"] == "none" else s["fault"] for s in sends), took_s=took_s)


def key_of(send: dict) -> tuple[str, str]:
    """The message's id stands in its collapse keys."""
    message = send["body"]["message"]
    return message["apns"]["headers"]["apns-collapse-id"], send["target"]


def _has_collapse_key(send: dict) -> bool:
    """On either kind of device: the second push replaces the first one."""
    message, id = send["body"]["message"], key_of(send)[0]
    return message["android"]["notification"]["tag"] == id


def _is_explained(accepted: list[dict], killed: list[tuple[str, Invocation]]) -> bool:
    """Each but the last came from an invocation that had the message and was killed before it could write that down."""
    id = key_of(accepted[0])[0]
    return all(any(killed_id == id and _came_from(i, send) for killed_id, i in killed)
               for send in sorted(accepted, key=lambda s: s["mono_us"])[:-1])


def _came_from(killed: Invocation, send: dict) -> bool:
    """While it lived; or a little later, on a connection of the dead: FCM had yet to read what lay in its socket."""
    came_ms = send["wall_unix_ms"]
    return killed.began_ms <= came_ms <= killed.killed_ms + 1 or (
        killed.killed_ms < came_ms <= killed.killed_ms + READ_LATE_MS and send["connection"] in killed.killed_ports)
