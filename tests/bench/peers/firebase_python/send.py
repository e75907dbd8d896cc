"""send.py N [async]: N pushes by firebase-admin."""
import asyncio
import json
import os
import resource
import sys
import time

os.environ["REQUESTS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = os.environ["BENCH_CA"]

import firebase_admin  # noqa: E402
import google.auth.credentials  # noqa: E402
from firebase_admin import credentials, messaging  # noqa: E402

CALL_MAX = 500  # of send_each


class GoodToken(google.auth.credentials.Credentials):
    def __init__(self):
        super().__init__()
        self.token = "good"

    def refresh(self, request):
        raise AssertionError("a fixed token needs no refresh")


class Credential(credentials.Base):
    def get_credential(self):
        return GoodToken()


def cpu_us():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return round((used.ru_utime + used.ru_stime) * 1e6)


def peak_kib():
    """Of this process alone: getrusage(2) counts the memory of whoever started it."""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def messages(first, n):
    return [messaging.Message(
        token=f"registration-{i:06}", data={"post": "981", "thread": "42"},
        notification=messaging.Notification(title="Mina replied to you", body="See you there at eight, in front of the station!"))
        for i in range(first, first + n)]


async def send_async(n):
    return [r for at in range(0, n, CALL_MAX)
            for r in (await messaging.send_each_async(messages(at, min(CALL_MAX, n - at)), dry_run=False)).responses]


def send(n):
    return [r for at in range(0, n, CALL_MAX) for r in messaging.send_each(messages(at, min(CALL_MAX, n - at))).responses]


def main():
    n, is_async = int(sys.argv[1]), "async" in sys.argv[2:]
    firebase_admin.initialize_app(Credential(), {"projectId": "demo"})
    setup, begin = cpu_us(), time.monotonic()
    responses = asyncio.run(send_async(n)) if is_async else send(n)
    print(json.dumps({"sent": sum(r.success for r in responses), "setup_cpu_us": setup, "work_cpu_us": cpu_us() - setup,
                      "wall_ms": round((time.monotonic() - begin) * 1000),
                      "peak_kib": peak_kib()}))


main()
