"""demo_crowd.py: a made-up community, what it searches for in a week, and what the lake must know of it afterwards.

The same seed gives the same week. Numbers and addresses in it are nobody's: published test cards, example domains, made-up digits."""

import random
import unicodedata
from collections import Counter, defaultdict
from datetime import datetime, timedelta

SEED = 20261126
PEOPLE = 1500
POSTS = 600
OPT_OUTS_IN = 200  # one search of so many comes from somebody who opted out
PLANTED_IN = 20    # one of so many has personal data in it
TYPED_IN = 50      # one of so many is sent letter by letter, as a box with completion does
DAYS = 6           # before today, in the app's own report
TRENDING, TRENDING_IN = "두바이 초콜릿", 6  # yesterday, one of so many was for this
TYPING_MS = 150    # between two letters

FAMILY = "김이박최정강조윤장임한오서신권황안송류홍"
GIVEN = "철수 영희 찬성 민준 서연 지우 하은 도윤 예준 수아 시우 지호 유나 은서 현우".split()
TAILS = ["", "맘", "님", "_seoul", "2"]

# Each is in the titles of some posts, or in nicknames: whoever asks for it finds something.
TITLES = ["강아지 사료 추천", "제주도 맛집 지도", "캠핑 텐트 후기", "중고 자전거 나눔", "서울 날씨 이야기", "노트북 고르는 법", "고양이 병원 추천",
          "등산 코스 공유", "아이폰 배터리 교체", "원룸 이사 견적", "토익 공부 모임", "수영 강습 시간표", "Running shoes review", "Guitar chords for beginners",
          "Weekend market in Seoul", "Cheap flights to Jeju", "Python study group", "Coffee beans exchange"]
FOUND = ["강아지 사료", "제주도 맛집", "김철수", "캠핑 텐트", "중고 자전거", "running shoes", "서울 날씨", "ㄱㅊㅅ", "노트북", "고양이 병원", "등산 코스",
         "weekend market", "아이폰 배터리", "cheap flights", "원룸 이사", "박민준", "토익", "guitar chords", "수영", "python", "coffee beans",
         "ㅇㅅㅇ", "맛집 제주도", "이서연"]
MISSING = ["두바이 초콜릿", "플레이스테이션 6", "요가 매트", "mechanical keyboard", "김장 나눔", "jazz festival", "전동 킥보드", "vintage camera",
           "반려식물", "피아노 레슨"]
# What people add personal data to; no post has these words.
AROUND = ["분실 신고", "사기 계좌", "lost phone", "환불 문의"]
PLACEHOLDERS = ["phone", "rrn", "card", "email", "num"]


class Planted:
    """A piece of personal data as somebody types it, and the placeholder that may be left of it."""

    def __init__(self, rng: random.Random):
        digits = f"{rng.randrange(10_000):04}"
        name = rng.choice(["hong.gildong", "kim", "sunny", "lee-jun"]) + digits
        self.kind, self.text = rng.choice([
            ("phone", f"010-1234-{digits}"), ("phone", f"0101234{digits}"), ("phone", f"+82 10-1234-{digits}"),
            ("phone", f"010\u200b1234\u200b{digits}"), ("phone", wide(f"010-1234-{digits}")),
            ("rrn", f"900101-123{digits}"), ("rrn", f"880214-223{digits}"),
            ("card", "4111-1111-1111-1111"), ("card", "5555555555554444"), ("card", "3782 822463 10005"),
            ("email", f"{name}@example.com"), ("email", f"{name}@example.co.kr"),
            ("num", f"110-123-45{digits}")])

    @property
    def digits(self) -> str:
        """What must not be left of it whatever stands between; empty when it is no number."""
        return "" if self.kind == "email" else "".join(str(unicodedata.digit(c)) for c in self.text if c.isdigit())


class Search:
    """One search, and what becomes of it."""

    def __init__(self, request: dict, phrase: str, is_final: bool = True, planted: Planted | None = None):
        self.request, self.phrase, self.is_final, self.planted = request, phrase, is_final, planted

    @property
    def is_kept(self) -> bool:
        return not self.request.get("opt_out", False)

    @property
    def counts(self) -> bool:
        """The lake's view `search` has it."""
        return self.is_kept and self.is_final

    def app_event(self, at: datetime) -> dict:
        """The search as an app reports it that has a search of its own."""
        who = {name: value for name, value in self.request.items() if name != "q"}
        return {"user_query": self.request["q"], "timestamp": at.isoformat(timespec="milliseconds"), "page": 1,
                "result_count": 7 if found(self.phrase) else 0, "took_ms": 12.5, **who}


