"""Checks every answer of the API against docs/openapi.yaml and docs/openapi-partner.yaml; used by the tests'
clients, so that each test checks it."""

import re
from datetime import datetime
from pathlib import Path

import yaml

SPEC = yaml.safe_load((Path(__file__).resolve().parents[2] / "docs/openapi.yaml").read_text(encoding="utf-8"))
PARTNER = yaml.safe_load((Path(__file__).resolve().parents[2] / "docs/openapi-partner.yaml").read_text(encoding="utf-8"))
EVENTS = {"wearer": "Wearer", "alarm": "Alarm", "command": "Command", "claim": "Claim", "removed": "Removed", "group": "GroupEvent", "thread": "ThreadEvent", "health": "HealthEvent", "notice": "GroupEvent"}
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
}


def spec_of(path):
    """The description that holds a path."""
    return PARTNER if path.startswith("/partner/") else SPEC


def find(reference, spec=SPEC):
    node = spec
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def has_type(value, kind):
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, TYPES[kind])


def problems(value, schema, where="answer", spec=SPEC):
    """What of the value does not fit; empty when all does. The words of JSON Schema that the file uses."""
    if "$ref" in schema:
        yield from problems(value, find(schema["$ref"], spec), where, spec)
    if "oneOf" in schema:
        fits = [s for s in schema["oneOf"] if not list(problems(value, s, where, spec))]
        if len(fits) != 1:
            yield f"{where}: {value!r:.200} fits {len(fits)} of {len(schema['oneOf'])} kinds"
        return
    kinds = schema.get("type")
    if kinds is not None:
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if not any(has_type(value, kind) for kind in kinds):
            yield f"{where}: {value!r:.80} is not {kinds}"
            return
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r:.80} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r:.80} is none of {schema['enum']}"
    if isinstance(value, str):
        yield from text_problems(value, schema, where)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            yield f"{where}: {value} is out of range"
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{where}: {len(value)} items"
        for i, item in enumerate(value):
            yield from problems(item, schema.get("items", {}), f"{where}[{i}]", spec)
    if isinstance(value, dict):
        yield from object_problems(value, schema, where, spec)


def text_problems(value, schema, where):
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield f"{where}: {value!r:.80} has a wrong length"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r:.80} does not match {schema['pattern']}"
    if schema.get("format") == "date-time":
        try:
            datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            yield f"{where}: {value!r:.80} is no time"


def object_problems(value, schema, where, spec):
    known = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{where}: {name} is missing"
    for name, item in value.items():
        if name in known:
            yield from problems(item, known[name], f"{where}.{name}", spec)
        elif schema.get("additionalProperties") is False:
            yield f"{where}: {name} is not described"


def operation_of(method, path):
    for template, item in spec_of(path)["paths"].items():
        if method.lower() in item and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return item[method.lower()]
    return None


def check_answer(answer):
    """Of httpx. An operation's answer must be described: its status, and its body."""
    operation = operation_of(answer.request.method, answer.request.url.path)
    if operation is None:
        return
    spec = spec_of(answer.request.url.path)
    what = f"{answer.request.method} {answer.request.url.path}: {answer.status_code}"
    described = operation["responses"].get(str(answer.status_code))
    general = answer.status_code in (400, 411, 413, 415, 429, 503)  # of every operation
    general |= answer.status_code == 403 and answer.json().get("code") in ("second_factor_needed", "network_banned")
    assert described is not None or general, f"{what} is not described: {answer.text:.300}"
    if described is None:
        described = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    while "$ref" in described:
        described = find(described["$ref"], spec)
    kind = answer.headers.get("content-type", "").split(";")[0]
    content = described.get("content", {})
    if not answer.content:
        assert not content, f"{what}: no body"
        return
    assert kind in content, f"{what}: {kind} is not described"
    if kind.endswith("json"):
        found = list(problems(answer.json(), content[kind]["schema"], "answer", spec))
        assert not found, f"{what}: " + "; ".join(found[:5])


def check_event(kind, data):
    assert kind in EVENTS or kind == "resync", f"event {kind} is not described"
    if kind in EVENTS:
        found = list(problems(data, {"$ref": f"#/components/schemas/{EVENTS[kind]}"}, kind))
        assert not found, "; ".join(found[:5])
