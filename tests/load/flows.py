"""flows.py: what people do, as requests: a search, a push message, a search event of the app, a word of a client about its device.

Each request has a mark, load-NAME-SCENARIO-NUMBER, which is found again wherever the request has got to. Pure."""

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

MARK = re.compile(r"load-[a-z_]+-\d+-\d{6}")
SEND = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.SendMessage"}
DEVICES_OF_A_MESSAGE = 3
FAMILY = "김이박최정강조윤장임한오서신권황안송류홍"
GIVEN = "철수 영희 찬성 민준 서연 지우 하은 도윤 예준 수아 시우 지호 유나".split()
POSTS = ["강아지 사료", "제주도 맛집", "캠핑 텐트", "중고 자전거", "노트북", "고양이", "running shoes", "guitar", "seoul", "python",
         "피아노 레슨", "없는 것"]


@dataclass(frozen=True)
class Flow:
    name: str         # the function's
    title: str
    unit: str         # what is counted, many of them
    per_rate: float   # of these in a second, at a rate of 1
    arrives: str      # when one of them has got to where it is to get, in words
    request: Callable[[str, random.Random, dict[str, str]], dict]  # mark, luck, addresses by name -> a line for attack
    per_request: int = 1  # units of a request


def _query(mark: str, rng: random.Random, to: dict[str, str]) -> dict:
    """Half of the people look for people, by a whole name or the beginning of one."""
    name = rng.choice(FAMILY) + rng.choice(GIVEN)
    q = rng.choice([name, name[:2], rng.choice(POSTS), rng.choice(POSTS)])
    return {"method": "GET", "url": f"{to['search_query']}/search?q={quote(q)}&session_id={mark}"}


def _send(to: dict[str, str], queue: str, body: dict) -> dict:
    return {"method": "POST", "url": to["sqs"], "header": SEND, "body": json.dumps(
        {"QueueUrl": f"{to['sqs']}/123456789012/{queue}", "MessageBody": json.dumps(body, ensure_ascii=False)}, ensure_ascii=False)}


def _push(mark: str, rng: random.Random, to: dict[str, str]) -> dict:
    users = [str(n) for n in rng.sample(range(1, int(to["users"]) + 1), DEVICES_OF_A_MESSAGE)]
    return _send(to, "push_send", {"id": mark, "to": {"users": users}, "message": {
        "notification": {"title": "Mina replied to you", "body": "See you at eight"}, "data": {"post": str(rng.randrange(1000))}}})


def _event(mark: str, rng: random.Random, to: dict[str, str]) -> dict:
    return _send(to, "search_log", {
        "event_id": mark, "application": "community-ios", "session_id": f"s-{rng.randrange(20000)}", "user_id": str(rng.randrange(3000)),
        "user_query": f"{rng.choice(POSTS)} 010-1234-{rng.randrange(10000):04}" if rng.random() < 0.05 else rng.choice(POSTS),
        "lang": "ko-KR", "result_count": rng.choice([0, 3, 12, 57]), "took_ms": round(rng.uniform(1, 40), 2), "page": 1, "page_size": 20})


def _device(mark: str, rng: random.Random, to: dict[str, str]) -> dict:
    """A new registration; every fourth wants a topic, which is a call to FCM."""
    topics = {"topics": ["news"]} if rng.random() < 0.25 else {}
    return _send(to, "push_devices", {"action": "register", "kind": "token", "registration": mark, "platform": rng.choice(
        ["android", "ios", "web"]), "user": f"new-{rng.randrange(1_000_000)}", **topics})


FLOWS = {flow.name: flow for flow in [
    Flow("search_query", "Searches over HTTP", "searches", 1, "the answer", _query),
    Flow("push_send", "Pushes through the queue", "pushes", 1, "FCM has it", _push, DEVICES_OF_A_MESSAGE),
    Flow("search_log", "Search events through the queue", "events", 5, "it is in the stream", _event),
    Flow("push_devices", "Registrations through the queue", "registrations", 1, "it is off the queue", _device)]}
