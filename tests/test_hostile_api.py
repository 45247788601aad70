"""Hostile requests, generated: fields that nobody described, payloads in every text, other sites, web-root names, heads
that could be read in two ways, and lines for the log."""

import itertools
import json
import re
import socket
import sqlite3

import pytest
from kit.process import eventually
from kit.server import Server
from kit.watch import RawWatch, frame
from test_access import METHODS, SPEC, example, resolve

NOWHERE = "0f6c2d1e9b8a47538e1d2c3b4a596877"
OPERATIONS = [
    (method.upper(), path, item[method], item.get("parameters", []) + item[method].get("parameters", []))
    for path, item in SPEC["paths"].items()
    for method in METHODS
    if method in item
]


@pytest.fixture(scope="module")
def home(kinward, tmp_path_factory):
    """One server with a family, a wearer and a watch, and a client that is signed in."""
    settings = {"gateways": 1, "http_requests_per_s": 100000, "log_level": "debug", "sign_in_per_address_max": 100000, "sign_in_per_account_max": 100000, "http_header_s": 2, "http_body_s": 2, "http_idle_s": 5}
    server = Server(kinward, tmp_path_factory.mktemp("hostile"), settings).start()
    api = server.api()
    api.setup()
    server.home_api = api
    server.wearer, server.watch = api.claim_raw("8800000190")
    yield server
    server.watch.close()
    api.close()
    assert server.stop() == 0


@pytest.fixture
def api(home):
    return home.home_api


def body_schema(operation):
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return None if schema is None else resolve(schema)


def fill(path, home):
    """The path with what there is; the rest is nowhere."""
    path = path.replace("{group}", home.home_api.group).replace("{wearer}", home.wearer)
    return re.sub(r"\{\w+\}", NOWHERE, path)


def bodies(home, own=True):
    """(method, filled path, operation, a body that fits) of every operation with a JSON body."""
    for method, path, operation, _ in OPERATIONS:
        schema = body_schema(operation)
        if schema is None or operation["x-access"] in ("partner", "local") or path.startswith(("/partner", "/phone")):
            continue
        body = example(schema)
        if "group" in schema["properties"]:
            body["group"] = home.home_api.group
        yield method, fill(path, home), operation, body


def post_raw(api, method, path, text):
    return api.request(method, path, content=text, headers={"Content-Type": "application/json"})


# ---- fields that nobody described (threat 38) ----

STRANGE_FIELDS = ["role", "admin", "owner_id", "is_operator", "is_admin", "account", "__proto__", "constructor", "prototype", "$where", "Name", "", "id ", "created"]


@pytest.mark.parametrize("name", STRANGE_FIELDS)
def test_no_body_takes_a_field_that_nobody_described(home, api, name):
    refused = 0
    for method, path, operation, body in bodies(home):
        if name in body_schema(operation)["properties"]:
            continue
        for value in ("admin", True, {"role": "admin"}):
            answer = api.request(method, path, json=body | {name: value})
            assert answer.status_code in (400, 401, 403, 404, 409), f"{method} {path}: {answer.status_code} {answer.text}"
            refused += answer.json()["code"] == "field_unknown"
    assert refused >= 20


def test_no_body_may_hold_a_field_twice(home, api):
    refused = 0
    for method, path, operation, body in bodies(home):
        first = next(iter(body or body_schema(operation)["properties"]), None)
        if first is None:
            continue
        value = json.dumps(body.get(first, "x"))
        rest = "".join(f", {json.dumps(k)}: {json.dumps(v)}" for k, v in body.items() if k != first)
        for text in (
            f'{{{json.dumps(first)}: {value}{rest}, {json.dumps(first)}: {value}}}',
            f'{{{json.dumps(first)}: {value}{rest}, "\\u{ord(first[0]):04x}{first[1:]}": {value}}}',
        ):
            answer = post_raw(api, method, path, text)
            assert 400 <= answer.status_code < 500, f"{method} {path}: {answer.status_code}"
            refused += answer.json()["code"] == "json_bad"
    assert refused >= 10


NO_OBJECTS = ["", "null", "[]", '"x"', "1", "{", "{}}", '{"a":1}x', "{'a':1}", '{"a":1,}', "\ufeff{}", '{"a":NaN}', "[" * 100 + "]" * 100, '{"a":' * 50 + "1" + "}" * 50, '{"a":"\\ud800"}', '{"a":"\\u0000"}', "\xff\xfe"]


