"""harness/account.py by itself: who gets through, and how the others are told."""

import boto3
import pytest
from botocore.exceptions import ClientError

from harness.account import Account
from harness.iam_facts import REGION


@pytest.fixture
def account(tmp_path):
    account = Account(tmp_path / "account")
    yield account
    account.stop()


def allow(account: Account, action: str, resource: str) -> None:
    account.allow([{"Effect": "Allow", "Action": action, "Resource": resource}])


@pytest.fixture
def queue(account) -> str:
    return account.client("sqs").create_queue(QueueName="q")["QueueUrl"]


def test_what_the_role_may_gets_through_as_it_was_sent(account, queue):
    allow(account, "sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:q")

    account.role_client("sqs").send_message(QueueUrl=queue, MessageBody="나래 & <x>")

    (message,) = account.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == "나래 & <x>"
    assert [str(ask) for ask in account.gate.granted] == ["sqs:SendMessage on resource: arn:aws:sqs:us-east-1:123456789012:q"]


@pytest.mark.parametrize("action, resource", [("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:other"), ("sqs:ReceiveMessage", "*")])
def test_another_resource_or_action_is_refused_before_anything_happens(account, queue, action, resource):
    allow(account, action, resource)

    with pytest.raises(ClientError, match="is not authorized to perform: sqs:SendMessage on resource: arn:aws:sqs:.*:q because"):
        account.role_client("sqs").send_message(QueueUrl=queue, MessageBody="x")

    assert "Messages" not in account.client("sqs").receive_message(QueueUrl=queue)


def test_each_service_refuses_in_its_own_form(account):
    allow(account, "sqs:SendMessage", "*")
    account.client("kinesis").create_stream(StreamName="s", ShardCount=1)
    secret = account.client("secretsmanager").create_secret(Name="s", SecretString="x")["ARN"]
    role = account.role_client
    calls = [
        ("AccessDeniedException", lambda: role("secretsmanager").get_secret_value(SecretId=secret)),
        ("AccessDeniedException", lambda: role("kinesis").put_records(StreamName="s", Records=[{"Data": b"x", "PartitionKey": "x"}])),
        ("AccessDenied", lambda: role("rds").describe_db_clusters()),
    ]

    for code, call in calls:
        with pytest.raises(ClientError) as refusal:
            call()
        assert refusal.value.response["Error"]["Code"] == code


def test_a_key_of_ones_own_is_asked_for_beside_its_secret(account):
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    arn = account.client("secretsmanager").create_secret(Name="s", SecretString="x", KmsKeyId=key)["ARN"]
    allow(account, "secretsmanager:GetSecretValue", arn)

    with pytest.raises(ClientError, match="Access to KMS is not allowed"):
        account.role_client("secretsmanager").get_secret_value(SecretId=arn)

    account.allow([{"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "kms:Decrypt"], "Resource": [arn, key]}])
    assert account.role_client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"] == "x"


def test_moto_behind_it_checks_signature_and_token(account, queue):
    allow(account, "sqs:SendMessage", "*")
    keys = account.environment()

    for wrong in "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN":
        given = {name.lower(): "wrong" if name == wrong else value for name, value in keys.items() if name != "AWS_ENDPOINT_URL"}
        client = boto3.client("sqs", endpoint_url=keys["AWS_ENDPOINT_URL"], region_name=REGION, **given)
        with pytest.raises(ClientError, match="SignatureDoesNotMatch|InvalidClientTokenId"):
            client.send_message(QueueUrl=queue, MessageBody="x")


def test_a_call_that_nobody_described_fails_the_test(tmp_path):
    account = Account(tmp_path / "account")
    allow(account, "sqs:*", "*")
    queue = account.client("sqs").create_queue(QueueName="q")["QueueUrl"]

    with pytest.raises(ClientError, match="501"):
        account.role_client("sqs").purge_queue(QueueUrl=queue)

    with pytest.raises(ValueError, match="sqs:PurgeQueue: nobody has said"):
        account.stop()
