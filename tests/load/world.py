"""world.py: what stands as long as the load test runs: PostgreSQL with people and devices in it, FCM behind nghttpx; and what
can happen to either."""

import asyncio
import os
import subprocess
import time
from pathlib import Path

from harness import paths, pki
from harness.database import Database
from harness.fcm import Fcm

HERE = Path(__file__).parent
MEETS_MAX_S = 60  # a push that was refused by PostgreSQL is back after a message's visibility, 20 s
LOOK_S = 0.1


class World:
    def __init__(self, scratch: Path, people: int, devices: int):
        self.devices = devices
        self.database = Database()
        self.fcm = Fcm(scratch / "fcm")
        self.database.run((paths.ROOT / "functions/search/schema.sql").read_text())
        self.database.run(f"\\set people {people}\n\\set devices {devices}\n{(HERE / 'fill.sql').read_text()}")
        self.settings = {
            "PATH": os.environ["PATH"], "TZ": ":UTC", "AWS_REGION": "us-east-1", "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "SSL_CERT_FILE": str(pki.root()),
            "NARAE_DATABASE": "env:DATABASE", "DATABASE": self.database.conninfo,
            "NARAE_FCM_SERVICE_ACCOUNT": "env:SERVICE_ACCOUNT", "SERVICE_ACCOUNT": self.fcm.service_account(),
            "NARAE_FCM_ENDPOINT": self.fcm.endpoint}

    def stop(self) -> None:
        self.fcm.stop()
        self.database.drop()

    async def database_away(self, seconds: float) -> None:
        """A restart, as long as a quick failover takes."""
        await _pgctl("stop")
        await asyncio.sleep(seconds)
        await _pgctl("start")

    async def fcm_overloaded(self, seconds: float) -> None:
        """Every send gets 503, whose floor is 10 s; a 429's is a minute, which bench faults waits for. For so long, and until one has met
        it: on a busy machine PostgreSQL may still be away, and no push under way."""
        began = time.monotonic()
        await self._fcm("script", self._script("unavailable"))
        await asyncio.sleep(began + seconds - time.monotonic())
        while not await self._n_met() and time.monotonic() < began + MEETS_MAX_S:
            await asyncio.sleep(LOOK_S)
        await self._fcm("script", self._script("accepted"))

    def _script(self, verdict: str) -> dict:
        return {f"registration-{n}": verdict for n in range(1, self.devices + 1)}

    async def _n_met(self) -> int:
        return (await self._fcm("counts"))["by_verdict"].get("unavailable", 0)

    async def _fcm(self, verb: str, body: dict | None = None) -> dict:
        return await asyncio.to_thread(self.fcm.control, verb, body)


async def _pgctl(verb: str) -> None:
    await asyncio.to_thread(subprocess.run, [os.environ["NARAE_TEST_PGCTL"], verb], check=True, timeout=60)