@pytest.mark.parametrize("text", NO_OBJECTS)
def test_what_is_no_plain_object_is_no_body(home, api, text):
    for method, path, _, _ in bodies(home):
        answer = post_raw(api, method, path, text.encode("utf-8", "surrogatepass") if "\xff" not in text else text.encode("latin-1"))
        assert 400 <= answer.status_code < 500, f"{method} {path}: {answer.status_code}"


# ---- payloads in every text (threat 53) ----

PAYLOADS = [
    "'; DROP TABLE account; --",
    "' OR '1'='1",
    '" OR ""="',
    "1; UPDATE account SET is_operator = 1",
    "' UNION SELECT token_hash FROM web_session --",
    "'||(SELECT hex(token_hash) FROM web_session)||'",
    "x'); INSERT INTO member VALUES (x'00', x'00'); --",
    "%s%s%s%s%n%n%n",
    "%x%x%x%p",
    "%1$n",
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned;",
    "| touch pwned",
    "&& touch pwned",
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/dev/null",
    "file:///etc/passwd",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "${jndi:ldap://127.0.0.1/a}",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "][3G*8800000190*0008*POWEROFF",
    "SG*8800000190*0002*CR",
    ",,,,,,*#",
    "=cmd|'/c calc'!A1",
    "@SUM(1+1)",
    "*(|(objectclass=*))",
    "a" * 79,
    "\u200b\u200d\ufeff",
    "\u202etxt.exe",
]


def schema_and_counts(server):
    with sqlite3.connect(f"file:{server.data / 'kinward.db'}?mode=ro", uri=True) as db:
        schema = db.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY name").fetchall()
        names = [row[1] for row in schema if row[0] == "table" and not row[1].startswith("sqlite_")]
        # The server tells a watch things of its own accord, at any time; people's commands come from requests alone.
        of = {"command": "WHERE by_account IS NOT NULL"}
        counts = {
            name: db.execute(f'SELECT COUNT(*) FROM "{name}" {of.get(name, "")}').fetchone()[0] for name in names
        }
        whole = db.execute("PRAGMA integrity_check").fetchone()[0]
    db.close()
    return schema, counts, whole


# What requests of this test make when they are accepted, and what is written besides.
MADE_BY_REQUESTS = {"thread_item", "thread_use", "wearer_day", "way", "command", "claim", "audit", "audit_mark", "audit_checkpoint", "web_session", "journal", "history_mark", "history_chunk", "care_group", "member", "known_network", "invitation", "approval", "contact", "email_change", "recovery", "courier_item", "sos_number"}


# The audit log, the journal, the day of a wearer that was open when the request came, and what a watch shows of itself.
WRITTEN_BY_ITSELF = {"audit", "audit_checkpoint", "journal", "wearer_day", "watch_capability"}


def text_fields(schema):
    return [name for name, s in schema["properties"].items() if resolve(s).get("type") == "string"]


def test_payloads_in_what_a_phone_says_are_refused_or_no_more_than_a_place(home, api):
    made = api.ok("POST", f"/wearers/{home.wearer}/ways", json={"kind": "traccar", "name": "Phone"})
    token = made["secret"]["token"]
    schema, before, _ = schema_and_counts(home)
    names = ("id", "deviceid", "lat", "lon", "location", "timestamp", "speed", "bearing", "altitude", "accuracy", "batt", "alarm", "valid")
    refused = 0
    for name, payload in itertools.product(names, PAYLOADS):
        fields = {"id": token, "lat": "52.5", "lon": "13.4"} | {name: payload}
        for answer in (
            api.request("GET", "/phone/osmand", params=fields),
            api.request("POST", "/phone/osmand", data=fields),
            api.request("POST", "/phone/osmand", json={"device_id": token, "location": {"coords": fields, "timestamp": payload}}),
            api.request("POST", "/phone/owntracks", json={"_type": "location", "tst": 1, **fields}, auth=("x", payload.encode("utf-8"))),
        ):
            assert answer.status_code in (200, 400, 404), f"{name}={payload!r}: {answer.status_code} {answer.text}"
            refused += answer.status_code != 200
    assert refused > 500
    now_schema, after, whole = schema_and_counts(home)
    assert now_schema == schema and whole == "ok"
    changed = {n for n in before if before[n] != after[n]}
    assert changed <= WRITTEN_BY_ITSELF | {"history_mark", "history_chunk"}, changed