def wide(text: str) -> str:
    """As a Korean keyboard in full-width mode types it."""
    return "".join(chr(ord(c) + 0xFEE0) for c in text)


def nicknames() -> list[str]:
    names = [family + given + tail for tail in TAILS for family in FAMILY for given in GIVEN]
    return names[:PEOPLE]


def posts() -> list[tuple[str, str]]:
    """(id, title)"""
    return [(f"post-{n}", f"{TITLES[n % len(TITLES)]} #{n // len(TITLES) + 1}") for n in range(POSTS)]


def spelled(rng: random.Random, phrase: str) -> str:
    """The same phrase as other keyboards and other moods write it."""
    return rng.choice([str, str, str, str.upper, str.title, lambda t: unicodedata.normalize("NFD", t),
                       lambda t: f" {t} ", lambda t: t.replace(" ", "  ")])(phrase)


class Week:
    """Today's searches, and those of the days before it, each with its moment."""

    def __init__(self, n_today: int, n_before: int, midnight: datetime):
        self._rng = random.Random(SEED)
        self._n_visits = 0
        self._phrases = [*FOUND, *MISSING]
        self._rng.shuffle(self._phrases)
        self._weights = [1 / (rank + 3) for rank in range(len(self._phrases))]  # few are asked for by many, as everywhere
        self.today = self._visits(n_today)
        self.before: list[tuple[datetime, Search]] = []
        for day in range(DAYS, 0, -1):
            n = n_before * (DAYS - day + 1) // DAYS - len(self.before)
            visits = self._visits(n, TRENDING if day == 1 else None)
            morning = midnight - timedelta(days=day) + timedelta(hours=9)
            self.before += [(morning + timedelta(milliseconds=TYPING_MS * i), search) for i, search in enumerate(visits)]

    @property
    def all(self) -> list[Search]:
        return [*self.today, *(search for _, search in self.before)]

    def _visits(self, n: int, trending: str | None = None) -> list[Search]:
        made: list[Search] = []
        while len(made) < n:
            who = {"session_id": f"session-{self._n_visits}", "user_id": f"user-{self._rng.randrange(PEOPLE)}"}
            self._n_visits += 1
            is_trending = trending and self._rng.randrange(TRENDING_IN) == 0
            phrase = trending if is_trending else self._rng.choices(self._phrases, self._weights)[0]
            made += one_visit(self._rng, phrase, who, n - len(made))
        return made


def one_visit(rng: random.Random, phrase: str, who: dict, room: int) -> list[Search]:
    if rng.randrange(TYPED_IN) == 0 and len(phrase) <= room:
        return [Search({"q": phrase[:n], **who}, phrase, is_final=n == len(phrase))
                for n in range(1, len(phrase) + 1) if phrase[n - 1] != " "]
    if rng.randrange(OPT_OUTS_IN) == 0:
        return [Search({"q": phrase, "opt_out": True, **who}, phrase)]
    if rng.randrange(PLANTED_IN) == 0:
        planted, around = Planted(rng), rng.choice(AROUND)
        return [Search({"q": f"{around} {planted.text}", **who}, f"{around} <{planted.kind}>", planted=planted)]
    return [Search({"q": spelled(rng, phrase), **who}, phrase)]


def found(phrase: str) -> bool:
    return phrase in FOUND


def top_queries(searches: list[Search]) -> list[tuple]:
    """What the named query top-queries must answer: (query, searches, people, percent without a result)."""
    count, people = Counter(), defaultdict(set)
    for search in searches:
        if search.counts:
            count[search.phrase] += 1
            people[search.phrase].add(search.request["user_id"])
    rows = [(phrase, n, len(people[phrase]), 0.0 if found(phrase) else 100.0) for phrase, n in count.items()]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def zero_result_queries(searches: list[Search]) -> list[tuple]:
    """The same of zero-result-queries: (query, searches without a result, sessions)."""
    return [(phrase, n, n) for phrase, n, _, zero in top_queries(searches) if zero]


def planted_by_kind(searches: list[Search]) -> dict[str, int]:
    return dict(sorted(Counter(s.planted.kind for s in searches if s.planted).items()))
