# SPDX-License-Identifier: MIT
"""What is passed on between client and origin, what ends at Larder, and what Larder says itself (RFC 9110, RFC 9112)."""

import re
from email.utils import parsedate_to_datetime

import pytest

from client import Connection, eventually, get, open_connections
from content import Bytes, Content, MiB
from larder import Larder
from origin import Answer, Origin, RawAnswer

CONTENT = Content("a", 3 * MiB)
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Hop: 1\r\nConnection: X-Hop\r\n\r\n"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nCache-Control: max-age=60\r\n\r\ngood"


def proxied(site, method="GET", path="/p", fields=None, body=b""):
    return get(site.larder.http, "http://origin.test" + path, host="origin.test", method=method, fields=fields, body=body)


def raw(address, data: bytes) -> bytes:
    """Everything that comes until the other side closes."""
    with Connection(address) as connection:
        connection.send(data)
        got = b""
        while part := connection.read_some():
            got += part
        return got


# ---- interim answers ----

@pytest.mark.parametrize("method", [b"GET", b"POST", b"HEAD"])
def test_early_hints_are_passed_on_before_the_answer(site, method):
    answer = GOOD.removesuffix(b"good") if method == b"HEAD" else GOOD
    site.origin.put("/p", b"", fault=[RawAnswer(EARLY, rest=answer)])
    go = site.origin.pages["/p"].fault[0].go
    with Connection(site.larder.http) as connection:
        connection.send(method + b" http://origin.test/p HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n")
        early = b""
        while b"\r\n\r\n" not in early:  # while the origin still keeps the answer back
            early += connection.read_some()
        assert early.startswith(b"HTTP/1.1 103 Early Hints\r\n") and b"\r\nLink: </a.css>; rel=preload\r\n" in early
        assert b"X-Hop" not in early and b"Content-Length" not in early
        go.set()
        rest = b""
        while part := connection.read_some():
            rest += part
        assert rest.startswith(b"HTTP/1.1 200 OK\r\n")
        assert rest.endswith(b"\r\n\r\n" if method == b"HEAD" else b"good")


def test_version_1_0_gets_no_interim_answer(site):
    site.origin.put("/p", b"", fault=[RawAnswer(EARLY + GOOD)])
    got = raw(site.larder.http, b"GET http://origin.test/p HTTP/1.0\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 200 OK\r\n") and got.endswith(b"good") and b"103" not in got.split(b"\r\n\r\n")[0]


def test_a_continue_nobody_waits_for_is_not_passed_on(site):
    site.origin.put("/p", b"", fault=[RawAnswer(b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD)])
    got = raw(site.larder.http, b"GET http://origin.test/p HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")


# ---- Expect ----

