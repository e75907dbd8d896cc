"""CloudFormation's part of a template's life: parameters, rules, conditions and functions, up to what it would make.

What only exists once it is made stays as it stands: Ref and Fn::GetAtt of resources. moto does this too, but knows neither Rules
nor Fn::Cidr, and checks no parameter.
"""

import functools
import ipaddress
import math
import re

from samtranslator.yaml_helper import yaml_parse

from harness.paths import ROOT

PSEUDO = {"AWS::AccountId": "123456789012", "AWS::Region": "us-east-1", "AWS::Partition": "aws", "AWS::StackName": "narae",
          "AWS::URLSuffix": "amazonaws.com", "AWS::NoValue": None}


@functools.cache
def stack(name: str) -> dict:
    return yaml_parse((ROOT / "stacks" / f"{name}.yaml").read_text())


def cidr(block: str, count: int, host_bits: int) -> list[str]:
    """Fn::Cidr: the first subnets of a block; fewer than asked for is an error."""
    network = ipaddress.ip_network(block)
    if 32 - host_bits < network.prefixlen or 2 ** (32 - host_bits - network.prefixlen) < count:
        raise ValueError(f"{count} blocks of {host_bits} bits do not fit into {block}")
    return [str(subnet) for subnet, _ in zip(network.subnets(new_prefix=32 - host_bits), range(count))]


class Evaluation:
    """One template with one set of parameters."""

    def __init__(self, template: dict, parameters: dict | None = None, name: str = PSEUDO["AWS::StackName"]):
        """name: of the stack."""
        self.template = template
        self.pseudo = {**PSEUDO, "AWS::StackName": name}
        self.parameters = {name: self._parameter(name, spec, (parameters or {}))
                           for name, spec in template.get("Parameters", {}).items()}
        unknown = set(parameters or {}) - set(self.parameters)
        assert not unknown, f"no such parameters: {unknown}"
        self.functions = {
            "Ref": self._ref,
            "Fn::If": lambda a: self.value(a[1] if self.condition(a[0]) else a[2]),
            "Fn::Select": lambda a: self.value(a[1])[int(self.value(a[0]))],
            "Fn::Split": self._split,
            "Fn::GetAZs": lambda a: [f"us-east-1{zone}" for zone in "abc"],
            "Fn::Cidr": lambda a: cidr(self.value(a[0]), int(self.value(a[1])), int(self.value(a[2]))),
            "Fn::FindInMap": lambda a: self.template["Mappings"][a[0]][str(self.value(a[1]))][self.value(a[2])],
            "Fn::Join": self._join,
            "Fn::Sub": self._sub,
        }
        self.tests = {
            "Condition": self.condition,
            "Fn::Equals": lambda a: self._text(a[0]) == self._text(a[1]),
            "Fn::Not": lambda a: not self.test(a[0]),
            "Fn::And": lambda a: all(self.test(x) for x in a),
            "Fn::Or": lambda a: any(self.test(x) for x in a),
            "Fn::EachMemberEquals": lambda a: all(x == a[1] for x in self.value(a[0])),
            "Fn::Contains": lambda a: self._text(a[1]) in [self._text(x) for x in a[0]],
        }

    # --- parameters

    @staticmethod
    def _parameter(name: str, spec: dict, given: dict):
        if name not in given and "Default" not in spec:
            raise ValueError(f"{name}: must have a value")
        value = str(given.get(name, spec.get("Default")))
        pattern, allowed = spec.get("AllowedPattern"), spec.get("AllowedValues")
        is_too_long = len(value) > spec.get("MaxLength", math.inf)
        if is_too_long or (pattern and not re.fullmatch(pattern, value)) or (allowed and value not in [str(a) for a in allowed]):
            raise ValueError(f"{name}: {value!r} is refused")
        is_list = spec["Type"] == "CommaDelimitedList" or spec["Type"].startswith("List<")
        return value.split(",") if is_list else value

    # --- functions

    def value(self, node):
        """A node of the template with all that can be known put in; what is AWS::NoValue is left out."""
        if isinstance(node, list):
            return [v for v in map(self.value, node) if v is not None]
        if not isinstance(node, dict):
            return node
        if len(node) == 1 and next(iter(node)) in self.functions:
            ((function, arguments),) = node.items()
            return self.functions[function](arguments)
        values = {key: self.value(value) for key, value in node.items()}
        return {key: value for key, value in values.items() if value is not None}

    def _text(self, node) -> str:
        return str(self.value(node))

    def _ref(self, name: str):
        if name in self.pseudo:
            return self.pseudo[name]
        return self.parameters.get(name, {"Ref": name})

    def _split(self, arguments):
        text = self.value(arguments[1])
        return text.split(arguments[0]) if isinstance(text, str) else {"Fn::Split": [arguments[0], text]}

    def _join(self, arguments):
        items = self.value(arguments[1])
        if all(isinstance(item, str) for item in items):
            return arguments[0].join(items)
        return {"Fn::Join": [arguments[0], items]}

    def _sub(self, arguments):
        """Known names are put in; where a resource's name is left, it stays an Fn::Sub."""
        text, names = (arguments, {}) if isinstance(arguments, str) else arguments
        known = {**self.pseudo, **self.parameters, **{name: self.value(value) for name, value in names.items()}}
        text = re.sub(r"\$\{([\w:.]+)\}", lambda m: str(known.get(m[1], m[0])), text)
        return {"Fn::Sub": text} if "${" in text else text

    # --- conditions and rules

    def test(self, node) -> bool:
        ((function, arguments),) = node.items()
        return self.tests[function](arguments)

    def condition(self, name: str) -> bool:
        return self.test(self.template["Conditions"][name])

    def broken_rules(self) -> list[str]:
        """What the user is told instead of getting a stack."""
        return [assertion["AssertDescription"]
                for rule in self.template.get("Rules", {}).values()
                if "RuleCondition" not in rule or self.test(rule["RuleCondition"])
                for assertion in rule["Assertions"] if not self.test(assertion["Assert"])]

    # --- what would be made

    def _present(self, section: str) -> dict:
        return {name: part for name, part in self.template.get(section, {}).items()
                if "Condition" not in part or self.condition(part["Condition"])}

    def resources(self) -> dict:
        kept = self._present("Resources")
        return {name: {key: self.value(value) for key, value in part.items() if key not in ("Condition", "Metadata")}
                for name, part in kept.items()}

    def outputs(self) -> dict:
        return {name: self.value(part["Value"]) for name, part in self._present("Outputs").items()}

    def plain(self) -> dict:
        """A template without parameters, rules, conditions and mappings that makes the same."""
        resources = self.resources()
        for part in resources.values():
            if part.get("DependsOn") not in (None, *resources):
                del part["DependsOn"]
        return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources,
                "Outputs": {name: {"Value": value} for name, value in self.outputs().items()}}


def of_type(resources: dict, kind: str) -> dict:
    return {name: part.get("Properties", {}) for name, part in resources.items() if part["Type"] == kind}


def dangling(resources: dict, outputs: dict) -> set[str]:
    """Names that are referred to and would not be there."""
    found = set()

    def look(node):
        if isinstance(node, list):
            for item in node:
                look(item)
        elif isinstance(node, dict):
            for key, value in node.items():
                if key == "Ref":
                    found.add(value)
                elif key == "Fn::GetAtt":
                    found.add(value[0] if isinstance(value, list) else value.split(".")[0])
                elif key == "Fn::Sub":
                    found.update(name.split(".")[0] for name in re.findall(r"\$\{(\w[\w.]*)\}", value))
                else:
                    look(value)

    look(resources)
    look(outputs)
    return found - set(resources)
