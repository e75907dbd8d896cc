"""A deployment of template.yaml as far as a function sees it: its environment and its role, with what they name made in moto.

Is:      intrinsic functions and conditions resolved (by SAM CLI's own resolver), and a resource made when it is first referred to.
Is not:  CloudFormation: moto's knows no secrets and no nested stacks, and leaves out silently what it does not know.
Beware:  a resource of a type that is not in MAKERS is an error as soon as something needs it.
"""

import json
from collections.abc import Callable

from samcli.lib.intrinsic_resolver.intrinsic_property_resolver import IntrinsicResolver
from samcli.lib.intrinsic_resolver.intrinsics_symbol_table import IntrinsicsSymbolTable
from samtranslator.yaml_helper import yaml_parse

from harness import template
from harness.paths import ROOT

ACCOUNT, REGION = "123456789012", "us-east-1"
NO_VALUE = "AWS::NoValue"  # stands where a property is to be left out
PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com",
          "AWS::NoValue": NO_VALUE}


def _without_no_value(value):
    if isinstance(value, dict):
        return {key: _without_no_value(item) for key, item in value.items() if item != NO_VALUE}
    if isinstance(value, list):
        return [_without_no_value(item) for item in value if item != NO_VALUE]
    return value


# --- what is made of a resource by its properties as they stand: its attributes, "Ref" among them


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


QUEUE_ATTRIBUTES = {"VisibilityTimeout", "MessageRetentionPeriod", "MaximumMessageSize", "SqsManagedSseEnabled", "RedrivePolicy",
                    "FifoQueue", "ContentBasedDeduplication"}


def _queue(stack: "Stack", name: str, properties: dict) -> dict:
    attributes = {key: json.dumps(value) if isinstance(value, (dict, bool)) else str(value)
                  for key, value in stack.resolve(properties).items() if key in QUEUE_ATTRIBUTES}
    url = stack.aws.client("sqs").create_queue(QueueName=f"{stack.name}-{name}", Attributes=attributes)["QueueUrl"]
    return {"Ref": url, "Arn": _arn("sqs", f"{stack.name}-{name}"), "QueueName": f"{stack.name}-{name}"}


def _secret(stack: "Stack", name: str, properties: dict) -> dict:
    """GenerateSecretString is CloudFormation's own: the API has the same by halves."""
    client, how = stack.aws.client("secretsmanager"), stack.resolve(properties["GenerateSecretString"])
    made = client.get_random_password(PasswordLength=how["PasswordLength"], ExcludePunctuation=how["ExcludePunctuation"])["RandomPassword"]
    if "GenerateStringKey" in how:
        made = json.dumps({**json.loads(how["SecretStringTemplate"]), how["GenerateStringKey"]: made})
    return {"Ref": client.create_secret(Name=f"{stack.name}-{name}", SecretString=made)["ARN"]}


def _key(stack: "Stack", name: str, properties: dict) -> dict:
    made = stack.aws.client("kms").create_key()["KeyMetadata"]
    return {"Ref": made["KeyId"], "Arn": made["Arn"]}


def _stream(stack: "Stack", name: str, properties: dict) -> dict:
    """moto makes ON_DEMAND streams PROVISIONED, and encrypts none when it makes them."""
    client = stack.aws.client("kinesis")
    client.create_stream(StreamName=f"{stack.name}-{name}", ShardCount=4)
    client.start_stream_encryption(StreamName=f"{stack.name}-{name}", **stack.resolve(properties["StreamEncryption"]))
    return {"Ref": f"{stack.name}-{name}", "Arn": _arn("kinesis", f"stream/{stack.name}-{name}")}


def _nested(stack: "Stack", name: str, properties: dict) -> dict:
    source = yaml_parse((ROOT / properties["TemplateURL"]).read_text())
    inner = Stack(stack.aws, stack.resolve(properties.get("Parameters", {})), f"{stack.name}-{name}", source)
    return {f"Outputs.{output}": (lambda output=output: inner.output(output)) for output in inner.template["Outputs"]}


