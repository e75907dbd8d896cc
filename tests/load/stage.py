"""stage.py: the functions of one scenario as the template wires them: sandboxes, an URL, queues and their mappings, the stream.

Is not: a copy of the template's times: a day that takes a minute has no 6 minutes for a message to come back."""

import asyncio
import base64
import json
import time
from collections import defaultdict
from pathlib import Path

import function_url
from flows import MARK
from harness import paths
from http_server import Server
from kinesis_stream import Stream
from mapping import Mapping
from message_queue import Queue, Sqs
from pool import Pool
from sandbox import Spec
from world import World

CONCURRENCY = {"search_query": 12, "push_send": 4, "search_log": 4, "push_devices": 4}
BATCHES = {"push_send": (10, 0.2), "search_log": (1000, 1.0), "push_devices": (10, 0.2)}  # messages, seconds
TIMEOUT_S = 20        # the least that push_send can use: it begins no request that could last longer, 10 s
VISIBILITY_S = 20     # a message that failed without a word about when comes back after so long
MAX_RECEIVES = 12     # the template's
SAMPLE_S = 0.1
KEY = json.dumps({"id": "2026-11", "key": base64.b64encode(bytes(range(32))).decode()})


class Stage:
    def __init__(self, world: World, scratch: Path):
        self._world, self._scratch = world, scratch
        self.arrived: dict[str, list[float]] = defaultdict(list)  # marks, and when; of what is no push
        self.n_reported = 0  # searches that search_query itself reported
        self.backlog: dict[str, list[tuple[float, int, float]]] = defaultdict(list)  # moment, messages, age of the oldest
        self.queues = {name: Queue(name, VISIBILITY_S, MAX_RECEIVES) for name in BATCHES}
        self.queues["push_devices"].on_deleted = lambda body: self._note(body, time.monotonic())

    async def start(self) -> "Stage":
        self._sqs = await Server(Sqs(list(self.queues.values())).answer).start()
        self._kinesis = await Server(Stream(self._note_row).answer).start()
        self.pools = {name: Pool(Spec(name, paths.function(name), self._environment(name), limit, TIMEOUT_S), self._scratch)
                      for name, limit in CONCURRENCY.items()}
        self._url = await Server(function_url.serve(self.pools["search_query"])).start()
        self.mappings = [Mapping(self.queues[name], self.pools[name], *batches) for name, batches in BATCHES.items()]
        self._sampler = asyncio.create_task(self._sample())
        return self

    @property
    def addresses(self) -> dict[str, str]:
        """For flows.py."""
        return {"sqs": self._sqs.url, "search_query": self._url.url, "users": str(self._world.devices)}

    def left(self) -> int:
        """Messages that are on a queue or in an invocation."""
        return sum(queue.left() for queue in self.queues.values())

    async def stop(self) -> None:
        self._sampler.cancel()
        for mapping in self.mappings:
            await mapping.stop()
        for pool in self.pools.values():
            pool.stop()
        for server in (self._url, self._sqs, self._kinesis):
            server.stop()

    def _environment(self, name: str) -> dict[str, str]:
        return {**self._world.settings, "AWS_ENDPOINT_URL_SQS": self._sqs.url, "AWS_ENDPOINT_URL_KINESIS": self._kinesis.url, **{
            "search_query": {"NARAE_SEARCH_CURSOR_KEY": "env:CURSOR_KEY", "CURSOR_KEY": "load-" * 8,
                             "NARAE_SEARCH_EVENTS_QUEUE": f"{self._sqs.url}/123456789012/search_log"},
            "search_log": {"NARAE_SEARCH_STREAM": "searches", "NARAE_SEARCH_PSEUDONYM_KEY": "env:KEY", "KEY": KEY},
            # The slow start that FCM asks for would be all there is to see in a minute.
            "push_send": {"NARAE_PUSH_RAMP_S": "0", "NARAE_PUSH_SPARE_QUARTERS": "off"},
            "push_devices": {}}[name]}

    def _note(self, text: str, at: float) -> bool:
        mark = MARK.search(text)
        if mark:
            self.arrived[mark.group()].append(at)
        return mark is not None

    def _note_row(self, row: str, at: float) -> None:
        if not self._note(row, at):
            self.n_reported += 1

    async def _sample(self) -> None:
        while True:
            for name, queue in self.queues.items():
                self.backlog[name].append((time.monotonic(), queue.left(), queue.oldest_age_s()))
            await asyncio.sleep(SAMPLE_S)
