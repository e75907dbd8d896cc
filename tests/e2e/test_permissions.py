"""Each function with exactly the environment and the permissions that template.yaml gives it: with all of them it does its work; without
any single one it does not, or it says what it lacks.

A call is judged by the role's own statements, resource and condition included (harness/iam_gate.py), and by moto, which checks
signature, token and action."""

import json
import urllib.parse

import pytest
from botocore.exceptions import ClientError

from harness import logs, metrics, template
from harness.iam_facts import REGION
from harness.policy import Ask, allows, grants, listed, matches
from harness.stack import ACCOUNT, NO_VALUE, Stack
from harness.work import WORK, begin_anew, snapshots
from harness.world import AWAY, Sandbox, World

# What Lambda does itself with a function's role, so that no run here could miss it; and the part of the function that makes it do so.
WRITES_LOG = ["logs:CreateLogStream", "logs:PutLogEvents"]  # LoggingConfig
JOINS_VPC = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
             "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"]  # VpcConfig
TRACES = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]  # TracingConfig
KEEPS_WHAT_FAILED = ["sqs:SendMessage"]  # DestinationConfig of asynchronous invocations


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("world"))
    yield world
    world.stop()


@pytest.fixture
def run(world):
    """run(stack, function, what its role may do) -> what came of its work, and what was said."""
    started = []

    def run(stack: Stack, function: str, statements: list[dict] | None = None, form=lambda uri: uri) -> tuple[object, str]:
        statements = stack.statements(function) if statements is None else statements
        sandbox = Sandbox(world, stack, function, statements, form)
        started.append(sandbox)
        try:
            result = WORK[function][0](sandbox)
        except ClientError as refusal:  # of a call that Lambda's poller makes
            return None, str(refusal)
        return result, sandbox.text()

    yield run
    for sandbox in started:
        sandbox.stop()


# --- with all permissions


@pytest.mark.parametrize("function", WORK)
def test_a_function_works_with_its_role_and_its_environment(world, run, function):
    stack = world.deploy()
    result, said = run(stack, function)

    assert result == WORK[function][1], said
    assert world.account.gate.refused == []
    namespaces = logs.namespaces(said)
    assert namespaces and namespaces <= {metric.namespace for metric in metrics.emitted(stack.name)}, "not this stack's"


def database_json(uri: str, **more) -> str:
    parts = urllib.parse.urlsplit(uri)
    return json.dumps({"engine": "postgres", "username": parts.username, "password": parts.password, "host": parts.hostname,
                       "port": parts.port, "dbname": parts.path[1:], "dbClusterIdentifier": "orders", **more})


def conninfo(uri: str) -> str:
    parts = urllib.parse.urlsplit(uri)
    return f"host={parts.hostname} port={parts.port} user={parts.username} password={parts.password} dbname={parts.path[1:]}"


FORMS = {"uri": lambda uri: uri, "conninfo": conninfo, "rds": database_json}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("function", ["PushDevices", "SearchQuery"])
def test_the_databases_secret_has_any_of_its_forms_under_an_own_key(world, run, function, form):
    result, said = run(world.deploy(), function, form=FORMS[form])

    assert result == WORK[function][1], said
    assert "kms:Decrypt" in {ask.action for ask in world.account.gate.granted}


@pytest.mark.parametrize("form", FORMS)
def test_secrets_under_the_key_that_aws_manages_need_no_permission_for_it(world, run, form):
    stack = world.deploy(SecretsKeyArn="", DatabaseSecretArn=world.secret(f"database-{form}", "none yet"),
                         FcmServiceAccountSecretArn=world.secret(f"service-account-{form}", world.fcm.service_account()))

    result, said = run(stack, "PushDevices", form=FORMS[form])

    assert result == WORK["PushDevices"][1], said
    assert not [s for s in stack.statements("PushDevices") if "kms:" in str(s["Action"])]


# --- without one of them


RESOURCES = template.transformed()["Resources"]
FUNCTIONS = template.of_type({"Resources": RESOURCES}, "AWS::Lambda::Function")


def lambdas_own(function: str) -> list[str]:
    """Which actions, by the template as it stands."""
    configs = template.of_type({"Resources": RESOURCES}, "AWS::Lambda::EventInvokeConfig").values()
    has_destination = any(config["FunctionName"] == {"Ref": function} for config in configs)
    return WRITES_LOG + JOINS_VPC + TRACES + (KEEPS_WHAT_FAILED if has_destination else [])


def permissions() -> list[tuple[str, str, str]]:
    """(function, Sid, action) of all roles, whatever the parameters are."""
    found = []
    for function, properties in FUNCTIONS.items():
        for policy in RESOURCES[properties["Role"]["Fn::GetAtt"][0]]["Properties"]["Policies"]:
            statements = [s.get("Fn::If", [None, s])[1] for s in policy["PolicyDocument"]["Statement"]]
            found += [(function, s["Sid"], action) for s in statements for action in listed(s["Action"])]
    return found


