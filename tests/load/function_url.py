"""function_url.py: a function behind an URL: what Lambda makes of an HTTP request, and of the function's reply.

Source: Lambda Developer Guide, "Invoking Lambda function URLs" (payload format 2.0); 429 and 502 as it says there."""

import json
import time
import uuid
from urllib.parse import parse_qsl, urlsplit

from http_server import Reply, Request
from pool import Pool, Throttled
from sandbox import Died


def event(request: Request) -> bytes:
    parts = urlsplit(request.path)
    http = {"method": request.method, "path": parts.path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "load"}
    return json.dumps({
        "version": "2.0", "routeKey": "$default", "rawPath": parts.path, "rawQueryString": parts.query, "headers": request.headers,
        "queryStringParameters": dict(parse_qsl(parts.query)), "isBase64Encoded": False,
        "requestContext": {"accountId": "anonymous", "apiId": "load", "domainName": "load.lambda-url.us-east-1.on.aws",
                           "http": http, "requestId": str(uuid.uuid4()), "routeKey": "$default", "stage": "$default",
                           "timeEpoch": int(1000 * time.time())}}, ensure_ascii=False).encode()


def reply(body: bytes) -> Reply:
    """A function that failed is a bad gateway to whoever asked."""
    said = json.loads(body)
    if "statusCode" not in said:
        return Reply(502, body)
    return Reply(said["statusCode"], said.get("body", "").encode(), tuple(said.get("headers", {}).items()))


def serve(pool: Pool):
    """The coroutine that answers the URL's requests."""

    async def answer(request: Request) -> Reply:
        try:
            return reply((await pool.invoke(event(request))).body)
        except Throttled:
            return Reply(429)
        except Died:
            return Reply(502)

    return answer
