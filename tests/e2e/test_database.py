"""stacks/database.yaml and database_rotation.yaml: what they would make, and the roles of roles.sql on a real PostgreSQL."""

import itertools
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from harness import paths, push, rds
from harness.cloudformation import Evaluation, dangling, of_type, stack
from harness.database import Database, run_on_server

BIN = Path(sys.executable).parent
PLACE = {"SubnetIds": "subnet-11111111,subnet-22222222", "SecurityGroupIds": "sg-33333333"}
KEY = "arn:aws:kms:us-east-1:123456789012:key/1111"
KINDS = [dict(zip(("InstanceClass", "Readers", "MaxReaders", "Proxy", "KeyArn"), values))
         for values in itertools.product(("db.serverless", "db.r8g.large"), (0, 1, 2), (0, 1, 4), ("false", "true"), ("", KEY))]
POSSIBLE = [kind for kind in KINDS if kind["MaxReaders"] == 0 or 0 < kind["Readers"] <= kind["MaxReaders"]]


def evaluate(**parameters) -> Evaluation:
    groups = {"ProxySecurityGroupIds": "sg-44444444"} if parameters.get("Proxy") == "true" else {}
    evaluation = Evaluation(stack("database"), PLACE | groups | parameters)
    assert evaluation.broken_rules() == []
    return evaluation


def properties(name: str, **parameters) -> dict:
    return evaluate(**parameters).resources()[name]["Properties"]


# --- the templates


