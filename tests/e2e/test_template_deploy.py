"""template.yaml deployed into moto, as far as moto holds it: references resolve to what was made, and the services take the values.

Types that moto leaves out are left out here, by name; test_template_wiring.py looks at them. So is search, whose secrets and lake are such."""

import ast
import json

import pytest

from harness import template
from harness.aws import Aws

# "No Moto CloudFormation support", or none of what refers to them.
NOT_HELD = {"AWS::CloudFormation::Stack", "AWS::Scheduler::Schedule", "AWS::Lambda::Url", "AWS::SecretsManager::Secret",
            "AWS::Lambda::EventInvokeConfig"}
SECRETS = {"DatabaseSecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:database-AbCdEf",
           "FcmServiceAccountSecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:account-AbCdEf"}


def held(cloudformation: dict) -> dict:
    """What moto can hold, and the outputs that say something of it."""
    resources = {n: r for n, r in cloudformation["Resources"].items()
                 if r["Type"] not in NOT_HELD and not r.get("Condition", "").startswith("HasSearch")}
    for resource in resources.values():
        resource.pop("DependsOn", None)
    outputs = {n: o for n, o in cloudformation["Outputs"].items() if (o["Value"].get("Ref") or o["Value"]["Fn::GetAtt"][0]) in resources}
    return {**cloudformation, "Resources": resources, "Outputs": outputs}


class Deployed:
    def __init__(self, aws: Aws):
        self.aws = aws
        self.template = held(template.transformed())
        aws.client("s3").create_bucket(Bucket="bucket")
        for resource in self.template["Resources"].values():
            code = resource["Properties"].get("Code") or resource["Properties"].get("Content") or {}
            if "S3Key" in code:
                aws.client("s3").put_object(Bucket="bucket", Key=code["S3Key"], Body=b"PK")
        api = aws.client("cloudformation")
        api.create_stack(StackName="narae", TemplateBody=json.dumps(self.template), Capabilities=["CAPABILITY_IAM"],
                         Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in SECRETS.items()])
        (self.stack,) = api.describe_stacks(StackName="narae")["Stacks"]
        self.names = {r["LogicalResourceId"]: r.get("PhysicalResourceId")  # a layer has none here
                      for r in api.describe_stack_resources(StackName="narae")["StackResources"]}
        self.outputs = {o["OutputKey"]: o["OutputValue"] for o in self.stack["Outputs"]}

    def of_type(self, kind: str) -> list[str]:
        return [name for name, r in self.template["Resources"].items() if r["Type"] == kind]

    def queue(self, name: str) -> dict:
        return self.aws.client("sqs").get_queue_attributes(QueueUrl=self.names[name], AttributeNames=["All"])["Attributes"]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    aws = Aws(tmp_path_factory.mktemp("aws"), free_calls=None)
    try:
        yield Deployed(aws)
    finally:
        aws.stop()


def test_everything_that_moto_holds_is_made(deployed):
    assert deployed.stack["StackStatus"] == "CREATE_COMPLETE"
    assert set(deployed.names) == set(deployed.template["Resources"])
    assert len(deployed.of_type("AWS::Lambda::Function")) == 4 and len(deployed.of_type("AWS::SQS::Queue")) == 6
    assert deployed.outputs["PushQueueUrl"] == deployed.names["PushQueue"]


@pytest.mark.parametrize("name, seconds, dead", [("PushQueue", "360", "PushDeadLetterQueue"), ("DevicesQueue", "360", "DevicesDeadLetterQueue")])
def test_queue_gives_up_to_its_dead_letter_queue(deployed, name, seconds, dead):
    queue = deployed.queue(name)

    assert queue["VisibilityTimeout"] == seconds
    assert json.loads(queue["RedrivePolicy"]) == {"deadLetterTargetArn": deployed.queue(dead)["QueueArn"], "maxReceiveCount": 12}


@pytest.mark.parametrize("function, queue", [("PushSend", "PushQueue"), ("PushDevices", "DevicesQueue")])
def test_queue_feeds_its_function(deployed, function, queue):
    (mapping,) = deployed.aws.client("lambda").list_event_source_mappings(FunctionName=deployed.names[function])["EventSourceMappings"]

    assert mapping["EventSourceArn"] == deployed.queue(queue)["QueueArn"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("function", ["PushSend", "PushDevices", "PushPrune", "AuroraSnapshot"])
def test_function_has_settings_a_role_and_a_log_that_are_there(deployed, function):
    made = deployed.aws.client("lambda").get_function_configuration(FunctionName=deployed.names[function])
    role = deployed.aws.client("iam").get_role(RoleName=deployed.names[f"{function}Role"])["Role"]
    groups = deployed.aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/narae-")["logGroups"]

    assert made["Role"] == role["Arn"]
    assert [name for name, value in made["Environment"]["Variables"].items() if value in (None, "") or isinstance(value, dict)] == []
    assert made["Environment"]["Variables"].get("NARAE_DATABASE", SECRETS["DatabaseSecretArn"]) == SECRETS["DatabaseSecretArn"]
    assert {g["logGroupName"]: g["retentionInDays"] for g in groups}[deployed.names[f"{function}LogGroup"]] == 30


@pytest.mark.parametrize("role", ["PushSendRole", "PushDevicesRole", "PushPruneRole", "AuroraSnapshotRole", "PushPruneScheduleRole",
                                  "AuroraSnapshotScheduleRole"])
def test_role_names_what_was_made(deployed, role):
    """Queues and functions by their whole ARNs, and nothing that a condition should have left out."""
    iam, name = deployed.aws.client("iam"), deployed.names[role]
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    # moto keeps what CloudFormation made as Python writes it, and nothing where CloudFormation leaves out.
    statements = [statement for statement in ast.literal_eval(document)["Statement"] if statement]
    queues = {deployed.queue(q)["QueueArn"] for q in deployed.of_type("AWS::SQS::Queue")}

    assert {s["Sid"] for s in statements} & {"JoinVpc", "DecryptSecrets", "ReadPolicy", "LookAtSnapshotKeys", "LendSnapshotKeys"} == set()
    for statement in statements:
        resources = [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]
        assert all(isinstance(r, str) and (r == "*" or r.startswith("arn:aws:")) for r in resources), statement
        assert {r for r in resources if ":sqs:" in r} <= queues
