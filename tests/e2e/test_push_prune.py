"""push_prune: what it removes, what it refuses, what it reports."""

import pytest

from harness import logs


def add(database, n: int, platform: str, days: int, **columns) -> None:
    names = "".join(f", {name}" for name in columns)
    values = "".join(f", {value}" for value in columns.values())
    database.run(f"""insert into narae_push.device (kind, platform, registration, registration_hash, refreshed_at{names})
        select 'token', '{platform}', r, sha256(r::bytea), now() - interval '{days} days'{values}
        from (select '{platform}-{days}-' || i as r from generate_series(1, {n}) as i) as rs""")


def test_a_night(push_prune, database):
    add(database, 200, "android", 1)
    add(database, 5, "android", 100)
    add(database, 2, "web", 1, status="'inactive'", inactive_reason="'unregistered'", inactive_at="now()")
    add(database, 3, "ios", 400, status="'inactive'", inactive_reason="'logout'", inactive_at="now() - interval '100 days'")
    database.run("insert into narae_push.send (message_id, device_id, state, verdict, first_at) values"
                 " ('old', 1, 'sent', 'sent', now() - interval '40 days'), ('new', 1, 'sent', 'sent', now()),"
                 " ('new', 2, 'failed', 'unregistered', now())")
    function = push_prune()

    answer = function.invoke({}).json()

    assert answer["deactivated"] == {"android": 5, "ios": 0, "web": 0}
    assert answer["removed"]["oldDevices"] == 3 and answer["removed"]["oldSends"] == 1
    assert answer["refused"] == [] and answer["isComplete"]
    assert database.rows("select platform, status, count(*) from narae_push.device group by 1, 2 order by 1, 2") == [
        ("android", "active", "200"), ("android", "inactive", "5"), ("web", "inactive", "2")]
    function.wait_for_log()
    metrics = [r for r in logs.records(function.text()) if "_aws" in r]
    assert [r["StaleShare"] for r in metrics if r.get("Platform") == "android" and "StaleShare" in r] == [
        pytest.approx(100 * 5 / 205, abs=0.001)]
    assert [r["DevicesLost"] for r in metrics if r.get("Reason") == "unregistered"] == [2]
    assert [r["ClientErrorShare"] for r in metrics if "ClientErrorShare" in r] == [50]
    assert function.complaints() == []


def test_a_registry_that_looks_stale_as_a_whole_is_left_alone_until_it_is_meant(push_prune, database):
    add(database, 150, "android", 100)
    function = push_prune()

    assert function.invoke({}).json()["refused"] == ["android"]
    assert database.rows("select count(*) from narae_push.device where status = 'active'") == [("150",)]
    function.wait_for_log()
    assert [c["message"] for c in function.complaints()] == ["too many devices are stale: none was deactivated"]

    assert function.invoke({"tasks": ["devices"], "force": True}).json()["deactivated"]["android"] == 150


def test_thresholds_are_of_the_platform(push_prune, database):
    for platform in ("android", "ios", "web"):
        add(database, 1, platform, 100)

    answer = push_prune({"NARAE_PRUNE_STALE_DAYS_IOS": "120"}).invoke({"tasks": ["devices"]}).json()

    assert answer["deactivated"] == {"android": 1, "ios": 0, "web": 1}


def test_a_task_that_there_is_not_is_an_error_that_names_it(push_prune):
    answer = push_prune().invoke({"tasks": ["everything"]}).json()

    assert answer["errorType"] == "Function.InvalidMessage"
    assert answer["errorMessage"].startswith("tasks[0]: must be")
