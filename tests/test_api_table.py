"""The server's table of routes and docs/openapi.yaml say the same."""

import json
import re
import subprocess

import pytest
from kit.schema import PARTNER, SPEC, find

METHODS = ("get", "put", "post", "patch", "delete")


@pytest.fixture(scope="module")
def table(kinward):
    return json.loads(subprocess.run([kinward, "routes"], capture_output=True, check=True, timeout=20).stdout)


def resolved(schema, spec=SPEC):
    """A schema with its references followed; what stands beside a reference wins."""
    while "$ref" in schema:
        schema = find(schema["$ref"], spec) | {k: v for k, v in schema.items() if k != "$ref"}
    return schema


def operations():
    for spec in (SPEC, PARTNER):
        for path, item in spec["paths"].items():
            assert path.startswith("/partner/") == (spec is PARTNER), path
            for method in METHODS:
                if method in item:
                    shared = [resolved(p, spec) for p in item.get("parameters", [])]
                    own = [resolved(p, spec) for p in item[method].get("parameters", [])]
                    yield method.upper(), path, item[method], shared + own


def spec_of(path):
    return PARTNER if path.startswith("/partner/") else SPEC


def described_field(name, schema, required, spec=SPEC):
    schema = resolved(schema, spec)
    field = {"name": name, "required": required, "choices": schema.get("enum", []), "min": 0, "max": 0}
    if schema["type"] == "boolean":
        return field | {"type": "bool"}
    if schema["type"] == "array" and resolved(schema["items"], spec).get("type") == "string":
        assert schema["maxItems"] <= 32
        word = described_field(name, schema["items"], required, spec)
        return word | {"type": "words"}
    if schema["type"] in ("array", "object"):
        return field | {"type": "json"}
    if schema["type"] == "integer":
        return field | {"type": "int", "min": schema["minimum"], "max": schema["maximum"]}
    if schema.get("format") == "date-time":
        return field | {"type": "time"}
    if schema.get("pattern") == "^[0-9a-f]{32}$":
        return field | {"type": "id"}
    if "enum" in schema:
        return field | {"type": "text", "min": 1, "max": 32}
    kind = "secret" if schema.get("format") == "password" or name == "token" else "text"
    return field | {"type": kind, "min": schema.get("minLength", 0), "max": schema["maxLength"]}


def body_of(operation):
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        return "json", content["application/json"]["schema"]
    if "application/x-www-form-urlencoded" in content:
        return "form", None
    if "audio/wav" in content:
        return "sound", None
    return ("picture", None) if content else ("none", None)


def test_every_route_is_described_and_every_description_is_a_route(table):
    described = {(method, path) for method, path, _, _ in operations()}
    assert {(r["method"], r["path"]) for r in table["routes"]} == described


def test_who_may_call_and_how_often_is_the_same(table):
    described = {(m, p): (o["x-access"], o["x-rate"]) for m, p, o, _ in operations()}
    assert {(r["method"], r["path"]): (r["access"], r["rate"]) for r in table["routes"]} == described


def test_public_operations_need_no_session_and_all_others_do():
    for method, path, operation, _ in operations():
        assert (operation.get("security") == []) == (operation["x-access"] in ("public", "local")), f"{method} {path}"


def test_every_field_of_every_body_is_the_same(table):
    rows = {(r["method"], r["path"]): r for r in table["routes"]}
    for method, path, operation, _ in operations():
        kind, schema = body_of(operation)
        row = rows[method, path]
        if row["body_kind"] == "phone":  # what their apps send: test_phones.py
            assert path.startswith("/phone/") and row["body"] == row["query"] == []
            continue
        if row["body_kind"] == "object":  # its members depend on the path: test_settings.py
            assert kind == "json" and resolved(schema, spec_of(path))["additionalProperties"] is False
            continue
        assert row["body_kind"] == kind, f"{method} {path}"
        if schema is None:
            assert row["body"] == []
            continue
        assert row["body_name"] == schema["$ref"].rsplit("/", 1)[1], f"{method} {path}"
        spec = spec_of(path)
        schema = resolved(schema, spec)
        assert schema["additionalProperties"] is False
        assert row["body_needs_one"] == (schema.get("minProperties", 0) == 1)
        required = schema.get("required", [])
        wanted = [described_field(n, s, n in required, spec) for n, s in schema["properties"].items()]
        assert row["body"] == wanted, f"{method} {path}"


def test_every_parameter_of_every_query_is_the_same(table):
    rows = {(r["method"], r["path"]): r for r in table["routes"]}
    for method, path, _, parameters in operations():
        wanted = [
            described_field(p["name"], p["schema"], p.get("required", False), spec_of(path))
            for p in parameters
            if p["in"] == "query"
        ]
        assert rows[method, path]["query"] == wanted, f"{method} {path}"


def test_every_place_in_a_path_is_a_described_id():
    for method, path, _, parameters in operations():
        names = re.findall(r"\{(\w+)\}", path)
        assert names == [p["name"] for p in parameters if p["in"] == "path"], f"{method} {path}"


def test_problem_codes_and_their_status_are_the_same(table):
    schema = find("#/components/schemas/ProblemCode")
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", schema["description"], flags=re.M)
    assert [code for code, _ in rows] == schema["enum"]
    assert {p["code"]: p["status"] for p in table["problems"]} == {code: int(status) for code, status in rows}


def test_every_code_of_the_source_is_described(root):
    used = set()
    for path in [*(root / "src/domain").glob("*.c"), *(root / "src/http").glob("*.c")]:
        if not path.name.endswith("_test.c"):
            text = re.sub(r"\s+", " ", path.read_text(encoding="utf-8"))
            used |= set(re.findall(r'(?:refuse|refuse_head)\([^;"]*?RC_\w+, "(\w+)"', text))
            used |= set(re.findall(r'\bcode = "(\w+)"', text))
    assert len(used) > 30
    assert used <= set(find("#/components/schemas/ProblemCode")["enum"])


def test_statuses_of_all_answers_are_described_for_changes():
    for method, path, operation, _ in operations():
        if method != "GET" and operation["x-access"] != "public":
            missing = {"401", "403", "429"} - set(operation["responses"])
            assert not missing, f"{method} {path}: {missing}"


def test_the_file_is_served_as_it_is(server, root):
    with server.api() as api:
        answer = api.get("/api/openapi.yaml")
        assert answer.status_code == 200
        assert answer.content == (root / "docs/openapi.yaml").read_bytes()
        answer = api.get("/partner/openapi.yaml")
        assert answer.status_code == 200
        assert answer.content == (root / "docs/openapi-partner.yaml").read_bytes()