def test_payloads_in_settings_are_refused(home, api):
    limits = {"is_on": True, "low": 35, "high": 38, "warning": "sms"}
    for payload in PAYLOADS:
        for setting, body in (
            ("language", {"language": payload}),
            ("zone", {"zone": payload}),
            ("home_wifi", {"macs": [payload]}),
            ("alarm_clocks", {"alarms": [{"time": payload, "is_on": True, "repeat": "daily"}]}),
            ("temperature_limits", limits | {"number": payload}),
        ):
            answer = api.request("PUT", f"/api/v1/wearers/{home.wearer}/settings/{setting}", json=body)
            assert answer.status_code in (400, 409), f"{setting}: {payload!r}: {answer.status_code} {answer.text}"


def test_payloads_in_every_field_of_every_body_are_text_or_refused(home, api):
    schema, before, _ = schema_and_counts(home)
    tried = accepted = 0
    for method, path, operation, body in bodies(home):
        if path.endswith(("/setup", "/account/password")) or method == "DELETE":
            continue
        for name, payload in itertools.product(text_fields(body_schema(operation)), PAYLOADS):
            answer = api.request(method, path, json=body | {name: payload})
            assert answer.status_code < 500 or answer.json()["code"] == "busy", f"{method} {path} {name}={payload!r}: {answer.text}"
            tried += 1
            accepted += answer.status_code < 300
    now_schema, after, whole = schema_and_counts(home)
    assert now_schema == schema and whole == "ok"
    changed = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    assert set(changed) <= MADE_BY_REQUESTS, {n: changed[n] for n in set(changed) - MADE_BY_REQUESTS}
    assert before["account"] == after["account"] == 1
    assert tried > 500 and accepted > 50
    assert not list(home.folder.rglob("pwned")), "a shell was asked"


def test_what_is_accepted_is_kept_as_the_text_that_it_is(home, api):
    for payload in PAYLOADS:
        answer = api.request("PATCH", f"/api/v1/wearers/{home.wearer}", json={"name": payload})
        if answer.status_code == 200:
            assert api.ok("GET", f"/wearers/{home.wearer}")["name"] == payload
        else:
            assert answer.json()["code"] in ("field_value", "field_too_short", "name_invalid"), payload


def test_payloads_in_queries_paths_and_headers_do_nothing(home, api):
    schema, before, _ = schema_and_counts(home)
    for payload in PAYLOADS:
        for method, path, operation, parameters in OPERATIONS:
            if operation["x-access"] in ("partner", "local", "public") or method != "GET" or "events" in path:
                continue
            for parameter in map(resolve, parameters):
                if parameter["in"] == "query":
                    answer = api.request(method, fill(path, home), params={parameter["name"]: payload})
                    assert answer.status_code < 500, f"{path} {parameter['name']}={payload!r}"
        for path in ("/api/v1/wearers/", "/api/v1/groups/", "/api/v1/sessions/"):
            answer = api.request("GET", path + payload.replace("/", "%2f").replace("#", "%23").replace("?", "%3f").replace("\\", "%5c"))
            assert answer.status_code in (400, 404, 405), f"{path}{payload!r}"
        plain = payload.encode("ascii", "ignore").decode()
        for header in ("User-Agent", "Idempotency-Key", "Last-Event-ID", "X-Forwarded-For", "Referer", "Accept-Language"):
            answer = api.request("GET", "/api/v1/session", headers={header: plain})
            assert answer.status_code in (200, 400), f"{header}: {plain!r}"
    now_schema, after, whole = schema_and_counts(home)
    assert now_schema == schema and whole == "ok"
    assert {n for n in before if before[n] != after[n]} <= WRITTEN_BY_ITSELF


# ---- other sites (threat 43) ----

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_no_other_site_can_change_anything(home, api, headers):
    _, before, _ = schema_and_counts(home)
    tried = 0
    for method, path, operation, _ in OPERATIONS:
        if method == "GET" or path.startswith("/partner"):
            continue
        schema = body_schema(operation)
        body = {} if schema is None else {"json": example(schema)}
        answer = api.request(method, fill(path, home), headers=headers, **body)
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin"), f"{method} {path}"
        tried += 1
    assert tried > 30
    _, after, _ = schema_and_counts(home)
    assert {n for n in before if before[n] != after[n]} <= WRITTEN_BY_ITSELF


def test_no_form_can_be_sent_from_anywhere(home, api):
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        for method, path, _, body in bodies(home):
            answer = api.request(method, path, content=json.dumps(body), headers={"Content-Type": kind})
            assert answer.status_code in (400, 415), f"{method} {path}: {answer.status_code}"


