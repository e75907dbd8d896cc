"""An AWS account in which every call is checked: moto behind the gate, and one role whose permissions a test says.

What sets up and looks has keys of its own, which may do everything."""

import json
from pathlib import Path

from harness.aws import Aws
from harness.iam_facts import REGION, Facts
from harness.iam_gate import Gate
from harness.policy import listed

ROLE = "function"
EVERYTHING = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
NOTHING = [{"Effect": "Deny", "Action": "*", "Resource": "*"}]


def _document(statements: list[dict]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


class Account:
    def __init__(self, scratch: Path):
        self._moto = Aws(scratch)
        self._owner = Facts(self._moto.endpoint, self._owner_keys())
        self._keys = self._moto.role_keys(NOTHING)
        self._moto.lock()
        self.gate = Gate(self._moto.endpoint, self._owner)
        self._role = Facts(self.gate.endpoint, {name.lower(): value for name, value in self._keys.items()})

    def client(self, service: str, region: str = REGION):
        """With the owner's keys."""
        return self._owner.client(service, region)

    def role_client(self, service: str):
        """With the role's."""
        return self._role.client(service)

    def allow(self, statements: list[dict]) -> None:
        """The role may do this and nothing else. moto gets the actions alone: it can judge neither their resources nor conditions, and
        knows no better than to ask for SendMessageBatch where AWS asks for SendMessage."""
        self.gate.statements = statements
        self.gate.granted.clear()
        self.gate.refused.clear()
        actions = [action for s in statements if s["Effect"] == "Allow" for action in listed(s["Action"])]
        self.client("iam").put_role_policy(RoleName=ROLE, PolicyName=ROLE, PolicyDocument=_document([
            {"Effect": "Allow", "Action": actions + [f"{action}Batch" for action in actions], "Resource": "*"}]))

    def environment(self) -> dict[str, str]:
        """What a sandbox of the role has in its environment, and where AWS is."""
        return {**self._keys, "AWS_ENDPOINT_URL": self.gate.endpoint}

    def stop(self) -> None:
        try:
            self.gate.stop()
        finally:
            self._moto.stop()

    def _owner_keys(self) -> dict[str, str]:
        iam = self._moto.client("iam")
        iam.create_user(UserName="owner")
        iam.put_user_policy(UserName="owner", PolicyName="all", PolicyDocument=_document(EVERYTHING))
        made = iam.create_access_key(UserName="owner")["AccessKey"]
        return {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