@pytest.mark.parametrize("name", ["database", "database_rotation"])
def test_cfn_lint_has_nothing_to_say(name, tmp_path):
    done = subprocess.run([BIN / "cfn-lint", "--include-checks", "I", "--template", paths.ROOT / f"stacks/{name}.yaml"],
                          env={"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path)}, capture_output=True, text=True,
                          timeout=120)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_choice_refers_only_to_what_it_makes():
    for kind in POSSIBLE:
        evaluation = evaluate(**kind)
        assert dangling(evaluation.resources(), evaluation.outputs()) == set(), kind


@pytest.mark.parametrize("parameters, words", [
    ({"Readers": 2, "MaxReaders": 1}, "MaxReaders must be 0 or at least Readers"),
    ({"Readers": 0, "MaxReaders": 4}, "MaxReaders needs a reader whose CPU can be looked at: Readers must be 1 or 2"),
    ({"Proxy": "true"}, "A proxy needs ProxySecurityGroupIds")])
def test_a_contradiction_is_one_clear_error(parameters, words):
    assert Evaluation(stack("database"), PLACE | parameters).broken_rules() == [words]


def test_no_password_is_a_parameter_or_an_output():
    for name in ("database", "database_rotation"):
        template = stack(name)
        assert not [p for p in template["Parameters"] if "assword" in p]
        assert not [o for o in template.get("Outputs", {}).values() if "assword" in json.dumps(o["Value"])]
    assert "MasterUserPassword" not in properties("Cluster")


# --- the cluster


def test_the_cluster_is_encrypted_guarded_backed_up_and_found_by_the_snapshots():
    resources = evaluate().resources()
    cluster = resources["Cluster"]
    template = yaml_parse(paths.TEMPLATE.read_text())
    policy = json.loads(template["Parameters"]["SnapshotPolicy"]["Default"])

    assert (cluster["DeletionPolicy"], cluster["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")
    assert cluster["Properties"]["DeletionProtection"] == "true"
    assert cluster["Properties"]["StorageEncrypted"] is True
    assert cluster["Properties"]["ManageMasterUserPassword"] is True
    assert cluster["Properties"]["BackupRetentionPeriod"] == "7"
    tags = {tag["Key"]: tag["Value"] for tag in cluster["Properties"]["Tags"]}
    assert policy["clusters"]["tags"].items() <= tags.items()
    assert all(i["PubliclyAccessible"] is False for i in of_type(resources, "AWS::RDS::DBInstance").values())


def test_a_key_of_ones_own_is_used_for_everything_that_is_kept():
    resources = evaluate(KeyArn=KEY, Proxy="true").resources()

    assert resources["Cluster"]["Properties"]["KmsKeyId"] == KEY
    assert resources["Cluster"]["Properties"]["MasterUserSecret"] == {"KmsKeyId": KEY}
    assert {i["PerformanceInsightsKMSKeyId"] for i in of_type(resources, "AWS::RDS::DBInstance").values()} == {KEY}
    assert {s["KmsKeyId"] for s in of_type(resources, "AWS::SecretsManager::Secret").values()} == {KEY}
    assert KEY in json.dumps(resources["ProxyRole"])


@pytest.mark.parametrize("readers", [0, 1, 2])
@pytest.mark.parametrize("instance_class", ["db.serverless", "db.r8g.large"])
def test_writer_and_readers_are_of_one_class(instance_class, readers):
    resources = evaluate(InstanceClass=instance_class, Readers=readers).resources()
    instances = of_type(resources, "AWS::RDS::DBInstance")

    assert sorted(instances) == ["Reader1", "Reader2", "Writer"][:readers] + ["Writer"]
    assert {i["DBInstanceClass"] for i in instances.values()} == {instance_class}
    assert {i["DBInstanceIdentifier"] for i in instances.values()} == {f"narae-{n + 1}" for n in range(readers + 1)}
    # The first one becomes the writer.
    assert all(resources[name]["DependsOn"] == "Writer" for name in instances if name != "Writer")
    assert ("ServerlessV2ScalingConfiguration" in resources["Cluster"]["Properties"]) == (instance_class == "db.serverless")


def test_readers_are_added_by_their_cpu():
    resources = evaluate(Readers=1, MaxReaders=4, ReaderCpuPercent=70).resources()
    target, policy = resources["ReaderCount"]["Properties"], resources["ReaderCpu"]["Properties"]

    assert (target["MinCapacity"], target["MaxCapacity"]) == ("1", "4")
    assert target["ResourceId"] == {"Fn::Sub": "cluster:${Cluster}"}
    assert (target["ServiceNamespace"], target["ScalableDimension"]) == ("rds", "rds:cluster:ReadReplicaCount")
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["PredefinedMetricSpecification"] == {"PredefinedMetricType": "RDSReaderAverageCPUUtilization"}
    assert tracking["TargetValue"] == "70"
    assert "ReaderCount" not in evaluate().resources()


@pytest.mark.parametrize("name", ["ReaderCount", "DatabaseProxyTargets"])
@pytest.mark.parametrize("readers", [0, 1, 2])
def test_what_looks_at_the_readers_waits_for_them(name, readers):
    """Autoscaling would add those that it does not see yet, and a proxy takes no instance that is still being made."""
    resource = stack("database")["Resources"][name]
    after = evaluate(Readers=readers).value(resource["Metadata"]["After"])

    assert resource["DependsOn"] == "Writer"
    assert after == [{"Ref": reader} for reader in ["Reader1", "Reader2"][:readers]]


@pytest.mark.parametrize("version, family", [("17.7", "aurora-postgresql17"), ("16.11", "aurora-postgresql16")])
def test_settings_are_of_the_family_of_the_version(version, family):
    settings = properties("Settings", EngineVersion=version)

    assert settings["Family"] == family
    assert settings["Parameters"]["rds.force_ssl"] == "1"
    assert settings["Parameters"]["shared_preload_libraries"] == "pg_stat_statements"
    # Statements of push_send carry registrations: nothing may log their values.
    assert not {"log_statement", "log_min_duration_statement", "log_parameter_max_length"} & set(settings["Parameters"])


def test_the_log_is_there_before_rds_would_make_one_without_an_end():
    resources = evaluate(ClusterName="people", LogRetentionDays=90).resources()

    assert resources["ClusterLog"]["Properties"] == {"LogGroupName": "/aws/rds/cluster/people/postgresql", "RetentionInDays": "90"}
    assert resources["Cluster"]["DependsOn"] == "ClusterLog"
    assert resources["Cluster"]["Properties"]["DBClusterIdentifier"] == "people"
    assert resources["Cluster"]["Properties"]["EnableCloudwatchLogsExports"] == ["postgresql"]


@pytest.mark.parametrize("name", ["Narae", "-narae", "narae--1", "narae-", "1narae", "n" * 46, "n-" * 32 + "n"])
def test_a_name_that_rds_would_change_or_refuse_is_refused(name):
    with pytest.raises(ValueError, match="ClusterName"):
        evaluate(ClusterName=name)


@pytest.fixture
def cluster(aws):
    """The cluster, made by moto, of what moto's RDS takes."""
    wanted = ("Engine", "EngineVersion", "DBClusterIdentifier", "DatabaseName", "MasterUsername", "ManageMasterUserPassword",
              "StorageEncrypted", "CopyTagsToSnapshot", "EnableCloudwatchLogsExports", "Port", "Tags")
    given = properties("Cluster")
    rds = aws.client("rds")
    rds.create_db_cluster(**{name: given[name] for name in wanted})
    return rds


def test_the_snapshots_of_the_default_policy_are_of_this_cluster(cluster, aws, emulate):
    """aurora_snapshot, as template.yaml sets it."""
    policy = yaml_parse(paths.TEMPLATE.read_text())["Parameters"]["SnapshotPolicy"]["Default"]
    keys = aws.role_keys([{"Effect": "Allow", "Action": "rds:*", "Resource": "*"}])
    function = emulate(paths.function("aurora_snapshot"), "aurora_snapshot.handler",
                       {"NARAE_SNAPSHOT_POLICY": policy, "AWS_ENDPOINT_URL": aws.endpoint, **keys})

    (done,) = function.invoke(rds.scheduled()).json()["clusters"]

    (snapshot,) = cluster.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    assert (done["cluster"], done["result"], snapshot["DBClusterIdentifier"]) == ("narae", "created", "narae")
    assert snapshot["StorageEncrypted"] is True


# --- secrets, and the functions that read them


def filled(secret: dict, password: str, hosts: dict) -> str:
    """The secret's text as Secrets Manager makes it."""
    spec = secret["GenerateSecretString"]
    text = spec["SecretStringTemplate"]["Fn::Sub"]
    for name, host in hosts.items():
        text = text.replace(f"${{{name}}}", host)
    return json.dumps(json.loads(text) | {spec["GenerateStringKey"]: password})


def hosts(address: str, port: str) -> dict:
    return {"Cluster.Endpoint.Address": address, "Cluster.ReadEndpoint.Address": address, "Cluster.Endpoint.Port": port}


def test_secrets_are_the_json_that_rds_keeps():
    resources = evaluate().resources()
    app = json.loads(filled(resources["AppSecret"]["Properties"], "p", hosts("writer", "5432")))
    bi = json.loads(filled(resources["BiSecret"]["Properties"], "p", hosts("reader", "5432")))

    assert app == {"engine": "postgres", "host": "writer", "port": 5432, "dbname": "narae", "username": "narae_app", "password": "p"}
    assert bi == {"engine": "postgres", "host": "reader", "port": 5432, "dbname": "narae", "username": "narae_bi", "password": "p"}
    assert "${Cluster.ReadEndpoint.Address}" in json.dumps(resources["BiSecret"])
    assert "${Cluster.ReadEndpoint.Address}" not in json.dumps(resources["AppSecret"])


@pytest.mark.parametrize("proxy, host, read_host", [
    ("false", ["Cluster", "Endpoint.Address"], ["Cluster", "ReadEndpoint.Address"]),
    ("true", ["DatabaseProxy", "Endpoint"], ["DatabaseProxy", "Endpoint"])])
def test_functions_are_told_to_use_the_proxy_where_there_is_one(proxy, host, read_host):
    outputs = evaluate(Proxy=proxy).outputs()

    assert outputs["Host"] == {"Fn::GetAtt": host}
    assert outputs["ReadHost"] == {"Fn::GetAtt": read_host}
    assert outputs["AppSecretArn"] == {"Ref": "AppSecret"}
    assert outputs["OwnerSecretArn"] == {"Fn::GetAtt": ["Cluster", "MasterUserSecret.SecretArn"]}


def test_the_proxy_logs_in_as_the_functions_do_and_reads_no_other_secret():
    resources = evaluate(Proxy="true").resources()
    proxy = resources["DatabaseProxy"]["Properties"]
    statements = resources["ProxyRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]

    assert proxy["RequireTLS"] is True
    assert [auth["SecretArn"] for auth in proxy["Auth"]] == [{"Ref": "AppSecret"}]
    assert proxy["VpcSubnetIds"] == PLACE["SubnetIds"].split(",")
    assert proxy["VpcSecurityGroupIds"] == ["sg-44444444"]
    assert [(s["Action"], s["Resource"]) for s in statements] == [("secretsmanager:GetSecretValue", {"Ref": "AppSecret"})]
    assert not [name for name in evaluate().resources() if "Proxy" in name]


def test_what_logs_in_with_the_functions_password_is_made_only_after_the_roles():
    """CloudFormation waits until the proxy can log in, and takes the cluster back when it cannot."""
    outer = yaml_parse(paths.TEMPLATE.read_text())["Parameters"]
    waiting = [outer["DatabaseRotationDays"], outer["DatabaseProxy"], stack("database")["Parameters"]["Proxy"]]

    assert [p["Default"] for p in waiting] == [0, "false", "false"]
    assert [p["Description"] for p in waiting if "only once the roles are made (docs/database.md)" not in p["Description"]] == []


def test_roles_have_the_boundary_that_is_given():
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    roles = of_type(evaluate(PermissionsBoundaryArn=boundary, Proxy="true").resources(), "AWS::IAM::Role")

    assert sorted(roles) == ["MonitoringRole", "ProxyRole"]
    assert {role["PermissionsBoundary"] for role in roles.values()} == {boundary}


def test_rotation_changes_the_functions_password_by_a_function_of_aws():
    template = stack("database_rotation")
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-abcdef"
    evaluation = Evaluation(template, {"SecretArn": arn, "SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"})
    ((name, rotation),) = evaluation.resources().items()

    assert template["Transform"] == "AWS::SecretsManager-2024-09-16"
    assert rotation["Properties"]["SecretId"] == arn
    assert rotation["Properties"]["HostedRotationLambda"]["RotationType"] == "PostgreSQLSingleUser"
    assert rotation["Properties"]["RotateImmediatelyOnUpdate"] is False
    assert rotation["Properties"]["RotationRules"] == {"AutomaticallyAfterDays": "30"}


# --- roles, on a real PostgreSQL. RDS's owner is no superuser: neither is the one here.


ROLES = ("narae_app", "narae_bi")
TABLES = ("narae_push.device", "narae_push.send", "narae_push.topic", "narae_push.parked", "narae_search.person", "narae_search.post")


def sql(name: str) -> str:
    return (paths.ROOT / "functions" / name).read_text()


class Roles:
    """A database that belongs to an owner like RDS's, with everything of an installation in it."""

    def __init__(self):
        self.database = Database(is_empty=True)
        self.owner = f"{self.database.name}_owner"
        self.database.run(f"create role {self.owner} login createrole; alter database {self.database.name} owner to {self.owner}")
        for name in ["push/schema", "search/schema", "push/roles", "search/roles"] * 2:  # an upgrade runs all of it again
            self.database.run(f"set session authorization {self.owner};\n{sql(f'{name}.sql')}")

    def try_as(self, role: str, statement: str) -> str:
        """What the role is told: "" when it may. Its settings do not count here, so it is its privileges that speak."""
        return self.database.complaint(f"set session authorization {role};\n{statement}")

    def settings(self, role: str) -> dict[str, str]:
        """With which its sessions begin."""
        return dict(setting.split("=", 1) for (setting,) in self.database.rows(
            f"select unnest(rolconfig) from pg_roles where rolname = '{role}'"))

    def done(self) -> None:
        self.database.run("; ".join(f"drop owned by {role}; drop role {role}" for role in ROLES))
        self.database.drop()
        run_on_server(f"drop role {self.owner}")


@pytest.fixture(scope="module")
def roles():
    roles = Roles()
    roles.database.run("insert into narae_push.device (user_id, kind, platform, registration, registration_hash)"
                       " values ('17', 'token', 'android', 'secret', sha256('secret'));"
                       "insert into narae_push.parked (sqs_message_id, body, reason) values ('m', 'personal', 'r');"
                       "insert into narae_search.person (user_id, nickname) values ('17', '나래')")
    yield roles
    roles.done()


@pytest.mark.parametrize("readable", ["narae_push.send", "narae_push.topic", "narae_push.trail", "narae_search.person",
                                      "narae_search.post"])
def test_bi_tools_read(roles, readable):
    assert roles.try_as("narae_bi", f"select * from {readable}") == ""


def test_bi_tools_read_of_a_device_everything_but_its_registration(roles):
    columns = [c for (c,) in roles.database.rows("select column_name from information_schema.columns"
                                                 " where table_schema = 'narae_push' and table_name = 'device'")]
    refused = [c for c in columns if roles.try_as("narae_bi", f"select {c} from narae_push.device")]

    assert refused == ["registration", "registration_hash"]


def test_bi_tools_read_of_a_parked_message_everything_but_its_body(roles):
    columns = [c for (c,) in roles.database.rows("select column_name from information_schema.columns"
                                                 " where table_schema = 'narae_push' and table_name = 'parked'")]
    refused = [c for c in columns if roles.try_as("narae_bi", f"select {c} from narae_push.parked")]

    assert refused == ["body"]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("write", ["delete from {}", "truncate {}", "insert into {} default values", "drop table {}",
                                   "alter table {} add column x int", "create trigger x before insert on {} for each row execute"
                                   " function suppress_redundant_updates_trigger()"])
def test_bi_tools_cannot_write(roles, table, write):
    assert any(words in roles.try_as("narae_bi", write.format(table)) for words in ("permission denied", "must be owner"))


@pytest.mark.parametrize("table, change", [
    ("narae_push.device", "status = 'active'"), ("narae_push.send", "state = 'retry'"), ("narae_push.topic", "is_wanted = true"),
    ("narae_push.parked", "reason = ''"), ("narae_search.person", "nickname = ''"), ("narae_search.post", "title = ''")])
def test_bi_tools_cannot_change_a_row(roles, table, change):
    assert "permission denied" in roles.try_as("narae_bi", f"update {table} set {change}")


def test_bi_tools_can_make_nothing(roles):
    for statement in ("create table narae_push.x (a int)", "create schema x", "create role x", "create table public.x (a int)"):
        assert "permission denied" in roles.try_as("narae_bi", statement), statement


def test_what_bi_tools_begin_is_read_only_and_ends(roles):
    assert roles.settings("narae_bi") == {"default_transaction_read_only": "on", "statement_timeout": "5min",
                        "idle_in_transaction_session_timeout": "1min"}


def test_nobody_logs_in_before_a_password_is_given(roles):
    assert roles.database.rows("select rolname, rolcanlogin, rolsuper, rolcreaterole, rolpassword is null from pg_authid"
                               " where rolname in ('narae_app', 'narae_bi') order by 1") == [
        ("narae_app", "t", "f", "f", "t"), ("narae_bi", "t", "f", "f", "t")]


PAGE = (paths.ROOT / "docs/database.md").read_text()


def test_the_page_names_every_column_that_bi_tools_read(roles):
    readable = {}
    for table, column in roles.database.rows(
            "set session authorization narae_bi; select table_name, column_name from information_schema.columns"
            " where table_schema in ('narae_push', 'narae_search')"):
        readable.setdefault(table, set()).add(column)
    told = {}
    for part in re.split(r"^(?=\*\*narae_)", PAGE, flags=re.MULTILINE)[1:]:
        part = part.split("What people searched for")[0]
        names = re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| (.*?) \|", part, re.MULTILINE)) or part)
        for table in re.findall(r"\*\*narae_[a-z]+\.([a-z]+)\*\*", part):
            told[table] = set(names) & (readable.get(table, set()) if "person" in part else set(names))

    assert told == readable


def test_the_page_shows_a_question_that_is_answered(roles):
    (question,) = re.findall(r"^    (select platform.*?;)$", PAGE, re.MULTILINE | re.DOTALL)

    assert roles.try_as("narae_bi", question) == ""


def test_the_page_gives_roles_their_passwords(roles):
    """By the very lines of the page; the passwords are in no argument and no file."""
    in_a_cluster_of_theirs, in_ours = re.findall(r"<<'SQL'\n(.*?)^    SQL$", PAGE, re.MULTILINE | re.DOTALL)
    lines = textwrap.dedent(in_a_cluster_of_theirs + in_ours)
    subprocess.run(["psql", "-Xq", "-d", roles.database.conninfo, "-v", "ON_ERROR_STOP=1"], input=lines, text=True, check=True, timeout=60,
                   env={**os.environ, "APP_PASSWORD": "it's one", "BI_PASSWORD": 'two"'})

    host, port = roles.database.place()
    for role, password in (("narae_app", "it's one"), ("narae_bi", 'two"')):
        done = subprocess.run(["psql", "-XAtq", "-c", "select current_user", f"host={host} port={port} dbname={roles.database.name} user={role}"],
                              env={**os.environ, "PGPASSWORD": password}, capture_output=True, text=True, timeout=60)
        assert done.stdout == f"{role}\n", done.stderr


def test_functions_change_pushs_tables_and_only_read_searchs(roles):
    for table in TABLES[:4]:
        assert roles.try_as("narae_app", f"begin; delete from {table}; rollback") == ""
        assert "must be owner" in roles.try_as("narae_app", f"drop table {table}")
    for table in TABLES[4:]:
        assert roles.try_as("narae_app", f"select * from {table}") == ""
        assert "permission denied" in roles.try_as("narae_app", f"delete from {table}")


def test_functions_give_up_before_the_server_does(roles):
    """RDS Proxy passes no cancelling on: the server must end by itself what a function has given up."""
    source = sql("push/push_prune.c")

    assert "STATEMENT_TIMEOUT_MS = 60 * 1000" in source
    assert roles.settings("narae_app")["statement_timeout"] == "75s"


@pytest.mark.parametrize("domain", ["push", "search"])
def test_no_statement_of_a_function_waits_for_a_compiler(roles, domain):
    """Each domain's file says so by itself: not everybody has both."""
    roles.database.run("alter role narae_app reset jit")
    roles.database.run(f"set session authorization {roles.owner};\n{sql(f'{domain}/roles.sql')}")

    assert roles.settings("narae_app")["jit"] == "off"


# --- functions log in with the secret that the stack makes


PASSWORD = "one-to-four"


@pytest.fixture
def app_secret(roles):
    """app_secret(host) -> the secret's text, once narae_app has its password."""
    address, port = roles.database.place()
    secret = properties("AppSecret", DatabaseName=roles.database.name)
    roles.database.run(f"alter role narae_app password '{PASSWORD}'")
    return lambda host=address: filled(secret, PASSWORD, hosts(host, port))


def test_push_send_sends_as_narae_app(roles, push_send, fcm, app_secret):
    answer = push_send({"DATABASE": app_secret()}).invoke(push.event(push.body("as-app", {"users": ["17"]})))

    assert answer.json() == push.failures()
    assert fcm.targets() == ["secret"]
    assert roles.database.rows("select state from narae_push.send where message_id = 'as-app'") == [("sent",)]


def test_push_send_connects_where_narae_database_host_says(roles, push_send, fcm, app_secret):
    address, _ = roles.database.place()
    function = push_send({"DATABASE": app_secret("not-there.invalid"), "NARAE_DATABASE_HOST": address})

    assert function.invoke(push.event(push.body("elsewhere", {"users": ["17"]}))).json() == push.failures()
    assert fcm.targets() == ["secret"]


def test_search_query_finds_as_narae_app(emulate, app_secret):
    answer = emulate(paths.function("search_query"), "search_query.handler", {
        "NARAE_DATABASE": "env:DATABASE", "DATABASE": app_secret(), "NARAE_SEARCH_CURSOR_KEY": "env:KEY", "KEY": "k" * 64,
    }).invoke({"q": "나래"})

    assert [(found["type"], found["id"]) for found in answer.json()["results"]] == [("person", "17")]