def test_no_answer_lets_another_site_read_it(home, api):
    for method, path, operation, _ in OPERATIONS:
        for ask in (method, "OPTIONS"):
            if "events" in path or (ask == method and method != "GET"):
                continue
            headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "content-type"}
            answer = api.request(ask, fill(path, home), headers=headers)
            assert not [h for h in answer.headers if h.lower().startswith("access-control")], f"{ask} {path}"
            if ask == "OPTIONS":
                assert answer.status_code == 405, f"{ask} {path}: {answer.status_code}"


def test_no_read_changes_anything(home, api):
    _, before, _ = schema_and_counts(home)
    for method, path, operation, _ in OPERATIONS:
        if method == "GET" and "events" not in path:
            assert api.request("GET", fill(path, home), params={"confirm": "1"}).status_code < 500
    _, after, _ = schema_and_counts(home)
    assert {n for n in before if before[n] != after[n]} <= WRITTEN_BY_ITSELF


# ---- names on the web root (threat 15) ----


def leak_names():
    stems = ["kinward", "backup", "dump", "db", "database", "data", "site", "www", "server", "app", "config", "settings", "users", "setracker", "sms", "mail", "keys", "master", "private", "old", "test", "api", "index", "admin", "photo", "audio", "core"]
    ends = ["db", "sql", "sql.gz", "sqlite", "sqlite3", "db-wal", "db-shm", "bak", "old", "orig", "save", "swp", "tar", "tar.gz", "tgz", "zip", "7z", "rar", "gz", "age", "key", "pem", "conf", "cfg", "ini", "yml", "yaml", "json", "env", "log", "txt", "xml", "csv", "war", "jar", "js.map", "node", "php", "asp", "jsp", "c", "h", "py", "sh"]
    for stem, end in itertools.product(stems, ends):
        yield f"{stem}.{end}"
    for folder in ("backup", "backups", "data", ".git", ".svn", ".hg", "admin", "old", "tmp", "logs", "private", "WEB-INF", "src", "api", "data-keys", "db"):
        for name in ("", "config", "HEAD", "index", "entries", "web.xml", "kinward.db", "dump.sql", "id_rsa", "passwd", "main.c", "master.key", "keys.db", "docker-compose.yml", "backup.zip", "core", ".env", "users.csv", "kinward.sock", "audit.ed25519"):
            yield f"{folder}/{name}"
    hidden = "env htaccess htpasswd DS_Store git gitignore bash_history ssh/id_rsa aws/credentials npmrc dockerenv vscode/sftp.json idea/workspace.xml"
    yield from ("." + name for name in hidden.split())
    yield from "server-status phpinfo.php phpmyadmin/ wp-login.php wp-config.php actuator/env actuator/heapdump console solr/ jenkins/ manager/html cgi-bin/test debug/pprof metrics/ core core.1 proc/self/environ etc/passwd var/log/syslog nodejs/app.js setracker/ upload/ uploads/ files/ media/ download/ s2s/ openapi.json swagger.json graphql robots.txt~ Makefile meson.build package.json package-lock.json README.md LICENSE Dockerfile".split()
    for n in range(600):
        yield f"backup-2026{n % 12 + 1:02d}{n % 28 + 1:02d}-{n}.tar.gz"


def test_two_thousand_names_of_leaks_are_answered_alike(home, api):
    names = sorted(set(leak_names()))
    assert len(names) >= 2000
    said = set()
    for name in names:
        answer = api.get("/" + name)
        assert answer.status_code == 404, f"/{name}: {answer.status_code}"
        said.add((answer.text, tuple(sorted(k for k in answer.headers if k.lower() not in ("date", "content-length")))))
    assert len(said) == 1, f"{len(said)} different ways to say no"
    assert b"kinward" not in next(iter(said))[0].encode()


# ---- heads that could be read in two ways (threat 52) ----

HOST = b"Host: kinward.example\r\n"
START = b"POST /api/v1/session HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
BODY = b'{"login":"nobody","password":"not this one at all"}'
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


