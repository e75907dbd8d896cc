"""AWS's APIs by moto, which checks signatures and policies once everything is set up."""

import json
import os
import sys
import urllib.request
from pathlib import Path

import boto3

from harness.process import Program, free_port

SETUP = {"region_name": "us-east-1", "aws_access_key_id": "setup", "aws_secret_access_key": "setup"}


class Aws:
    def __init__(self, scratch: Path, free_calls: int | None = 1000):
        """free_calls: so many are not checked, far more than a set-up makes, and lock() ends them; None = none is, ever."""
        scratch.mkdir(parents=True, exist_ok=True)
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        env = {"PATH": os.environ["PATH"], "HOME": str(scratch)}
        if free_calls is not None:
            env["INITIAL_NO_AUTH_ACTION_COUNT"] = str(free_calls)
        self.program = Program("moto", [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", port],
                               scratch / "moto.log", env=env)
        self.program.wait_for_port(port)

    def client(self, service: str):
        return boto3.client(service, endpoint_url=self.endpoint, **SETUP)

    def secret(self, name: str, text: str) -> str:
        """Keep a secret; returns its ARN."""
        return self.client("secretsmanager").create_secret(Name=name, SecretString=text)["ARN"]

    def role_keys(self, statements: list) -> dict:
        """The environment that Lambda gives to a function whose role allows just these statements."""
        iam = self.client("iam")
        anybody = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
        role = iam.create_role(RoleName="function", AssumeRolePolicyDocument=json.dumps(anybody))["Role"]
        iam.put_role_policy(RoleName="function", PolicyName="function", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": statements}))
        keys = self.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="sandbox")["Credentials"]
        return {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
                "AWS_SESSION_TOKEN": keys["SessionToken"]}

    def lock(self) -> None:
        """From here on every call is checked: signature, token, policy."""
        self._free_calls(0)

    def unlock(self) -> None:
        """A test may look at what came of it."""
        self._free_calls(1000)

    def _free_calls(self, n: int) -> None:
        request = urllib.request.Request(f"{self.endpoint}/moto-api/reset-auth", data=str(n).encode(), method="POST",
                                         headers={"Content-Type": "text/plain"})
        with urllib.request.urlopen(request, timeout=10) as reply:
            assert reply.status == 200

    def stop(self) -> None:
        self.program.stop()