OWN = [permission for permission in permissions() if permission[2] not in lambdas_own(permission[0])]


def test_there_is_work_for_each_function_that_calls_aws():
    assert {function for function, _, _ in OWN} == set(WORK)


@pytest.mark.parametrize("function, sid, action", OWN, ids=[":".join(permission) for permission in OWN])
def test_without_a_permission_a_function_says_what_it_lacks(world, run, function, sid, action):
    """Of each resource alone. One that nobody misses is one too many."""
    stack = world.deploy()
    every, taken = of_permission(stack, function, sid, action)
    assert taken

    for n in range(len(taken)):
        if n > 0:  # the last run has left messages in the queues
            stack = world.deploy()
            every, taken = of_permission(stack, function, sid, action)
        result, said = run(stack, function, [grant for grant in every if grant is not taken[n]])
        refused = list(world.account.gate.refused)
        assert refused, f"{function} needs no {action} on {taken[n]['Resource']}, and came to {result}"
        assert {ask.action for ask, _ in refused} == {action} and matches(taken[n]["Resource"], refused[0][0].resource)
        assert [words for _, words in refused if words not in said] == [], said


def of_permission(stack: Stack, function: str, sid: str, action: str) -> tuple[list[dict], list[dict]]:
    """All grants of a function, and those among them that are the permission, one for each resource."""
    every = grants(stack.statements(function))
    return every, [grant for grant in every if (grant["Sid"], grant["Action"]) == (sid, action)]


def test_aws_itself_keeps_the_function_from_snapshots_that_it_did_not_make(world):
    home, ours = world.account.client("rds"), {"narae:managed-by": "aurora_snapshot"}
    begin_anew(home, world.account.client("rds", AWAY), world.home_key)
    for id, tags in ("ours", ours), ("somebodys", {"narae:managed-by": "me"}), ("bare", {}):
        home.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=id, DBClusterIdentifier="orders",
                                        Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    world.account.allow(world.deploy().statements("AuroraSnapshot"))
    role = world.account.role_client("rds")

    for id in "somebodys", "bare":
        with pytest.raises(ClientError, match="AccessDenied"):
            role.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=id)
    role.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="ours")

    assert snapshots(home) == ["somebodys", "bare"]


def test_the_parameters_turn_every_statement_on(world):
    """Else the tests above would be of less than the template holds."""
    stack = world.deploy()
    held = {(function, s["Sid"], action) for function in FUNCTIONS for s in stack.statements(function) for action in listed(s["Action"])}

    assert held == set(permissions())


# --- what others do with the roles


def lambdas_asks(stack: Stack, function: str) -> list[Ask]:
    """What Lambda does with a function's role, and to which resources."""
    group = stack.resolve(stack.function(function)["LoggingConfig"]["LogGroup"])
    has = stack.resolve({key: stack.function(function).get(key, NO_VALUE) for key in ("VpcConfig", "TracingConfig")})
    asks = [Ask(action, f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:log-stream:2026/11/27/[$LATEST]0") for action in WRITES_LOG]
    asks += [Ask(action, f"arn:aws:ec2:{REGION}:{ACCOUNT}:network-interface/eni-0") for action in JOINS_VPC if "VpcConfig" in has]
    asks += [Ask(action, "*") for action in TRACES if "TracingConfig" in has]
    for config in template.of_type(stack.template, "AWS::Lambda::EventInvokeConfig").values():
        if config["FunctionName"] == {"Ref": function}:
            asks += [Ask(action, stack.resolve(config["DestinationConfig"]["OnFailure"]["Destination"])) for action in KEEPS_WHAT_FAILED]
    return asks


@pytest.mark.parametrize("function", FUNCTIONS)
def test_lambda_may_do_its_own_part_with_the_role_and_nothing_besides(world, function):
    stack = world.deploy()
    statements, asks = stack.statements(function), lambdas_asks(stack, function)

    assert [str(ask) for ask in asks if not allows(statements, ask)] == []
    given = {grant["Action"] for grant in grants(statements)} - {action for f, _, action in OWN if f == function}
    assert given == {ask.action for ask in asks}


def test_a_schedule_may_start_its_function_and_keep_what_it_could_not_start(world):
    stack = world.deploy()

    for name, schedule in template.of_type(stack.template, "AWS::Scheduler::Schedule").items():
        target = schedule["Target"]
        asks = [Ask("lambda:InvokeFunction", stack.resolve(target["Arn"]))]
        asks += [Ask("sqs:SendMessage", stack.resolve(target["DeadLetterConfig"]["Arn"]))] if "DeadLetterConfig" in target else []
        statements = stack.role_statements(target["RoleArn"])
        assert [str(ask) for ask in asks if not allows(statements, ask)] == [], name
        assert len(grants(statements)) == len(asks), f"{name}: its role may more than that"
