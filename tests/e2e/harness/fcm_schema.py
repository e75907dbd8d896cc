"""Google's own schema of what is sent to FCM: the discovery document fcm.v1.json inside google-api-python-client."""

import functools
import json
import re
from pathlib import Path

import googleapiclient
import jsonschema

DOCUMENT = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents" / "fcm.v1.json"

# Enumerations that FCM takes in lower case too: every Admin SDK sends them so.
LOWER_CASE_TOO = {"AndroidConfig": "priority"}

# Forms that the document only names. A duration is what protobuf's JSON mapping writes.
PATTERNS = {"google-duration": r"^-?[0-9]+(\.[0-9]{1,9})?s$"}


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda m: m.group(1).upper(), name)


@functools.cache
def _document() -> dict:
    return json.loads(DOCUMENT.read_text())


def revision() -> str:
    return _document()["revision"]


def _strict(schema: dict) -> dict:
    """A schema of the document as JSON Schema, in which an object has no members but its own."""
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    made = {k: v for k, v in schema.items() if k in ("type", "enum", "pattern")}
    if made.get("type") == "any":
        del made["type"]
    if "properties" in schema:
        made["properties"] = {k: _strict(v) for k, v in schema["properties"].items() if not v.get("readOnly")}
        either = made["properties"].get(LOWER_CASE_TOO.get(schema.get("id")), {"enum": []})
        either["enum"] = either["enum"] + [name.lower() for name in either["enum"]]
        made["additionalProperties"] = False
    elif "additionalProperties" in schema:
        made["additionalProperties"] = _strict(schema["additionalProperties"])
    if "items" in schema:
        made["items"] = _strict(schema["items"])
    if schema.get("format") in PATTERNS:
        made["pattern"] = PATTERNS[schema["format"]]
    return made


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    schemas = _document()["schemas"]
    return jsonschema.Draft202012Validator({
        "$defs": {name: _strict(schema) for name, schema in schemas.items()}, "$ref": "#/$defs/SendMessageRequest"})


def canonical(value, schema: dict | None = None):
    """The same request in the document's spelling: FCM takes snake_case and lowerCamelCase, a map's own keys stay."""
    schemas = _document()["schemas"]
    schema = schemas["SendMessageRequest"] if schema is None else schema
    schema = schemas[schema["$ref"]] if "$ref" in schema else schema
    if isinstance(value, list):
        return [canonical(item, schema.get("items", {})) for item in value]
    if not isinstance(value, dict):
        return value
    properties = schema.get("properties", {})
    named = {_camel(k) if _camel(k) in properties else k: v for k, v in value.items()}
    inner = schema.get("additionalProperties", {})
    return {k: canonical(v, properties.get(k, inner)) for k, v in named.items()}


def complaints(body) -> list[str]:
    """What Google's schema has against a request; every message once."""
    return [f"{'.'.join(map(str, e.absolute_path))}: {e.message}" for e in _validator().iter_errors(canonical(body))]


def complaints_of_all(sends: list[dict]) -> list[str]:
    """The same for a journal. Bodies that differ only in their target are looked at once."""
    found, seen = [], set()
    for send in sends:
        message = dict(send["body"]["message"])
        message[send["kind"]] = "somebody"
        text = json.dumps({**send["body"], "message": message}, sort_keys=True)
        if text not in seen:
            seen.add(text)
            found += complaints(json.loads(text))
    return found
