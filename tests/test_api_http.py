"""The edge of HTTP: heads that could be read in two ways, limits of time and size, proxies, TLS, the app's files."""

import re
import socket
import ssl
import subprocess
import time

import httpx
import pytest
from kit.events import Events
from kit.process import eventually
from kit.server import PASSWORD

BODY = b'{"login":"nobody","password":"not this one at all"}'
HOST = b"Host: kinward.example\r\n"
SIGN_IN = b"POST /api/v1/session HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\n" + HOST
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKS = b"%x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n"
SECOND = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"

REFUSED = {
    "bare line feeds": b"GET /healthz HTTP/1.1\nHost: x\n\n" + SECOND,
    "a bare line feed after the request line": b"GET /healthz HTTP/1.1\n" + HOST + b"\r\n" + SECOND,
    "a bare line feed after a field": HEALTH + b"X: y\nZ: z\r\n\r\n" + SECOND,
    "two bare line feeds at the end": HEALTH + b"X: y\n\n" + SECOND,
    "a folded field": HEALTH + b"X: a\r\n b\r\n\r\n" + SECOND,
    "a folded length": SIGN_IN + b"Content-Length:\r\n %d\r\n\r\n" % len(BODY) + BODY + SECOND,
    "a folded transfer coding": SIGN_IN + LENGTH + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKS + SECOND,
    "a fold before the first field": b"GET /healthz HTTP/1.1\r\n X: a\r\n" + HOST + b"\r\n" + SECOND,
    "a blank before the colon": b"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n" + SECOND,
    "a blank before the colon of a coding": SIGN_IN + LENGTH + b"Transfer-Encoding : chunked\r\n\r\n" + BODY + SECOND,
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n" + SECOND,
    "two hosts": HEALTH + HOST + b"\r\n" + SECOND,
    "no colon": HEALTH + b"nonsense\r\n\r\n" + SECOND,
    "a NUL in a value": HEALTH + b"X: a\0b\r\n\r\n" + SECOND,
    "a NUL in a name": HEALTH + b"X\0y: a\r\n\r\n" + SECOND,
    "a NUL in the path": b"GET /healthz\0 HTTP/1.1\r\n" + HOST + b"\r\n" + SECOND,
    "a carriage return in a value": HEALTH + b"X: a\rb\r\n\r\n" + SECOND,
    "length and chunked": SIGN_IN + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + SECOND,
    "chunked and length": SIGN_IN + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SECOND,
    "the same length twice": SIGN_IN + LENGTH + LENGTH + b"\r\n" + BODY + SECOND,
    "two lengths": SIGN_IN + LENGTH + b"Content-Length: 5\r\n\r\n" + BODY + SECOND,
    "a list of lengths": SIGN_IN + b"Content-Length: 5, 5\r\n\r\n" + BODY + SECOND,
    "a length with a sign": SIGN_IN + b"Content-Length: +5\r\n\r\n" + BODY + SECOND,
    "a negative length": SIGN_IN + b"Content-Length: -1\r\n\r\n" + BODY + SECOND,
    "a hex length": SIGN_IN + b"Content-Length: 0x5\r\n\r\n" + BODY + SECOND,
    "a length with a blank": SIGN_IN + b"Content-Length: 5 1\r\n\r\n" + BODY + SECOND,
    "an empty length": SIGN_IN + b"Content-Length: \r\n\r\n" + BODY + SECOND,
    "a length over all numbers": SIGN_IN + b"Content-Length: 99999999999999999999999\r\n\r\n" + BODY + SECOND,
    "a large length": SIGN_IN + b"Content-Length: 900000000\r\n\r\n" + BODY + SECOND,
    "chunks": SIGN_IN + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + SECOND,
    "chunks without carriage returns": SIGN_IN + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS.replace(b"\r", b"") + SECOND,
    "chunks in HTTP/1.0": SIGN_IN.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS + SECOND,
    "another coding": SIGN_IN + b"Transfer-Encoding: gzip\r\n\r\n" + BODY + SECOND,
    "two codings": SIGN_IN + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKS + SECOND,
    "a coding twice": SIGN_IN + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n" + CHUNKS + SECOND,
    "a coding behind a control character": SIGN_IN + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + CHUNKS + SECOND,
    "a body of a GET": HEALTH + b"Content-Length: %d\r\n\r\n" % len(SECOND) + SECOND,
    "chunks of a GET": HEALTH + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "too many fields": HEALTH + b"X: a\r\n" * 80 + b"\r\n" + SECOND,
    "a field over the limit": HEALTH + b"X: " + b"a" * 9000 + b"\r\n\r\n" + SECOND,
    "a path over the limit": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n" + SECOND,
    "HTTP/2": b"GET /healthz HTTP/2.0\r\n" + HOST + b"\r\n" + SECOND,
    "HTTP/0.9": b"GET /healthz\r\n\r\n" + SECOND,
    "another protocol": b"GET /healthz XTTP/1.1\r\n" + HOST + b"\r\n" + SECOND,
    "tabs in the request line": b"GET\t/healthz\tHTTP/1.1\r\n" + HOST + b"\r\n" + SECOND,
    "a blank in the path": b"GET /health z HTTP/1.1\r\n" + HOST + b"\r\n" + SECOND,
    "two cookies": HEALTH.replace(b"/healthz", b"/api/v1/session") + b"Cookie: a=b\r\n" * 2 + b"\r\n" + SECOND,
}


