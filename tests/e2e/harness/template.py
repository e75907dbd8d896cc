"""template.yaml after SAM's transform: the plain CloudFormation that a deployment would make."""

import os

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

from harness.paths import ROOT, TEMPLATE  # noqa: E402


class _NoManagedPolicies:
    def load(self) -> dict:
        return {}


def source() -> dict:
    return yaml_parse(TEMPLATE.read_text())


def stack(path: str) -> dict:
    """A template that is nested, by its path from the top of the tree."""
    return yaml_parse((ROOT / path).read_text())


def transformed() -> dict:
    """Local folders are replaced by where `sam package` would have put them."""
    template = source()
    for resource in template["Resources"].values():
        for key in ("CodeUri", "ContentUri"):
            if key in resource.get("Properties", {}):
                resource["Properties"][key] = {"Bucket": "bucket", "Key": resource["Properties"][key]}
    return transform(template, {}, _NoManagedPolicies())


def of_type(template: dict, kind: str) -> dict:
    return {name: r["Properties"] for name, r in template["Resources"].items() if r["Type"] == kind}


def handlers() -> list[str]:
    """The file of every function: "push_send" of push_send.handler."""
    functions = [r for r in source()["Resources"].values() if r["Type"] == "AWS::Serverless::Function"]
    return sorted(function["Properties"]["Handler"].split(".")[0] for function in functions)
