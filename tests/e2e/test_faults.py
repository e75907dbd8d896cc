"""No lost push and no double push, whatever breaks: the short form of ./build.sh bench faults."""

import threading

from harness import fault_evidence, push
from harness.fault_run import FaultRun, Plan
from harness.report import report

# FCM is overloaded during the first sends only, so that few meet it twice and wait longer; and no 429, whose floor is a minute.
N_MESSAGES, N_DEVICES = 40, 50
FAULTY = N_MESSAGES * N_DEVICES // 2
SHORT = Plan(
    n_messages=N_MESSAGES, n_devices=N_DEVICES, n_kills=3, n_restarts=1, n_repeated=4, batch=2, kill_within_s=0.03,
    mishaps=[{"share": 0.1, "verdict": "unavailable", "to": FAULTY},
             {"share": 0.004, "fault": "cut", "to": FAULTY}, {"share": 0.01, "fault": "reset", "to": FAULTY},
             {"share": 0.02, "fault": "refuse"}, {"share": 0.003, "fault": "goaway"}, {"share": 0.003, "fault": "goaway_before"}],
    # A request's limit far over what a busy machine delays an answer by: one that is given up is sent again, and no death explains it.
    timeout_s=9, visibility_s=12, deadline_s=120, settings={"NARAE_PUSH_REQUEST_TIMEOUT_MS": "4000"})


def test_nothing_is_lost_and_only_what_died_before_its_commit_is_doubled(tmp_path):
    run = FaultRun(tmp_path, SHORT)
    try:
        account = run.run()
        if account.lost or account.unexplained:
            fault_evidence.keep(run, account, tmp_path / "evidence")
    finally:
        run.stop()

    assert (account.n_kills, account.n_restarts) == (3, 1)
    assert account.verdicts["unavailable"] > 0 and account.verdicts["cut"] > 0 and account.verdicts["refuse"] > 0
    assert account.n_left == 0
    assert account.lost == []
    assert account.unexplained == []
    assert account.without_collapse_key == []
    assert account.dead_letters == []
    assert account.unfinished == []
    report("faults, short: sends", account.n_sends, "")
    report("faults, short: lost", len(account.lost), "")
    report("faults, short: doubled by a death between FCM's answer and the commit", len(account.doubled), "")
    report("faults, short: duration", round(account.took_s, 1), "s")


def test_two_sandboxes_with_the_same_messages_send_to_no_device_twice(push_send, database, fcm):
    n_devices, n_messages = 300, 5
    database.add_devices([("u", f"registration-{n}") for n in range(n_devices)])
    event = push.event(*[push.body(f"message-{n}", {"users": ["u"]}) for n in range(n_messages)])
    sandboxes = [push_send({"NARAE_PUSH_RATE": "100000", "NARAE_PUSH_RAMP_S": "0"}) for _ in range(2)]
    begin, answers = threading.Barrier(2), {}

    def invoke(sandbox) -> None:
        begin.wait()
        answers[sandbox] = sandbox.invoke(event).json()

    threads = [threading.Thread(target=invoke, args=(sandbox,)) for sandbox in sandboxes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    sent = [(s["body"]["message"]["apns"]["headers"]["apns-collapse-id"], s["target"]) for s in fcm.sends()]
    assert len(sent) == len(set(sent)) == n_devices * n_messages
    # Whoever met a send of the other one leaves the message on the queue: the other might have died.
    failed = [len(a["batchItemFailures"]) for a in answers.values()]
    assert min(failed) < n_messages