def connect(server):
    return socket.create_connection(("127.0.0.1", server.web_port), timeout=20)


def talk(server, data):
    """All that comes back until the server closes, and whether it did."""
    with connect(server) as s:
        s.settimeout(5)
        out = b""
        try:
            s.sendall(data)
            while (piece := s.recv(65536)) != b"":
                out += piece
        except TimeoutError:
            return out, False
        except (ConnectionResetError, BrokenPipeError):
            pass
        return out, True


@pytest.fixture(scope="module")
def shared(kinward, tmp_path_factory):
    """One server for the requests that change nothing."""
    from kit.server import Server

    server = Server(kinward, tmp_path_factory.mktemp("http"), {"gateways": 1}).start()
    with server.api() as api:
        api.setup()
        server.cookie = "; ".join(f"{k}={v}" for k, v in api.session_cookies().items()).encode()
    yield server
    assert server.stop() == 0


@pytest.mark.parametrize("name", REFUSED)
def test_a_doubtful_head_is_refused_and_nothing_behind_it_is_read(shared, name):
    out, is_closed = talk(shared, REFUSED[name])
    assert is_closed
    assert out == b"" or re.match(rb"HTTP/1\.1 (4\d\d|505) ", out), out[:200]
    # libmicrohttpd 0.9.75 writes the head of its own refusals twice; what matters is that nothing else comes.
    assert len(set(re.findall(rb"^HTTP/1\.1 .*", out, flags=re.M))) <= 1, out
    assert b"404" not in out, "what stands behind was taken as a request"


@pytest.mark.parametrize("path", [b"/nothing", b"/api/v1/session", b"/api/v1/wearers", b"/"])
def test_behind_chunks_nothing_is_read_whatever_the_answer(shared, path):
    head = b"POST " + path + b" HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    for body in (CHUNKS, CHUNKS.replace(b"\r", b""), b"0\r\n\r\n"):
        out, is_closed = talk(shared, head + body + HEALTH + b"\r\n")
        assert is_closed and len(re.findall(rb"^HTTP/1\.1 ", out, flags=re.M)) == 1, out


def test_heads_in_pieces_are_read_as_one(shared):
    request = b"GET /api/v1/session HTTP/1.1\r\n" + HOST + b"Cookie: " + shared.cookie + b"\r\nX-Empty:\r\nX: \t y \r\n\r\n"
    with connect(shared) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for n in range(len(request)):
            s.sendall(request[n : n + 1])
        answer = s.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200 "), answer
        s.sendall(request * 3)
        out = b""
        while out.count(b'"session_id"') < 3:
            out += s.recv(65536)
        assert out.count(b"HTTP/1.1 200 OK") == 3


