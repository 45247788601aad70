"""Who may call what: every operation of the description, tried by a stranger and on what is not there."""

import re
from pathlib import Path

import pytest
import yaml

SPEC = yaml.safe_load((Path(__file__).resolve().parent.parent / "docs/openapi.yaml").read_text(encoding="utf-8"))
METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = [
    (method.upper(), path, operation)
    for path, item in SPEC["paths"].items()
    for method, operation in item.items()
    if method in METHODS
]
NOWHERE = "0f6c2d1e9b8a47538e1d2c3b4a596877"


def resolve(node):
    while "$ref" in node:
        target = SPEC
        for part in node["$ref"].lstrip("#/").split("/"):
            target = target[part]
        node = target
    return node


def example(schema):
    """Any value that fits a schema of a request."""
    schema = resolve(schema)
    if "enum" in schema:
        return schema["enum"][0]
    if "examples" in schema:
        return schema["examples"][0]
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {})
        wanted = schema.get("required") or list(fields)[:1]
        return {k: example(v) for k, v in fields.items() if k in wanted}
    if kind == "integer":
        return schema.get("minimum", 1)
    return {"boolean": True, "array": []}.get(kind, "a" * max(schema.get("minLength", 1), 6))


def body_of(operation):
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return None if schema is None else resolve(schema)


def query_of(path, operation):
    """The parameters without which a request is not read any further."""
    parameters = map(resolve, SPEC["paths"][path].get("parameters", []) + operation.get("parameters", []))
    times = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}
    wanted = [p["name"] for p in parameters if p["in"] == "query" and (p.get("required") or p["name"] in times)]
    return "?" + "&".join(f"{name}={times[name]}" for name in wanted) if wanted else ""


def call(api, method, path, operation, extra=None):
    filled = re.sub(r"\{\w+\}", NOWHERE, path)
    filled += query_of(path, operation)
    schema = body_of(operation)
    if schema is not None:
        return api.request(method, filled, json=example(schema) | (extra or {}))
    if "requestBody" in operation:
        kind = next(iter(operation["requestBody"]["content"]))
        return api.request(method, filled, content=b"\xff\xd8\xff\xe0", headers={"Content-Type": kind})
    return api.request(method, filled)


def test_without_a_session_only_public_operations_answer(server, api):
    checked = 0
    with server.api() as stranger:
        for method, path, operation in OPERATIONS:
            if operation["x-access"] in ("account", "group", "operator"):
                answer = call(stranger, method, path, operation)
                assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
                assert answer.json()["code"] == "sign_in_needed"
                checked += 1
    assert checked > 25


def test_what_is_not_mine_is_not_found(server, api):
    checked = 0
    for method, path, operation in OPERATIONS:
        if operation["x-access"] == "group" and "{" in path:
            answer = call(api, method, path, operation)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), f"{method} {path}: {answer.text}"
            checked += 1
    assert checked > 12


@pytest.mark.parametrize("name", ["role", "admin", "owner_id", "__proto__", "id"])
def test_no_body_takes_a_field_that_is_not_described(server, api, name):
    checked = 0
    for method, path, operation in OPERATIONS:
        if body_of(operation) is None or operation["x-access"] == "public" or path.endswith("/password"):
            continue
        answer = call(api, method, path, operation, {name: "x"})
        if operation["x-access"] == "group" and "{" in path:
            assert answer.status_code in (400, 404), f"{method} {path}: {answer.status_code}"
        else:
            assert (answer.status_code, answer.json()["code"]) == (400, "field_unknown"), f"{method} {path}"
        checked += 1
    assert checked > 8


def test_no_answer_of_the_api_may_be_kept(server, api):
    for method, path, operation in OPERATIONS:
        if path.startswith("/api/v1") and "events" not in path and method == "GET":
            answer = call(api, method, path, operation)
            assert answer.headers.get("cache-control") == "no-store", f"{method} {path}"


def test_well_known_names_of_leaks_are_not_served(server, api):
    bodies = set()
    for name in (".git/config", "kinward.db", "data/kinward.db", "backup.sql", "dump.sql", "core", ".env", "kinward.conf"):
        for prefix in ("", "assets/", "api/", "../", "..%2f", "%2e%2e/"):
            answer = api.get(f"/{prefix}{name}")
            assert answer.status_code in (400, 404), f"/{prefix}{name}: {answer.status_code}"
            if answer.status_code == 404:
                bodies.add(answer.text)
    assert len(bodies) <= 2  # the API's and the files' way to say no
