"""What is needed to explain a fault run that missed a goal, kept where the run's own folder is gone.

Is:      for each send that was lost or doubled without a death, an account of its own: FCM's journal, the invocations that had
         its message, its row in the ledger; beside them the whole journal, the whole ledger and what the sandboxes logged.
Is not:  a judgement: harness/fault_run.py says what counts as explained.
"""

import json
import shutil
from pathlib import Path

from harness.fault_run import Account, FaultRun, key_of

LEDGER = ("message_id", "registration", "state", "verdict", "attempts", "holder", "claimable_at", "first_at", "updated_at")


def keep(run: FaultRun, account: Account, folder: Path) -> None:
    """Before run.stop(). An older folder of this name is replaced."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    sends = run.fcm.sends()
    ledger = _ledger(run)
    _write(folder / "unexplained.jsonl", _cases(account.unexplained + account.lost, sends, ledger, run.invocations()))
    _write(folder / "journal.jsonl", sends)
    _write(folder / "ledger.jsonl", ledger)
    _write(folder / "invocations.jsonl", [vars(i) for i in run.invocations()])
    for log in run.scratch.glob("sandbox*/emulator.log"):
        shutil.copy(log, folder / f"{log.parent.name}.log")


def _ledger(run: FaultRun) -> list[dict]:
    rows = run.database.rows(f"select {', '.join(LEDGER)} from narae_push.send join narae_push.device using (device_id)")
    return [dict(zip(LEDGER, row, strict=True)) for row in rows]


def _cases(keys: list, sends: list[dict], ledger: list[dict], invocations: list) -> list[dict]:
    return [{
        "message": id, "registration": registration,
        "fcm": [{name: value for name, value in send.items() if name != "body"} for send in sends if key_of(send) == (id, registration)],
        "invocations": [{name: value for name, value in vars(i).items() if name != "bodies"} for i in invocations
                        if id in i.message_ids()],
        "ledger": [row for row in ledger if (row["message_id"], row["registration"]) == (id, registration)],
    } for id, registration in keys]


def _write(file: Path, items: list[dict]) -> None:
    file.write_text("".join(json.dumps(item) + "\n" for item in items))
