"""template.yaml after the transform: what belongs together points at each other, for every function, queue, schedule and role that there is."""

import json
import re

import pytest

from harness import paths, template

CLOUDFORMATION = template.transformed()
RESOURCES = CLOUDFORMATION["Resources"]


def of_type(kind: str) -> dict:
    return template.of_type(CLOUDFORMATION, kind)


FUNCTIONS = of_type("AWS::Lambda::Function")
QUEUES = of_type("AWS::SQS::Queue")
ROLES = of_type("AWS::IAM::Role")
MAPPINGS = of_type("AWS::Lambda::EventSourceMapping")
SCHEDULES = of_type("AWS::Scheduler::Schedule")
DEAD_LETTERS = {q["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for q in QUEUES.values() if "RedrivePolicy" in q}


def statements(role: str) -> dict:
    """Sid -> statement; what stands under a condition as well."""
    (policy,) = ROLES[role]["Policies"]
    listed = [s["Fn::If"][1] if "Fn::If" in s else s for s in policy["PolicyDocument"]["Statement"]]
    assert len({s["Sid"] for s in listed}) == len(listed)
    return {s["Sid"]: s for s in listed}


def may(role: str, action: str, resource) -> bool:
    return any(action in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
               and resource in (s["Resource"] if isinstance(s["Resource"], list) else [s["Resource"]]) for s in statements(role).values())


def arn_of(name: str) -> dict:
    return {"Fn::GetAtt": [name, "Arn"]}


def test_everything_that_is_walked_through_here_is_there():
    assert len(FUNCTIONS) >= 6 and len(MAPPINGS) >= 3 and len(SCHEDULES) >= 4 and len(QUEUES) >= 8


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_function_has_a_role_and_a_log_of_its_own(name):
    role, group = f"{name}Role", f"{name}LogGroup"
    allowed = statements(role)

    assert FUNCTIONS[name]["Role"] == arn_of(role)
    assert FUNCTIONS[name]["LoggingConfig"]["LogGroup"] == {"Ref": group}
    assert (allowed["WriteLog"]["Action"], allowed["WriteLog"]["Resource"]) == (["logs:CreateLogStream", "logs:PutLogEvents"], arn_of(group))
    assert RESOURCES[role].get("Condition") == RESOURCES[group].get("Condition") == RESOURCES[name].get("Condition")
    assert [s["Principal"] for s in ROLES[role]["AssumeRolePolicyDocument"]["Statement"]] == [{"Service": "lambda.amazonaws.com"}]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_function_is_traced_as_the_parameter_says(name):
    assert FUNCTIONS[name]["TracingConfig"] == {"Mode": {"Ref": "Tracing"}}
    for action in ("xray:PutTraceSegments", "xray:PutTelemetryRecords"):
        assert may(f"{name}Role", action, "*")


@pytest.mark.parametrize("name", sorted(ROLES))
def test_role_is_used_bounded_and_allows_no_more_than_one_by_one(name):
    used = json.dumps([f["Role"] for f in FUNCTIONS.values()] + [s["Target"]["RoleArn"] for s in SCHEDULES.values()])

    assert json.dumps(arn_of(name)) in used
    assert "ManagedPolicyArns" not in ROLES[name]
    assert ROLES[name]["PermissionsBoundary"] == {"Fn::If": ["HasBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]}
    for sid, statement in statements(name).items():
        assert statement["Effect"] == "Allow" and "*" not in json.dumps(statement["Action"]), sid
        assert statement["Resource"] != "*" or sid in ("JoinVpc", "WriteTraces"), sid


@pytest.mark.parametrize("name", sorted(MAPPINGS))
def test_queue_feeds_a_function_that_can_take_it_message_by_message(name):
    mapping = MAPPINGS[name]
    (queue, _), function = mapping["EventSourceArn"]["Fn::GetAtt"], mapping["FunctionName"]["Ref"]

    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert QUEUES[queue]["VisibilityTimeout"] == 6 * FUNCTIONS[function]["Timeout"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == {"Ref": "MaximumConcurrency"} or mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
    assert statements(f"{function}Role")["PollQueue"]["Resource"] == arn_of(queue)
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
        assert may(f"{function}Role", action, arn_of(queue))


@pytest.mark.parametrize("name", sorted(MAPPINGS))
def test_batch_is_of_a_size_that_lambda_takes(name):
    """Above 10 messages Lambda asks for a window; parameters by their defaults."""
    size, window = (CLOUDFORMATION["Parameters"][v["Ref"]]["Default"] if isinstance(v, dict) else v
                    for v in (MAPPINGS[name]["BatchSize"], MAPPINGS[name].get("MaximumBatchingWindowInSeconds", 0)))

    assert size <= 10 or window >= 1


@pytest.mark.parametrize("name", sorted(n for n in QUEUES if n not in DEAD_LETTERS and "RedrivePolicy" in QUEUES[n]))
def test_queue_has_dead_letters_that_are_kept_for_longer(name):
    redrive = QUEUES[name]["RedrivePolicy"]
    dead = QUEUES[redrive["deadLetterTargetArn"]["Fn::GetAtt"][0]]

    assert json.dumps(arn_of(name)) in json.dumps([m["EventSourceArn"] for m in MAPPINGS.values()])
    assert redrive["maxReceiveCount"] >= 5
    # A message's age counts from its first send, in the dead-letter queue too.
    assert dead["MessageRetentionPeriod"] == 14 * 24 * 3600 or dead["MessageRetentionPeriod"] > QUEUES[name]["MessageRetentionPeriod"]


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_schedule_starts_its_function_by_its_zone_and_keeps_what_it_cannot_start(name):
    schedule, target = SCHEDULES[name], SCHEDULES[name]["Target"]
    (function, _), (role, _) = target["Arn"]["Fn::GetAtt"], target["RoleArn"]["Fn::GetAtt"]

    assert re.match(r"[A-Z]\w+", function) and name.startswith(function)
    assert schedule["ScheduleExpressionTimezone"]["Ref"] in CLOUDFORMATION["Parameters"]
    assert schedule["FlexibleTimeWindow"]["Mode"] in ("FLEXIBLE", "OFF")
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] >= 60
    assert [(s["Action"], s["Resource"]) for s in statements(role).values()] == [
        ("lambda:InvokeFunction", arn_of(function)), ("sqs:SendMessage", target["DeadLetterConfig"]["Arn"])]
    assert ROLES[role]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "scheduler.amazonaws.com"}


def test_a_second_stack_in_the_region_finds_no_name_taken():
    """SAM names a schedule after function and event, which is the same name in every stack; it has to be told to leave that to CloudFormation."""
    assert {name: s["Name"] for name, s in SCHEDULES.items() if "Name" in s} == {}
    assert [g["LogGroupName"] for g in of_type("AWS::Logs::LogGroup").values() if "${AWS::StackName}" not in json.dumps(g["LogGroupName"])] == []
    assert {name for name, part in (FUNCTIONS | ROLES | QUEUES).items() if {"FunctionName", "RoleName", "QueueName"} & set(part)} == set()


# Names that count in all of the Region: the property, and the part of it that is another in every stack. The database's is a parameter of
# whoever deploys (README, Deploy).
NAMED = {
    "AWS::CloudWatch::Dashboard": ("DashboardName", "DashboardPrefix"),
    "AWS::Athena::WorkGroup": ("Name", "Database"),
    "AWS::QuickSight::DataSource": ("DataSourceId", "Database"),
    "AWS::QuickSight::DataSet": ("DataSetId", "Database"),
    "AWS::QuickSight::Dashboard": ("DashboardId", "Database"),
    "AWS::RDS::DBCluster": ("DBClusterIdentifier", "ClusterName"),
    "AWS::RDS::DBInstance": ("DBInstanceIdentifier", "ClusterName"),
    "AWS::RDS::DBProxy": ("DBProxyName", "ClusterName"),
    "AWS::Logs::LogGroup": ("LogGroupName", "ClusterName"),
}
# Of these the name is left to CloudFormation.
UNNAMED = {
    "AWS::CloudWatch::Alarm": "AlarmName", "AWS::IAM::Role": "RoleName", "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::EC2::SecurityGroup": "GroupName", "AWS::S3::Bucket": "BucketName", "AWS::Kinesis::Stream": "Name",
    "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName", "AWS::SecretsManager::Secret": "Name", "AWS::Glue::Crawler": "Name",
    "AWS::Glue::Database": "Name", "AWS::RDS::DBSubnetGroup": "DBSubnetGroupName",
    "AWS::RDS::DBClusterParameterGroup": "DBClusterParameterGroupName",
}


@pytest.mark.parametrize("name", sorted(file.stem for file in (paths.ROOT / "stacks").glob("*.yaml")))
def test_nor_do_the_stacks_that_are_nested_in_it(name):
    stack = template.stack(f"stacks/{name}.yaml")

    for resource, part in stack["Resources"].items():
        properties = part.get("Properties", {})
        given = properties | properties.get("DatabaseInput", {})  # where Glue's name of a database stands
        named, by = NAMED.get(part["Type"], (None, None))
        assert named not in given or by in re.findall(r"\w+", json.dumps(given[named])), resource
        assert UNNAMED.get(part["Type"]) not in given, resource
        assert part["Type"] != "AWS::KMS::Alias", resource
    assert [output for output, part in stack.get("Outputs", {}).items() if "Export" in part] == []


def test_a_window_that_is_off_has_its_reason_beside_it():
    lines = [line for line in template.TEMPLATE.read_text().splitlines() if "Mode: 'OFF'" in line]

    assert len(lines) == sum(s["FlexibleTimeWindow"]["Mode"] == "OFF" for s in SCHEDULES.values())
    assert [line for line in lines if not re.search(r"# \w.{15,}", line)] == []


@pytest.mark.parametrize("function", sorted({s["Target"]["Arn"]["Fn::GetAtt"][0] for s in SCHEDULES.values()}))
def test_what_fails_after_a_schedule_started_it_is_kept(function):
    """Scheduler's retries end when Lambda has taken the event; from there on it is an asynchronous invocation."""
    (config,) = [c for c in of_type("AWS::Lambda::EventInvokeConfig").values() if c["FunctionName"] == {"Ref": function}]
    queue = config["DestinationConfig"]["OnFailure"]["Destination"]

    assert queue["Fn::GetAtt"][0] in QUEUES
    assert may(f"{function}Role", "sqs:SendMessage", queue)


def test_secrets_are_named_and_never_given():
    """No parameter holds a secret: those about secrets take ARNs alone, and what the functions get are those ARNs."""
    about = {n: p for n, p in CLOUDFORMATION["Parameters"].items() if re.search(r"Secret|Key|Password|Token|Account", n)}

    assert {n for n, p in about.items() if "NoEcho" in p} == set()
    for name, parameter in about.items():
        assert parameter["Type"] == "CommaDelimitedList" or "arn:" in parameter["AllowedPattern"], name
    for function in FUNCTIONS.values():
        for variable, value in function.get("Environment", {"Variables": {}})["Variables"].items():
            assert isinstance(value, dict) and ("Ref" in value or "Fn::GetAtt" in value or "Fn::If" in value), variable


def test_outputs_name_every_queue_function_and_screen():
    outputs = CLOUDFORMATION["Outputs"]
    wanted = {f"{q}Url": {"Ref": q} for q in QUEUES} | {f"{q}Arn": arn_of(q) for q in QUEUES} | {f"{f}Name": {"Ref": f} for f in FUNCTIONS}
    wanted |= {f"{n}Url": {"Fn::GetAtt": [n if n == "SearchLogUrl" else f"{n}Url", "FunctionUrl"]} for n in ("SearchQuery",)}
    wanted["SearchLogUrl"] = {"Fn::GetAtt": ["SearchLogUrl", "FunctionUrl"]}
    wanted |= {f"{d}DashboardUrl": {"Fn::GetAtt": ["Alarms", f"Outputs.{d}DashboardUrl"]} for d in ("Push", "Snapshot", "Search")}

    assert {name: outputs[name]["Value"] for name in wanted} == wanted


def test_nested_stacks_get_parameters_that_they_have_and_give_outputs_that_they_have():
    for name, stack in of_type("AWS::CloudFormation::Stack").items():
        if stack["TemplateURL"].startswith("build/"):
            continue  # written by ./build.sh package: test_template_architecture.py
        inner = template.stack(stack["TemplateURL"])
        needed = {n for n, p in inner["Parameters"].items() if "Default" not in p}
        asked = set(re.findall(rf'"{name}", "Outputs\.(\w+)"', json.dumps(CLOUDFORMATION)))
        assert needed <= set(stack["Parameters"]) <= set(inner["Parameters"]), name
        assert asked <= set(inner.get("Outputs", {})), name


# The functions of this template need FCM, so a network without a way out is not offered; and 0 days is no stack at all.
OF_THE_TEMPLATE_ALONE = {("NatGateways", "AllowedValues"), ("RotationDays", "Default"), ("RotationDays", "MinValue")}


def test_parameters_that_are_passed_on_are_those_of_the_nested_stack():
    """Who changes a range or a default in one place changes it in the other."""
    parameters = CLOUDFORMATION["Parameters"]
    for stack in of_type("AWS::CloudFormation::Stack").values():
        if stack["TemplateURL"].startswith("build/"):
            continue
        inner = template.stack(stack["TemplateURL"])["Parameters"]
        for name, value in stack["Parameters"].items():
            outer = parameters.get(value.get("Ref") if isinstance(value, dict) else None)
            for key in ("Type", "Default", "AllowedValues", "MinValue", "MaxValue", "MaxLength", "AllowedPattern"):
                if outer and key in inner[name] and (name, key) not in OF_THE_TEMPLATE_ALONE:
                    assert outer.get(key) == inner[name][key], (name, key)
