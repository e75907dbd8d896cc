"""What people search for, made up: the SQS events that bench search and the demo feed, and what is planted in them."""

import json
import random

WORDS = ("강아지 고양이 사료 산책 제주도 여행 맛집 추천 서울 날씨 영화 드라마 노트북 아이폰 갤럭시 중고 자전거 캠핑 텐트 등산 요리 레시피 "
         "수영 운동화 청바지 원피스 공부 토익 취업 면접 이사 원룸 보험 적금 python tutorial laptop review weather recipe cheap flights "
         "running shoes guitar chords movie times").split()
# Numbers that issuers publish for tests, or that cannot have been given to anybody.
PLANTED = ["010-1234-5678", "01098765432", "+82 10-5555-6666", "02-555-1234", "900101-1234567", "880214-2345678",
           "4111-1111-1111-1111", "5555555555554444", "hong.gildong@example.com", "kim@example.co.kr", "110-123-456789",
           "０１０－１２３４－５６７８", "010\u200b2222\u200b3333"]


def query(rng: random.Random, planted_share: float) -> str:
    words = rng.sample(WORDS, rng.randint(1, 4))
    if rng.random() < planted_share:
        words.insert(rng.randint(0, len(words)), rng.choice(PLANTED))
    return " ".join(words)


def search(rng: random.Random, n: int, planted_share: float = 0.05) -> dict:
    """A search of about 600 bytes, as an application sends it."""
    return {
        "event_id": f"{rng.getrandbits(128):032x}",
        "timestamp": f"2026-11-{1 + n % 25:02}T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}.{n % 1000:03}+09:00",
        "application": "community-ios",
        "query_id": f"{rng.getrandbits(128):032x}",
        "client_id": f"c-{rng.randrange(5000):08}",
        "session_id": f"s-{rng.randrange(20000):032x}",
        "user_id": str(100000 + rng.randrange(3000)),
        "user_query": query(rng, planted_share),
        "lang": "ko-KR",
        "result_count": rng.choice([0, 3, 12, 57, 240]),
        "took_ms": round(rng.uniform(1, 40), 2),
        "page": 1,
        "page_size": 20,
        "sort": "relevance",
        "filters": {"kind": ["post", "nickname"], "board": rng.choice(["free", "market", "qna"]), "recent": True},
        "query_response_hit_ids": [str(rng.randrange(10**7)) for _ in range(5)],
    }


def message(body: str, n: int) -> dict:
    return {
        "messageId": f"{n:08x}-0000-4000-8000-{n:012x}",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1790000000000", "SenderId": "AIDAEXAMPLE",
                       "ApproximateFirstReceiveTimestamp": "1790000000001"},
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:ap-northeast-2:123456789012:SearchQueue",
        "awsRegion": "ap-northeast-2",
    }


def sqs_event(first: int, n: int, rng: random.Random) -> str:
    bodies = (json.dumps(search(rng, i), ensure_ascii=False, separators=(",", ":")) for i in range(first, first + n))
    return json.dumps({"Records": [message(body, first + i) for i, body in enumerate(bodies)]}, ensure_ascii=False,
                      separators=(",", ":"))