def test_escapes_in_paths_are_not_followed(shared):
    for path in (b"/health%7a", b"/healthz%00", b"/api%2fv1/status", b"/%2e%2e/etc/passwd", b"/..%2f", b"/healthz%"):
        out, _ = talk(shared, b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        assert out.startswith(b"HTTP/1.1 404 "), (path, out)


@pytest.mark.parametrize("query", ["a=b", "state", "state=", "state=open&state=open", "state=op%zzen", "before=x", "state=open%00", "state=%ff"])
def test_doubtful_queries_are_refused(shared, query):
    out, _ = talk(shared, b"GET /api/v1/alarms?" + query.encode() + b" HTTP/1.1\r\n" + HOST + b"Cookie: " + shared.cookie + b"\r\nConnection: close\r\n\r\n")
    assert out.startswith(b"HTTP/1.1 400 ") and b'"query_bad"' in out, out


def test_escaped_queries_are_read(shared):
    out, _ = talk(shared, b"GET /api/v1/alarms?state=%6fpen HTTP/1.1\r\n" + HOST + b"Cookie: " + shared.cookie + b"\r\nConnection: close\r\n\r\n")
    assert out.startswith(b"HTTP/1.1 200 "), out


def test_unknown_methods_change_nothing(shared):
    for method, status in ((b"TRACE", b"404"), (b"OPTIONS", b"405"), (b"CONNECT", b"404"), (b"get", b"405"), (b"PUT", b"405")):
        path = b"/" if status == b"404" else b"/api/v1/session"
        out, _ = talk(shared, method + b" " + path + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        assert out.startswith(b"HTTP/1.1 " + status), (method, out)
        assert status == b"404" or b"Allow: GET, POST, DELETE\r\n" in out


def test_a_stream_may_follow_other_requests_on_the_same_connection(shared):
    one = b"GET /api/v1/session HTTP/1.1\r\n" + HOST + b"Cookie: " + shared.cookie + b"\r\n\r\n"
    with connect(shared) as s:
        s.sendall(one * 2 + one.replace(b"/session", b"/events"))
        out = b""
        while b": hello\n\n" not in out:
            piece = s.recv(65536)
            assert piece != b"", out
            out += piece
        assert out.count(b"HTTP/1.1 200 OK") == 3
        assert out.index(b"text/event-stream") > out.rindex(b'"session_id"')


def test_a_body_too_large_is_answered_before_it_is_sent(shared):
    head = SIGN_IN + b"Content-Length: 3000000\r\nExpect: 100-continue\r\n\r\n"
    out, is_closed = talk(shared, head)
    assert is_closed and out.startswith(b"HTTP/1.1 413 ") and b'"body_too_large"' in out


def test_a_client_that_sends_its_large_body_still_reads_the_answer(shared):
    answer = httpx.post(
        f"{shared.url}/api/v1/session", content=b" " * 900_000, headers={"Content-Type": "application/json"}, timeout=20
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_other_media_types_are_refused(shared):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = httpx.post(f"{shared.url}/api/v1/session", content=BODY, headers={"Content-Type": kind}, timeout=20)
        assert (answer.status_code, answer.json()["code"]) == (415, "media_type_wrong")


def test_errors_repeat_nothing_of_the_request(shared):
    canary = "zx81canary"
    for method, path, body in (
        ("GET", f"/{canary}", None),
        ("GET", f"/api/v1/wearers/{canary}", None),
        ("GET", f"/api/v1/alarms?{canary}={canary}", None),
        ("POST", "/api/v1/session", f'{{"login":"{canary}","password":"{canary}"}}'),
        ("POST", "/api/v1/session", f'{{"{canary}":1}}'),
        ("POST", "/api/v1/session", f'{{"login":"{canary}'),
    ):
        headers = {"Content-Type": "application/json", "X-Test": canary, "Cookie": shared.cookie.decode()}
        answer = httpx.request(method, shared.url + path, content=body, headers=headers, timeout=20)
        assert answer.status_code >= 400
        assert canary not in answer.text and canary not in str(answer.headers)


def late(make_server, **settings):
    server = make_server(gateways=1, **settings)
    return server


def closes_in(s, at_most):
    start = time.monotonic()
    s.settimeout(at_most + 5)
    try:
        while s.recv(65536) != b"":
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - start


def counted(server, name):
    with server.api() as api:
        eventually(lambda: api.limit(name) >= 1, what=name)


def test_http_header_s_ends_a_head_that_never_ends(make_server):
    server = late(make_server, http_header_s=1)
    with connect(server) as s:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost")
        assert closes_in(s, 10) < 10
    counted(server, "http_header_s")


def test_http_header_s_ends_a_head_that_trickles(make_server):
    server = late(make_server, http_header_s=1)
    with connect(server) as s:
        s.settimeout(0.2)
        s.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
        start = time.monotonic()
        is_open = True
        while is_open and time.monotonic() - start < 15:
            try:
                s.sendall(b"a")
                is_open = s.recv(1) != b""
            except TimeoutError:
                pass
            except OSError:
                is_open = False
        assert not is_open
    counted(server, "http_header_s")


def test_http_body_s_ends_a_body_that_never_comes(make_server):
    server = late(make_server, http_body_s=1)
    with connect(server) as s:
        s.sendall(SIGN_IN + LENGTH + b"\r\n" + BODY[:5])
        assert closes_in(s, 20) < 20
    counted(server, "http_body_s")


def test_http_idle_s_ends_a_connection_without_requests(make_server):
    server = late(make_server, http_idle_s=5)
    with connect(server) as s:
        s.sendall(HEALTH + b"\r\n")
        assert s.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert closes_in(s, 25) < 25


def test_http_connections_per_address_max(make_server):
    server = late(make_server, http_connections_per_address_max=3)
    held = [connect(server) for _ in range(3)]
    for s in held:
        s.sendall(HEALTH + b"\r\n")
        assert s.recv(1000).startswith(b"HTTP/1.1 200 ")
    with connect(server) as one_more:
        one_more.settimeout(10)
        try:
            one_more.sendall(HEALTH + b"\r\n")
            assert one_more.recv(1000) == b""
        except ConnectionResetError:
            pass
    for s in held:
        s.close()
    counted(server, "http_connections_per_address_max")


def test_http_requests_per_s_slows_one_account_and_not_the_health_check(make_server, make_api):
    server = late(make_server, http_requests_per_s=1)
    api = make_api(server)
    answers = [api.get("/api/v1/wearers") for _ in range(40)]
    refused = [a for a in answers if a.status_code == 429]
    assert len(refused) >= 20 and answers[0].status_code == 200
    assert all(a.json()["code"] == "too_many_requests" and int(a.headers["retry-after"]) >= 1 for a in refused)
    assert api.get("/healthz").status_code == 200
    counted(server, "http_requests_per_s")


def test_sse_streams_max(make_server, make_api):
    server = late(make_server, sse_streams_max=2)
    api = make_api(server)
    api.events()
    api.events()
    answer = api.get("/api/v1/events")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_streams")
    counted(server, "sse_streams_max")


def test_metrics_are_only_for_metrics_from(make_server):
    server = late(make_server, metrics_from="10.1.2.3")
    answer = httpx.get(f"{server.url}/metrics", timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_behind_an_unknown_proxy_nobody_is_local(shared):
    assert httpx.get(f"{shared.url}/metrics", timeout=20).status_code == 200
    answer = httpx.get(f"{shared.url}/metrics", headers={"X-Forwarded-For": "127.0.0.1"}, timeout=20)
    assert answer.status_code == 404


def test_a_trusted_proxy_tells_the_client_and_others_do_not(make_server, make_api):
    server = late(make_server, trusted_proxy="127.0.0.1")
    api = make_api(server)
    forwarded = {"X-Forwarded-For": "6.6.6.6, 192.0.2.7"}
    with server.api() as phone:
        answer = phone.post("/api/v1/session", json={"login": "maria", "password": PASSWORD}, headers=forwarded)
        assert answer.status_code == 201
    assert "192.0.2.7" in {s["address"] for s in api.ok("GET", "/sessions")["sessions"]}
    assert api.get("/metrics", headers=forwarded).status_code == 404
    assert api.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 200


def test_a_local_proxy_that_is_not_trusted_opens_nothing(make_server):
    server = late(make_server, trusted_proxy="10.9.9.9")
    assert httpx.get(f"{server.url}/metrics", timeout=20).status_code == 200
    answer = httpx.get(f"{server.url}/metrics", headers={"X-Forwarded-For": "192.0.2.7"}, timeout=20)
    assert answer.status_code == 404


def test_an_untrusted_client_cannot_invent_its_address(make_server, make_api):
    server = late(make_server)
    api = make_api(server)
    with server.api() as phone:
        phone.post("/api/v1/session", json={"login": "maria", "password": PASSWORD}, headers={"X-Forwarded-For": "192.0.2.7"})
    assert {s["address"] for s in api.ok("GET", "/sessions")["sessions"]} == {"127.0.0.1"}


def test_http_check_host(make_server):
    server = late(make_server, http_check_host="yes", public_url="http://kinward.example", metrics_from="10.1.1.1")
    right = httpx.get(f"{server.url}/healthz", headers={"Host": "kinward.example"}, timeout=20)
    wrong = httpx.get(f"{server.url}/healthz", headers={"Host": "rebound.example"}, timeout=20)
    assert right.status_code == 200
    assert (wrong.status_code, wrong.json()["code"]) == (421, "host_wrong")


@pytest.fixture
def certificate(tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    key.chmod(0o644)
    return cert, key


def test_https_with_an_own_certificate(make_server, certificate):
    cert, key = certificate
    server = late(make_server, tls_cert=cert, tls_key=key)
    base = f"https://127.0.0.1:{server.web_port}"
    trusting = ssl.create_default_context(cafile=str(cert))
    with httpx.Client(base_url=base, verify=trusting, timeout=20) as client:
        body = {"token": server.setup_token, "login": "maria", "name": "Maria", "password": PASSWORD, "group_name": "Family", "language": "en"}
        answer = client.post("/api/v1/setup", json=body)
        assert answer.status_code == 201, answer.text
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-kinward=") and "; Secure" in cookie and "Path=/" in cookie and "Domain" not in cookie
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert client.get("/api/v1/status").json()["https"] is True
        with client.stream("GET", "/api/v1/events") as stream:
            lines = stream.iter_lines()
            assert next(line for line in lines if line.strip()).strip() == ": hello"
            client.patch(f"/api/v1/groups/{answer.json()['groups'][0]['id']}", json={"name": "Home"})
            assert client.get("/api/v1/session").json()["groups"][0]["name"] == "Home"
            client.delete("/api/v1/session")
            told = {line.strip() for line in lines if line.startswith("event:")}
            assert told <= {"event: group"}, "the stream ends with the session"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls_is_refused(make_server, certificate):
    cert, key = certificate
    server = late(make_server, tls_cert=cert, tls_key=key)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname = False
    old.verify_mode = ssl.CERT_NONE
    old.options |= ssl.OP_NO_TLSv1_2 | ssl.OP_NO_TLSv1_3
    old.set_ciphers("ALL:@SECLEVEL=0")
    with connect(server) as s, pytest.raises((ssl.SSLError, ConnectionError)):
        old.wrap_socket(s)


@pytest.fixture
def app(make_server, tmp_path):
    """A server whose app has three files."""
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html>" + "x" * 2000, encoding="utf-8")
    (web / "assets" / "app-1a2b3c.js").write_text("go()" * 1000, encoding="utf-8")
    (web / "assets" / "face.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000))
    (web / ".env").write_text("secret", encoding="utf-8")
    (web / "dump.sql").write_text("secret", encoding="utf-8")
    return late(make_server, web_dir=web, map_kind="tiles", map_url="https://tiles.example/{z}/{x}/{y}.png")


def test_pages_have_a_strict_policy(app):
    answer = httpx.get(app.url + "/", timeout=20)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'" and policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self' https://tiles.example"
    assert policy["frame-ancestors"] == "'none'" and policy["base-uri"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"


def test_files_are_compressed_kept_and_asked_again(app):
    with httpx.Client(base_url=app.url, timeout=20) as client:
        page = client.get("/", headers={"Accept-Encoding": "gzip"})
        assert page.headers["content-encoding"] == "gzip" and page.headers["cache-control"] == "no-cache"
        assert page.text.endswith("x" * 2000)
        again = client.get("/", headers={"If-None-Match": page.headers["etag"]})
        assert again.status_code == 304 and again.content == b""
        script = client.get("/assets/app-1a2b3c.js", headers={"Accept-Encoding": "identity"})
        assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "content-encoding" not in script.headers and script.text == "go()" * 1000
        picture = client.get("/assets/face.png", headers={"Accept-Encoding": "gzip"})
        assert "content-encoding" not in picture.headers and picture.headers["content-type"] == "image/png"
        head = client.head("/")
        assert head.status_code == 200 and head.content == b""


def test_only_listed_files_are_served(app):
    same = httpx.get(app.url + "/nothing", timeout=20)
    for path in ("/.env", "/dump.sql", "/assets/", "/assets", "/../web/index.html", "/assets/../index.html", "/index.html/", "//"):
        out, _ = talk(app, b"GET " + path.encode() + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        assert out.startswith(b"HTTP/1.1 404 "), path
        assert out.endswith(same.content)


def test_files_cannot_be_changed(app):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert httpx.request(method, app.url + "/", timeout=20).status_code == 404


def test_a_slow_reader_stops_nobody_and_gets_all_in_order(server, api):
    wearer, watch = api.claim_raw("8800000015")
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.settimeout(20)
    slow.connect(("127.0.0.1", server.web_port))
    cookie = "; ".join(f"{k}={v}" for k, v in api.session_cookies().items())
    slow.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n\r\n".encode())
    quick = api.events()
    names = [f"Mia {n}" for n in range(400)]
    for name in names:
        api.ok("PATCH", f"/wearers/{wearer}", json={"name": name})
    quick.wait("wearer", lambda w: w["name"] == names[-1])
    text = b""
    while names[-1].encode() not in text or not text.endswith(b"\n\n"):
        piece = slow.recv(65536)
        assert piece != b"", "dropped"
        text += piece
    told = [int(n) for n in re.findall(rb'"name":"Mia (\d+)"', text)]
    assert told == sorted(told) and told[-1] == 399
    ids = [int(n) for n in re.findall(rb"^id: [0-9a-f]+-(\d+)$", text, flags=re.M)]
    assert ids == sorted(ids)
    slow.close()
    watch.close()


def test_a_stranger_gets_no_stream(server):
    stream = Events(server.url, {"kinward": "A" * 43})
    assert stream.status == 401
    stream.close()
