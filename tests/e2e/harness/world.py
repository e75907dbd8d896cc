"""template.yaml deployed into an account that checks every call, and its functions in it as Lambda would run them.

Beware:  a sandbox's environment is the template's, what Lambda sets, and nothing more but where the world is: AWS's endpoint, and the
         authority behind the stand-ins' TLS. No pacing is turned off, no setting made convenient."""

from collections.abc import Callable
from pathlib import Path

from harness import fcm_schema, paths, pki, rds, template
from harness.account import Account
from harness.database import Database
from harness.emulator import Emulator
from harness.event_source import QueueAt, event, succeeded
from harness.fcm import Fcm
from harness.iam_facts import REGION
from harness.stack import Stack

AWAY = "us-west-2"
PARTNER = "111122223333"  # an account that snapshots are shared with


class World:
    """What is there before a stack is: account, keys, secrets, FCM; and the parameters that turn on everything in template.yaml."""

    def __init__(self, scratch: Path):
        self.account = Account(scratch / "aws")
        self.fcm = Fcm(scratch / "fcm")
        self.scratch, self.n_stacks = scratch, 0
        self._template = template.transformed()
        self.home_key, self.away_key = self._key(REGION), self._key(AWAY)
        key = self._key(REGION)
        self.parameters = {
            "DatabaseSecretArn": self.secret("database", "none yet", key),
            "FcmServiceAccountSecretArn": self.secret("service-account", self.fcm.service_account(), key),
            "SecretsKeyArn": key,
            "FcmEndpoint": self.fcm.endpoint,
            "SubnetIds": "subnet-0123456789abcdef0",
            "SecurityGroupIds": "sg-0123456789abcdef0",
            "EnableSearch": "true",
            "SnapshotKeyArns": f"{self.home_key},{self.away_key}",
            "SnapshotPolicySecretArn": self.secret("snapshot-policy", rds.policy(
                keep={"last": 1}, min_keep=1, share={"accounts": [PARTNER]},
                copy={"region": AWAY, "kms_key": self.away_key, "keep": {"last": 1}}), key),
        }

    def deploy(self, **parameters) -> Stack:
        """A new one, with these parameters changed."""
        self.n_stacks += 1
        return Stack(self.account, {**self.parameters, **parameters}, f"stack-{self.n_stacks}", self._template)

    def secret(self, name: str, text: str, key: str | None = None) -> str:
        """key: one's own; else the one that AWS manages."""
        more = {"KmsKeyId": key} if key else {}
        return self.account.client("secretsmanager").create_secret(Name=name, SecretString=text, **more)["ARN"]

    def stop(self) -> None:
        sends = [r for r in self.fcm.sends() if r["status"] == 200]
        self.fcm.stop()
        self.account.stop()
        assert fcm_schema.complaints_of_all(sends) == []

    def _key(self, region: str) -> str:
        return self.account.client("kms", region).create_key()["KeyMetadata"]["Arn"]


class Sandbox:
    """One function, with a new database behind it if it has use for one."""

    def __init__(self, world: World, stack: Stack, function: str, statements: list[dict], form: Callable[[str], str]):
        """statements: what its role may do; form: how the database's secret says its URI."""
        self.world, self.stack, self.account, self.fcm = world, stack, world.account, world.fcm
        settings = stack.environment(function)
        self.database = Database() if "NARAE_DATABASE" in settings else None
        if self.database:
            self.account.client("secretsmanager").put_secret_value(
                SecretId=settings["NARAE_DATABASE"], SecretString=form(self.database.conninfo))
        self.fcm.control("reset")
        self.account.allow(statements)
        properties = stack.function(function)
        self.emulator = Emulator(
            paths.function(properties["Handler"].split(".")[0]), properties["Handler"], world.scratch / stack.name,
            {**settings, **self.account.environment(), "SSL_CERT_FILE": str(pki.root())}, properties["Timeout"])

    def invoke(self, what) -> dict:
        return self.emulator.invoke(what).json()

    def poll(self, queue: str, bodies: list[str]) -> int:
        """As the event source mapping does, with the role's own keys. How many messages are done with."""
        owned = self.queue(queue)
        owned.send(bodies)
        mapping = QueueAt(self.account.role_client("sqs"), owned.url)
        messages = mapping.receive(len(bodies))
        answer = self.emulator.invoke(event(messages, mapping.arn))
        mapping.delete(succeeded(messages, answer.status, answer.body))
        return len(bodies) - owned.left()

    def queue(self, name: str) -> QueueAt:
        """As its owner sees it."""
        return QueueAt(self.account.client("sqs"), self.stack.value(name))

    def text(self) -> str:
        """What the function wrote."""
        self.emulator.stop()
        return self.emulator.text()

    def stop(self) -> None:
        self.emulator.stop()
        if self.database:
            self.database.drop()