def _log_group(stack: "Stack", name: str, properties: dict) -> dict:
    group = stack.resolve(properties.get("LogGroupName", f"{stack.name}-{name}"))
    return {"Ref": group, "Arn": _arn("logs", f"log-group:{group}:*")}  # its streams are meant


def _named(service: str, kind: str) -> Callable:
    """Something that is only referred to."""
    return lambda stack, name, properties: {"Ref": f"{stack.name}-{name}", "Arn": _arn(service, f"{kind}{stack.name}-{name}")}


MAKERS = {
    "AWS::SQS::Queue": _queue,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::KMS::Key": _key,
    "AWS::Kinesis::Stream": _stream,
    "AWS::CloudFormation::Stack": _nested,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Lambda::Function": _named("lambda", "function:"),
    "AWS::SNS::Topic": _named("sns", ""),
}


class Stack:
    def __init__(self, aws, parameters: dict | None = None, name: str = "narae", source: dict | None = None):
        """aws: whoever has client(service); source: a template of plain CloudFormation, without it template.yaml, transformed."""
        self.aws, self.name, self.template = aws, name, source or template.transformed()
        self._pseudo = {**PSEUDO, "AWS::StackName": name}
        self._given, self._made = parameters or {}, {}
        unknown = set(self._given) - set(self.template["Parameters"])
        assert not unknown, f"no such parameters: {sorted(unknown)}"
        self._resolver = IntrinsicResolver(self.template, _Symbols(self))

    def resolve(self, value):
        return _without_no_value(self._resolver.intrinsic_property_resolver(self._chosen(value), ignore_errors=False))

    def _chosen(self, value):
        """SAM's resolver looks into both branches of an Fn::If, and would make here what neither needs."""
        if isinstance(value, list):
            return [self._chosen(item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Fn::If"}:
            condition, then, otherwise = value["Fn::If"]
            holds = self._resolver.intrinsic_property_resolver(self.template["Conditions"][condition], ignore_errors=False)
            return self._chosen(then if holds else otherwise)
        return {key: self._chosen(item) for key, item in value.items()}

    def function(self, name: str) -> dict:
        return self.template["Resources"][name]["Properties"]

    def environment(self, function: str) -> dict[str, str]:
        """As the function gets it: all values are texts."""
        variables = self.resolve(self.function(function)["Environment"]["Variables"])
        return {name: str(value) for name, value in variables.items()}

    def statements(self, function: str) -> list[dict]:
        """Of all policies of the function's role."""
        return self.role_statements(self.function(function)["Role"])

    def role_statements(self, arn: dict) -> list[dict]:
        """arn: as the template refers to the role."""
        role = self.resolve(self.template["Resources"][arn["Fn::GetAtt"][0]]["Properties"])
        assert "ManagedPolicyArns" not in role and "PermissionsBoundary" not in role, "harness/policy.py knows neither"
        return [statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]

    def output(self, name: str) -> str:
        return self.resolve(self.template["Outputs"][name]["Value"])

    def value(self, name: str, attribute: str = "Ref"):
        """What Ref or GetAtt gives."""
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self.template["Parameters"]:
            return self._parameter(name)
        if name not in self._made:
            self._made[name] = self._make(name)
        found = self._made[name][attribute]
        return found() if callable(found) else found

    def _parameter(self, name: str):
        declared = self.template["Parameters"][name]
        value = self._given.get(name, declared.get("Default"))
        assert value is not None, f"parameter {name} must be given"
        return str(value).split(",") if "List" in declared["Type"] else value

    def _make(self, name: str) -> dict:
        resource = self.template["Resources"][name]
        assert resource["Type"] in MAKERS, f"{name}: stack.py cannot make a {resource['Type']}"
        return MAKERS[resource["Type"]](self, name, resource.get("Properties", {}))


class _Symbols(IntrinsicsSymbolTable):
    """SAM CLI's own table makes something up for what it does not know."""

    def __init__(self, stack: Stack):
        super().__init__(template=stack.template)
        self._stack = stack

    def resolve_symbols(self, logical_id, resource_attribute, ignore_errors=False):
        return self._stack.value(logical_id, resource_attribute)