def test_a_body_is_asked_for_when_the_client_waits_to_be_asked(site):
    site.origin.put("/p", CONTENT)
    with Connection(site.larder.http) as connection:
        connection.send(b"POST http://origin.test/p HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert connection.read_some() == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.send(b"body")
        assert connection.response().status == 200
    [asked] = site.origin.asked("/p", "POST")
    assert asked.body == b"body" and "expect" not in asked.fields


@pytest.mark.parametrize("target, host, status", [
    ("http://elsewhere.test/p", "elsewhere.test", 403), ("/p", "elsewhere.test", 421), ("/p?source=origin.test", "larder", 405), ("/p?source=elsewhere.test", "larder", 403)])
def test_who_waits_to_be_asked_for_a_body_nobody_wants_is_told_so_at_once(site, target, host, status):
    with Connection(site.larder.http) as connection:
        connection.send(f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n".encode())
        got = b""
        while part := connection.read_some():
            got += part
    assert got.startswith(b"HTTP/1.1 %d " % status) and b"\r\nConnection: close\r\n" in got, got


def test_version_1_0_is_never_told_to_continue(site):
    site.origin.put("/p", CONTENT)
    got = raw(site.larder.http, b"POST http://origin.test/p HTTP/1.0\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody")
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")


def test_an_expectation_nobody_knows_is_answered_417(site):
    site.origin.put("/p", CONTENT)
    got = raw(site.larder.http, b"POST http://origin.test/p HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 4\r\nExpect: miracles\r\n\r\nbody")
    assert got.startswith(b"HTTP/1.1 417 ")
    assert site.origin.asked("/p", None) == []


# ---- fields of one connection ----

def test_fields_of_the_client_connection_end_at_larder(site):
    site.origin.put("/p", CONTENT)
    ends = {"Connection": "X-Mine, keep-alive, close", "X-Mine": "1", "Keep-Alive": "timeout=5", "TE": "trailers", "Upgrade": "h2c",
            "HTTP2-Settings": "AAMAAABk", "Proxy-Connection": "close", "Proxy-Authorization": "Basic dTpw", "Trailer": "X"}
    assert proxied(site, "POST", fields={**ends, "X-End-To-End": "stays"}, body=b"x").status == 200
    [asked] = site.origin.asked("/p", "POST")
    assert asked.fields["x-end-to-end"] == "stays"
    for name in ends:
        assert name.lower() not in asked.fields, asked.fields
    assert asked.fields["content-length"] == "1"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_fields_of_the_origin_connection_end_at_larder(site, method):
    ends = {"Connection": "X-Hop", "X-Hop": "1", "Keep-Alive": "timeout=5", "Proxy-Connection": "close", "Proxy-Authenticate": "Basic",
            "Upgrade": "h2c", "TE": "x", "Trailer": "X"}
    site.origin.put("/p", CONTENT, fault=Answer(200, {**ends, "X-Stays": "1", "Cache-Control": "max-age=60"}, b"body"))
    got = proxied(site, method, body=b"x" if method == "POST" else b"")
    assert (got.status, got.body, got["X-Stays"]) == (200, b"body", "1")
    for name in ends:
        assert name not in got, got


def test_trailers_are_dropped_and_never_merged_into_the_head(site):
    chunked = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n4\r\ngood\r\n0\r\nX-Late: 1\r\nContent-Length: 9\r\n\r\n"
    site.origin.put("/p", b"", fault=RawAnswer(chunked))
    got = proxied(site)
    assert (got.body, got["Content-Length"]) == (b"good", "4") and "X-Late" not in got and "Trailer" not in got
    got = proxied(site, "POST", body=b"x")
    assert got.body == b"good" and "X-Late" not in got and "Trailer" not in got


def test_trailers_of_a_request_are_dropped(site):
    site.origin.put("/p", CONTENT)
    with Connection(site.larder.http) as connection:
        connection.send(b"POST http://origin.test/p HTTP/1.1\r\nHost: origin.test\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n"
                        b"4\r\nbody\r\n0\r\nX-Late: 1\r\nHost: other\r\n\r\n")
        assert connection.response().status == 200
    [asked] = site.origin.asked("/p", "POST")
    assert asked.body == b"body" and "x-late" not in asked.fields and asked.host == "origin.test"


# ---- Via and loops ----

@pytest.mark.parametrize("method", ["GET", "POST"])
def test_via_grows_in_both_directions(site, method):
    site.origin.put("/p", CONTENT, fault=Answer(200, {"Via": "1.0 a, 1.1 b (c)", "Cache-Control": "max-age=60"}, b"body"))
    got = proxied(site, method, fields={"Via": "1.0 before"}, body=b"x" if method == "POST" else b"")
    assert got["Via"] == "1.0 a, 1.1 b (c), 1.1 larder"
    [asked] = site.origin.asked("/p", method)
    assert re.fullmatch(r"(1\.0 before, )?1\.1 larder \([0-9a-f]{8}\)", asked.fields["via"])
    if method == "POST":
        assert asked.fields["via"].startswith("1.0 before, ")
    else:
        assert proxied(site)["Via"] == "1.0 a, 1.1 b (c), 1.1 larder"  # now a hit


@pytest.mark.parametrize("via", ["1.1 larder", "1.0 a (b, c), HTTP/1.1 Larder, 1.1 d"])
def test_a_request_that_has_been_here_is_refused(site, via):
    site.origin.put("/p", CONTENT)
    assert proxied(site, fields={"Via": via}).status == 508
    assert site.origin.asked() == []


def test_a_larder_behind_another_is_no_loop(tmp_path):
    with Origin() as origin:
        origin.put("/a.pkg", CONTENT)
        with Larder(tmp_path / "parent", origins={"origin.test": origin}) as parent:
            with Larder(tmp_path / "child", origins={"origin.test": "%s:%d" % parent.http}) as child:
                got = child.get("/a.pkg")
                assert (got.status, got.body, got["Via"]) == (200, CONTENT.read(), "1.1 larder, 1.1 larder")


def test_a_larder_that_leads_back_to_itself_refuses_at_once(tmp_path):
    larder = Larder(tmp_path, origins={})
    larder.origins["origin.test"] = "%s:%d" % larder.http
    larder.write_config()
    with larder:
        assert larder.get("/a.pkg", timeout=30).status in (502, 508)
        assert get(larder.http, "http://origin.test/a", host="origin.test", method="POST", body=b"x", timeout=30).status in (502, 508)


# ---- Max-Forwards, TRACE, OPTIONS ----

@pytest.mark.parametrize("method", ["OPTIONS", "TRACE"])
def test_max_forwards_is_counted_down(site, method):
    site.origin.put("/p", CONTENT)
    assert proxied(site, method, fields={"Max-Forwards": "3"}).status == 200
    [asked] = site.origin.asked("/p", method)
    assert asked.fields["max-forwards"] == "2"
    assert "content-length" not in asked.fields and "transfer-encoding" not in asked.fields


def test_max_forwards_of_another_method_is_not_counted(site):
    site.origin.put("/p", CONTENT)
    assert proxied(site, "POST", fields={"Max-Forwards": "0"}, body=b"x").status == 200


def test_a_trace_that_may_go_no_further_is_answered_without_secrets(site):
    site.origin.put("/p", CONTENT)
    got = proxied(site, "TRACE", fields={"Max-Forwards": "0", "Authorization": "Basic dTpw", "Cookie": "a=b", "X-Mine": "1"})
    assert (got.status, got["Content-Type"]) == (200, "message/http")
    assert got.body == b"TRACE http://origin.test/p HTTP/1.1\r\nHost: origin.test\r\nMax-Forwards: 0\r\nX-Mine: 1\r\n\r\n"
    assert site.origin.asked("/p", None) == []


def test_an_options_that_may_go_no_further_is_answered_here(site):
    site.origin.put("/p", CONTENT)
    got = proxied(site, "OPTIONS", fields={"Max-Forwards": "0"})
    assert (got.status, got["Content-Length"]) == (200, "0") and "GET" in got["Allow"]
    assert site.origin.asked("/p", None) == []


def test_options_of_a_whole_origin_asks_it_for_an_asterisk(site):
    site.origin.put("*", CONTENT, fault=Answer(200, {"Allow": "GET"}, b""))
    got = get(site.larder.http, "http://origin.test", host="origin.test", method="OPTIONS")
    assert (got.status, got["Allow"]) == (200, "GET")
    [asked] = site.origin.asked(None, "OPTIONS")
    assert (asked.target, asked.host.split(":")[0]) == ("*", "origin.test")


def test_options_of_larder_itself_names_its_methods(site):
    for target in ("*", "/", "/a.pkg?source=origin.test"):
        got = get(site.larder.http, target, method="OPTIONS")
        assert (got.status, got["Allow"], got["Content-Length"]) == (200, "GET, HEAD, OPTIONS", "0"), target


def test_other_methods_on_larder_itself_are_refused(site):
    for method in ("POST", "DELETE", "TRACE", "get", "BREW"):
        got = get(site.larder.http, "/", method=method)
        assert (got.status, got["Allow"]) == (405, "GET, HEAD, OPTIONS"), method


def test_a_trace_does_not_unmake_what_is_stored(site):
    site.origin.put("/p", CONTENT)
    assert site.larder.get("/p").status == 200
    site.larder.settle()
    assert proxied(site, "TRACE").status == 200
    assert len(site.larder.objects()) == 1


# ---- redirects ----

@pytest.mark.larder(hosts=("other.test",), host_keys={"origin.test": {"cache": "updates"}})
@pytest.mark.parametrize("host, told", [("other.test", False), ("origin.test", True)])
def test_secrets_of_a_client_do_not_follow_a_redirect_to_another_origin(site, host, told):
    site.origin.put("/p", CONTENT, fault=Answer(302, {"Location": f"http://{host}/q"}, b""))
    site.origin.put("/q", Bytes(b"body"), fields={"Cache-Control": "no-store"})
    fields = {"Authorization": "Basic dTpw", "Cookie": "a=b", "X-Mine": "1"}
    got = proxied(site, "HEAD", fields=fields)
    assert got.status == 200
    [asked] = site.origin.asked("/q", "HEAD")
    assert asked.host.split(":")[0] == host and asked.fields["x-mine"] == "1"
    assert ("authorization" in asked.fields, "cookie" in asked.fields) == (told, told)


# ---- what every answer says ----

def test_date_is_the_origins_and_lasts(site):
    then = "Mon, 02 Mar 2026 10:00:00 GMT"
    site.origin.put("/p", CONTENT, fault=Answer(200, {"Date": then, "Cache-Control": "max-age=999999999"}, b"body"))
    assert [proxied(site)["Date"] for _ in range(2)] == [then, then]
    assert proxied(site, "POST", body=b"x")["Date"] == then


def test_an_answer_without_date_is_given_one(site):
    site.origin.put("/p", CONTENT, fault=RawAnswer(GOOD))
    first = proxied(site)["Date"]
    assert parsedate_to_datetime(first) and "," not in first[5:]
    site.larder.settle()
    eventually(lambda: get(site.larder.http, "/")["Date"] != first)
    assert proxied(site)["Date"] == first
    assert parsedate_to_datetime(proxied(site, "POST", body=b"x")["Date"])


@pytest.mark.parametrize("target", ["/", "/nothing", "/a.pkg?source=elsewhere.test", "/a.pkg?source=origin.test"])
def test_what_larder_says_itself_has_a_date_and_its_length(site, target):
    for method in ("GET", "HEAD"):
        got = get(site.larder.http, target, method=method)
        assert len(parsedate_to_datetime(got["Date"]).isoformat()) > 0
        assert got["Content-Length"].isdigit()
        assert method == "HEAD" or len(got.body) == int(got["Content-Length"])


def test_head_and_304_have_no_body_and_the_next_answer_is_found(site):
    page = site.origin.put("/p", Bytes(b"body"))
    assert proxied(site).body == b"body"
    site.larder.settle()
    with Connection(site.larder.http) as connection:
        for _ in range(2):
            connection.request("http://origin.test/p", host="origin.test", method="HEAD")
            head = connection.response("HEAD")
            assert (head.status, head["Content-Length"]) == (200, "4")
            connection.request("http://origin.test/p", host="origin.test", fields={"If-None-Match": page.etag})
            assert connection.response().status == 304
            connection.request("http://origin.test/p", host="origin.test")
            assert connection.response().body == b"body"


def test_a_204_is_passed_on_without_body_or_length(site):
    site.origin.put("/p", CONTENT, fault=RawAnswer(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"))
    got = proxied(site, "POST", body=b"x")
    assert got.status == 204 and "Content-Length" not in got and "Transfer-Encoding" not in got


def test_a_part_nobody_asked_for_is_not_passed_on(site):
    site.origin.put("/p", CONTENT, fault=Answer(206, {"Content-Range": "bytes 0-3/100"}, b"part"))
    for method, body in (("GET", b""), ("POST", b"x")):
        got = proxied(site, method, body=body)
        assert got.status == 502 and got.body != b"part", method


@pytest.mark.parametrize("asked, part, passes", [
    ("bytes=10-19", "bytes 10-13/100", True), ("bytes=10-19", "bytes 9-12/100", False), ("bytes=10-11", "bytes 10-13/100", False),
    ("bytes=10-", "bytes 10-13/*", True), ("bytes=10-", "bytes 6-9/100", False), ("bytes=-4", "bytes 96-99/100", True), ("bytes=-4", "bytes 95-98/100", False)])
def test_of_a_range_that_is_passed_no_other_part_is_passed_on(site, asked, part, passes):
    site.origin.put("/p", CONTENT, fault=Answer(206, {"Content-Range": part}, b"part"))
    got = proxied(site, "POST", fields={"Range": asked}, body=b"x")
    assert (got.status, got.body == b"part") == ((206, True) if passes else (502, False))


def test_a_304_to_a_request_without_conditions_is_not_passed_on(site):
    site.origin.put("/p", CONTENT, fault=RawAnswer(b"HTTP/1.1 304 Not Modified\r\n\r\n"))
    for method, fields in (("POST", {}), ("POST", {"If-Match": '"a"'}), ("GET", {})):
        assert proxied(site, method, fields=fields, body=b"x" if method == "POST" else b"").status == 502, method
    assert proxied(site, "POST", fields={"If-None-Match": '"a"'}, body=b"x").status == 304


def test_several_parts_are_no_answer_to_who_asked_for_one(site):
    parts = b"--x\r\nContent-Range: bytes 0-3/4\r\n\r\ngood\r\n--x--\r\n"
    site.origin.put("/p", CONTENT, fault=Answer(206, {"Content-Type": "multipart/byteranges; boundary=x"}, parts))
    for method, body in (("GET", b""), ("POST", b"x")):
        assert proxied(site, method, fields={"Range": "bytes=0-3"}, body=body).status == 502, method


def test_several_parts_that_were_asked_for_pass(site):
    parts = b"--x\r\nContent-Range: bytes 0-0/4\r\n\r\ng\r\n--x\r\nContent-Range: bytes 3-3/4\r\n\r\nd\r\n--x--\r\n"
    site.origin.put("/p", CONTENT, fault=Answer(206, {"Content-Type": "multipart/byteranges; boundary=x"}, parts))
    got = proxied(site, "POST", fields={"Range": "bytes=0-0,3-3"}, body=b"x")
    assert (got.status, got.body, got["Content-Type"]) == (206, parts, "multipart/byteranges; boundary=x")


@pytest.mark.larder(host_keys={"origin.test": {"cache": "updates"}})
@pytest.mark.parametrize("status, body", [(204, b""), (203, b"body"), (202, b"later")])
def test_a_success_that_is_no_object_is_passed_on(site, status, body):
    site.origin.put("/p", CONTENT, fault=Answer(status, {}, body))
    got = proxied(site)
    assert (got.status, got.body) == (status, body)
    assert ("Content-Length" in got) == (status != 204)
    assert site.larder.objects() == []


# ---- connections ----

def test_answers_come_in_the_order_of_the_requests(site):
    for n in range(8):
        site.origin.put(f"/{n}", Bytes(b"%d" % n))
    assert site.larder.get("/7").body == b"7"  # held, and yet it waits for its turn
    with Connection(site.larder.http) as connection:
        connection.send(b"".join(b"%s http://origin.test/%d HTTP/1.1\r\nHost: origin.test\r\n\r\n" % (b"POST" if n == 3 else b"GET", n)
                                 for n in range(8)))
        assert [connection.response().body for _ in range(8)] == [b"0", b"1", b"2", b"received 0\n", b"4", b"5", b"6", b"7"]


@pytest.mark.parametrize("version, connection, kept", [
    ("1.1", None, True), ("1.1", "close", False), ("1.1", "keep-alive", True), ("1.0", None, False), ("1.0", "keep-alive", True), ("1.7", None, True)])
@pytest.mark.parametrize("what", ["hit", "miss", "pass", "refusal", "error"])
def test_a_connection_is_kept_as_its_client_wishes(site, version, connection, kept, what):
    site.origin.put("/p", Bytes(b"body"), fault=Answer(404, {}, b"gone") if what == "error" else None)
    if what == "hit":
        assert site.larder.get("/p").body == b"body"
    method, target = ("POST" if what == "pass" else "GET"), "http://elsewhere.test/p" if what == "refusal" else "http://origin.test/p"
    host = "elsewhere.test" if what == "refusal" else "origin.test"
    with Connection(site.larder.http) as peer:
        wish = f"Connection: {connection}\r\n" if connection else ""
        peer.send(f"{method} {target} HTTP/{version}\r\nHost: {host}\r\n{wish}\r\n".encode())
        answer = peer.response()
        said = answer["Connection"].lower()
        assert said == ("close" if not kept else "keep-alive" if version == "1.0" else ""), answer
        if kept:
            peer.request("http://origin.test/p", host="origin.test")
            assert peer.response().status in (200, 404)
        else:
            assert peer.closed_by_peer()


def test_a_pass_of_unknown_length_ends_a_connection_of_version_1_0_and_is_chunked_in_1_1(site):
    site.origin.put("/p", b"", fault=RawAnswer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n"))
    got = raw(site.larder.http, b"POST http://origin.test/p HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx")
    head, _, body = got.partition(b"\r\n\r\n")
    assert body == b"good" and b"Connection: close" in head and b"Transfer-Encoding" not in head and b"Content-Length" not in head
    answer = proxied(site, "POST", body=b"x")
    assert (answer.body, answer["Transfer-Encoding"]) == (b"good", "chunked")


def test_a_request_that_changes_something_is_sent_once(site):
    site.origin.put("/p", CONTENT, fault=[RawAnswer(b""), RawAnswer(b"")])
    assert proxied(site, "POST", body=b"x").status == 502
    assert len(site.origin.asked("/p", "POST")) == 1


def test_a_body_over_its_limit_is_answered_413(site):
    site.origin.put("/p", CONTENT)
    for framing, body in ((b"Content-Length: 20000000\r\n", b""), (b"Transfer-Encoding: chunked\r\n", (b"100000\r\n" + b"a" * MiB + b"\r\n") * 17)):
        with Connection(site.larder.http) as connection:
            connection.send(b"POST http://origin.test/p HTTP/1.1\r\nHost: origin.test\r\n" + framing + b"\r\n" + body)
            assert connection.response().status == 413
            assert connection.closed_by_peer()
    assert site.origin.asked("/p", None) == []


def bodies_held(site) -> float:
    return float(re.search(rb"^larder_request_bodies_bytes (\S+)$", site.larder.api_raw("/metrics").body, re.MULTILINE)[1])


def test_bodies_of_all_requests_together_have_a_bound(site):
    site.origin.put("/p", CONTENT)
    head = b"POST http://origin.test/p HTTP/1.1\r\nHost: origin.test\r\nContent-Length: %d\r\n\r\n" % (16 * MiB)
    with open_connections(site.larder.http, 16) as connections:
        for connection in connections:
            connection.send(head + bytes(16 * MiB - 1))
        eventually(lambda: bodies_held(site) == 16 * (16 * MiB - 1))
        with Connection(site.larder.http) as one_more:
            one_more.send(head + bytes(MiB))
            refused = one_more.response()
            assert refused.status == 503 and int(refused["Retry-After"]) > 0
            assert one_more.closed_by_peer()
        connections[0].send(b"x")  # whoever was there first is answered
        assert connections[0].response().status == 200
    eventually(lambda: bodies_held(site) == 0)
    assert proxied(site, "POST", body=b"x").status == 200


def test_a_get_with_a_body_is_answered_and_its_body_is_no_request(site):
    site.origin.put("/p", Bytes(b"body"))
    smuggled = b"GET http://origin.test/smuggled HTTP/1.1\r\nHost: origin.test\r\n\r\n"
    with Connection(site.larder.http) as connection:
        connection.send(b"GET http://origin.test/p HTTP/1.1\r\nHost: origin.test\r\nContent-Length: %d\r\n\r\n" % len(smuggled) + smuggled)
        assert connection.response().body == b"body"
        connection.request("http://origin.test/p", host="origin.test")
        assert connection.response().body == b"body"
    assert site.origin.asked("/smuggled", None) == []
