"""Push messages and the SQS events that carry them."""

import json


def body(id: str, to: dict, message: dict | None = None, **more) -> str:
    """A push message as text; everything but id and to has something sensible."""
    message = {"notification": {"title": "Hi", "body": "there"}} if message is None else message
    return json.dumps({"id": id, "to": to, "message": message, **more})


def event(*bodies: str) -> dict:
    """An event as the event source mapping makes it; messageId m0, m1 ..."""
    return {"Records": [{
        "messageId": f"m{n}",
        "receiptHandle": f"handle-{n}",
        "body": text,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1790000000000",
                       "SenderId": "AIDA", "ApproximateFirstReceiveTimestamp": "1790000000001"},
        "messageAttributes": {},
        "md5OfBody": "0" * 32,
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:PushQueue",
        "awsRegion": "us-east-1",
    } for n, text in enumerate(bodies)]}


def failures(*numbers: int) -> dict:
    """The reply that sends just these messages back."""
    return {"batchItemFailures": [{"itemIdentifier": f"m{n}"} for n in numbers]}
