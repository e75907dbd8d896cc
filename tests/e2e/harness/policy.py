"""What the policies of a role allow: actions, resources and conditions, by IAM's rules.

Is:      the part of IAM that our roles use. What it does not know, it refuses to judge (ValueError).
Is not:  boundaries, service control, resource and session policies: template.yaml has none.
Why:     moto (5.2.5, iam/access_control.py) knows actions, but resources of few services, and takes each condition for a refusal. The one
         simulator that is well kept (iam-simulate) wants Node and is under the AGPL: too much for what our roles say.
Source:  IAM User Guide, "Policy evaluation logic", "IAM JSON policy elements: Action, Resource, Condition operators".
"""

import dataclasses
import re

ELEMENTS = {"Sid", "Effect", "Action", "Resource", "Condition"}


@dataclasses.dataclass(frozen=True)
class Ask:
    """Somebody wants to do something to something; context holds the condition keys of the request."""

    action: str
    resource: str
    context: dict = dataclasses.field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{self.action} on resource: {self.resource}"


def listed(value) -> list:
    return value if isinstance(value, list) else [value]


def matches(pattern: str, text: str) -> bool:
    """* is any text, ? any character."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


OPERATORS = {
    "StringEquals": lambda wanted, is_value: wanted == is_value,
    "StringLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
    "Bool": lambda wanted, is_value: str(wanted).lower() == str(is_value).lower(),
}


def _holds(operator: str, keys: dict, context: dict) -> bool:
    """Every key must have one of its values. A key that the request has not is no match, but for ...IfExists."""
    is_optional, name = operator.endswith("IfExists"), operator.removesuffix("IfExists")
    if name not in OPERATORS:
        raise ValueError(f"condition operator {operator} is not known here")
    for key, wanted in keys.items():
        if key not in context:
            if not is_optional:
                return False
        elif not any(OPERATORS[name](value, context[key]) for value in listed(wanted)):
            return False
    return True


def _concerns(statement: dict, ask: Ask) -> bool:
    if unknown := set(statement) - ELEMENTS:
        raise ValueError(f"{statement.get('Sid')}: {sorted(unknown)} are not known here")
    return (any(matches(action.lower(), ask.action.lower()) for action in listed(statement["Action"]))
            and any(matches(resource, ask.resource) for resource in listed(statement["Resource"]))
            and all(_holds(operator, keys, ask.context) for operator, keys in statement.get("Condition", {}).items()))


def allows(statements: list[dict], ask: Ask) -> bool:
    effects = {statement["Effect"] for statement in statements if _concerns(statement, ask)}
    return effects == {"Allow"}


def grants(statements: list[dict]) -> list[dict]:
    """The same permissions, one action on one resource in each statement: what can be taken away alone."""
    return [{**statement, "Action": action, "Resource": resource}
            for statement in statements
            for action in listed(statement["Action"]) for resource in listed(statement["Resource"])]