def smuggling():
    names = [b"Transfer-Encoding", b"transfer-encoding", b"TRANSFER-ENCODING", b"tRaNsFeR-eNcOdInG", b"Transfer-encoding"]
    values = [b"chunked", b"Chunked", b"CHUNKED", b" chunked", b"\tchunked", b"chunked ", b"chunked,", b",chunked", b"chunked;q=1", b"identity, chunked", b"chunked, chunked", b"xchunked", b'"chunked"', b"gzip, chunked", b"chunked\x0b", b"identity", b""]
    length = b"Content-Length: %d\r\n" % len(BODY)
    for name, value in itertools.product(names, values):
        field = name + b": " + value + b"\r\n"
        yield START + field + length + b"\r\n" + CHUNKS + SMUGGLED
        yield START + length + field + b"\r\n" + BODY + SMUGGLED
    n = len(BODY)
    lengths = [b"%d, %d" % (n, n), b"%d,%d" % (n, n + 1), b"+%d" % n, b"-%d" % n, b"0x%x" % n, b"%d.0" % n, b"%d e" % n, b"", b" ", b"\x0b%d" % n, b"%d\x00" % n, b"1e1", b"18446744073709551616", b"9" * 40]
    for name, value in itertools.product([b"Content-Length", b"content-length", b"CONTENT-LENGTH"], lengths):
        yield START + name + b": " + value + b"\r\n\r\n" + BODY + SMUGGLED
    for first, second in itertools.product((0, 1, n, n + 1), (0, 1, n, n + 5)):
        yield START + b"Content-Length: %d\r\nContent-Length: %d\r\n\r\n" % (first, second) + BODY + SMUGGLED
    whole = START + length + b"\r\n"
    for at in [i for i in range(len(whole)) if whole[i : i + 2] == b"\r\n"]:
        for end in (b"\n", b"\r", b"\r\r\n", b"\n\n"):
            yield whole[:at] + end + whole[at + 2 :] + BODY + SMUGGLED
    for odd in (b"X : y", b" X: y", b"X\x00: y", b"X\ty: z", b": y", b"X", b"Content-Length : 5", b"Transfer-Encoding : chunked", b"X: y\x00z", b"(X): y", b"X: y\r z", b"Connection: Content-Length", b"Content-Length: 5\r\n 1"):
        if odd != b"Connection: Content-Length":
            yield START + odd + b"\r\n" + length + b"\r\n" + BODY + SMUGGLED


def talk(server, data):
    """All that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", server.web_port), timeout=20) as s:
        s.settimeout(20)
        out = b""
        try:
            s.sendall(data)
            while (piece := s.recv(65536)) != b"":
                out += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
        return out


def test_nothing_is_smuggled_behind_a_doubtful_head(home):
    honest = START + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY + SMUGGLED
    assert re.findall(rb"HTTP/1\.1 (\d+) ", talk(home, honest)) == [b"401", b"404"], "what the others hide"
    cases = list(smuggling())
    assert len(cases) >= 200
    for case in cases:
        out = talk(home, case)
        assert b"404" not in out.split(b"\r\n")[0], case
        statuses = set(re.findall(rb"HTTP/1\.1 (\d+) ", out))
        assert len(statuses) <= 1 and statuses <= {b"400", b"411", b"413", b"431", b"501", b"505"}, (case, out[:300])
        assert b"/smuggled" not in out


# ---- lines for the log (threat 72) ----

LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warn|info|debug) [a-z0-9-]+ [a-z_]+\.[a-z_]+( [a-z_0-9]+=(\"[^\"]*\"|\S*))*( .*)?$")


def test_what_comes_from_outside_starts_no_line_of_the_log(home, api):
    start = len(home.process.lines)
    forged = "2026-01-01T00:00:00.000Z info server admin.login who=eve"
    for text in (f"x\n{forged}", f"x\r\n{forged}", f"x\x0b{forged}", f"\x1b[2J{forged}", f"x\u2028{forged}", f"x\x85{forged}"):
        for path in ("/api/v1/session", "/api/v1/wearers/x"):
            talk(home, b"GET " + path.encode() + b"?q=" + text.encode() + b" HTTP/1.1\r\nHost: x\r\nUser-Agent: " + text.encode() + b"\r\n\r\n")
        api.request("PATCH", f"/api/v1/wearers/{home.wearer}", json={"name": text})
        post_raw(api, "POST", "/api/v1/session", text)
        for content in (f"UD,{text}", f"{text}", f"WIFI,{text}", f"AL,{text}", f"TKQ,{text}"):
            with RawWatch(home.watch_port, "8800000191") as watch:
                watch.send_bytes(frame("LK,0,0,80", "8800000191"))
                watch.send_bytes(frame(content, "8800000191"))
                watch.heartbeat()
    api.ok("GET", "/session")
    eventually(lambda: api.ok("GET", "/operator/devices")["unknown"], what="the watch was seen")
    lines = home.process.lines[start:]
    for line in lines:
        assert LINE.match(line), f"not a line of ours: {line!r}"
        assert not line.startswith("2026-01-01") and "\x1b" not in line
