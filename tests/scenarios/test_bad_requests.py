# SPDX-License-Identifier: MIT
"""Heads that are wrong, hostile or too much: refused with the right status, and nobody else notices."""

import pytest

from client import Connection, get
from content import Content, MiB
from larder import Larder
from origin import Origin

HOST = b"Host: larder\r\n"

# What is sent, and which statuses are right. A connection closed without an answer is right only where None is given.
HEADS = {
    "no request at all": (b"GARBAGE\r\n\r\n", {400}),
    "no version": (b"GET /a\r\n\r\n", {400}),
    "version 0.9": (b"GET /a HTTP/0.9\r\n" + HOST + b"\r\n", {400, 505}),
    "version 3": (b"GET /a HTTP/3.0\r\n" + HOST + b"\r\n", {400, 505}),
    "no host": (b"GET /a HTTP/1.1\r\n\r\n", {400}),
    "two hosts": (b"GET /a HTTP/1.1\r\n" + HOST + b"Host: other\r\n\r\n", {400}),
    "host with a path": (b"GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n", {400}),
    "host with a user": (b"GET /a HTTP/1.1\r\nHost: u@a\r\n\r\n", {400}),
    "bare LF": (b"GET /a HTTP/1.1\n" + b"Host: larder\n\n", {400}),
    "bare CR in a value": (b"GET /a HTTP/1.1\r\n" + HOST + b"X: a\rb\r\n\r\n", {400}),
    "NUL in a value": (b"GET /a HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n", {400}),
    "NUL in the target": (b"GET /a\0b HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "space before the colon": (b"GET /a HTTP/1.1\r\n" + HOST + b"X : a\r\n\r\n", {400}),
    "folded line": (b"GET /a HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n", {400}),
    "no colon": (b"GET /a HTTP/1.1\r\n" + HOST + b"X\r\n\r\n", {400}),
    "empty name": (b"GET /a HTTP/1.1\r\n" + HOST + b": a\r\n\r\n", {400}),
    "two lengths": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", {400}),
    "length and chunked": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    "length with a sign": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: +1\r\n\r\na", {400}),
    "length in hexadecimal": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 0x1\r\n\r\na", {400}),
    "length past all bounds": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999\r\n\r\n", {400, 413}),
    "coding unknown": (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", {501}),
    "chunked not last": (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, gzip\r\n\r\n", {400}),
    "chunked twice": (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    "chunked twice in a list": (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", {400}),
    "coding that only looks like chunked": (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", {400}),
    "coding with a space before its colon": (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", {400}),
    "chunked in version 1.0": (b"POST /a HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    "no coding": (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding:\r\n\r\n", {400}),
    "two equal lengths": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na", {400}),
    "a list of lengths": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 1, 1\r\n\r\na", {400}),
    "a negative length": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\na", {400}),
    "an empty length": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length:\r\n\r\na", {400}),
    "length and letters": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 1a\r\n\r\na", {400}),
    "length folded": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length:\r\n 1\r\n\r\na", {400}),
    "length over the limit": (b"POST http://origin.test/a HTTP/1.1\r\nHost: origin.test\r\nContent-Length: 99999999\r\n\r\n", {413}),
    "expectation unknown": (b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nExpect: miracles\r\n\r\na", {417}),
    "preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505}),
    "version in lower case": (b"GET /a http/1.1\r\n" + HOST + b"\r\n", {400}),
    "version of three digits": (b"GET /a HTTP/1.10\r\n" + HOST + b"\r\n", {400}),
    "version with a sign": (b"GET /a HTTP/+1.1\r\n" + HOST + b"\r\n", {400}),
    "two spaces": (b"GET  /a HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "a tab for a space": (b"GET\t/a\tHTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "a space behind the version": (b"GET /a HTTP/1.1 \r\n" + HOST + b"\r\n", {400}),
    "a space before the method": (b" GET /a HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "a space before the first field": (b"GET /a HTTP/1.1\r\n Host: larder\r\n\r\n", {400}),
    "CR alone at the end of a line": (b"GET /a HTTP/1.1\r\nHost: larder\r\r\n\r\n", {400}),
    "LF alone at the end of the head": (b"GET /a HTTP/1.1\r\n" + HOST + b"\n", {400}),
    "NUL in a name": (b"GET /a HTTP/1.1\r\n" + HOST + b"X\0: a\r\n\r\n", {400}),
    "NUL in the method": (b"GE\0T /a HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "DEL in a value": (b"GET /a HTTP/1.1\r\n" + HOST + b"X: a\x7f\r\n\r\n", {400}),
    "escape in a value": (b"GET /a HTTP/1.1\r\n" + HOST + b"X: \x1b[2J\r\n\r\n", {400}),
    "a tab before the colon": (b"GET /a HTTP/1.1\r\n" + HOST + b"X\t: a\r\n\r\n", {400}),
    "a name beyond ASCII": (b"GET /a HTTP/1.1\r\n" + HOST + b"X\xc3\xa9: a\r\n\r\n", {400}),
    "a name with a space": (b"GET /a HTTP/1.1\r\n" + HOST + b"X Y: a\r\n\r\n", {400}),
    "a target beyond ASCII": (b"GET /caf\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "an empty target": (b"GET  HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "* of GET": (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "authority form of GET": (b"GET origin.test:80 HTTP/1.1\r\nHost: origin.test\r\n\r\n", {400}),
    "CONNECT to a path": (b"CONNECT /a HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "CONNECT to a URL": (b"CONNECT http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\n\r\n", {400}),
    "CONNECT to one host, Host another": (b"CONNECT origin.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\r\n", {400}),
    "absolute form without a host": (b"GET http:///a HTTP/1.1\r\nHost: origin.test\r\n\r\n", {400}),
    "absolute form of one host, Host another": (b"GET http://origin.test/a HTTP/1.1\r\nHost: other.test\r\n\r\n", {400}),
    "absolute form of a port, Host without": (b"GET http://origin.test:81/a HTTP/1.1\r\nHost: origin.test\r\n\r\n", {400}),
    "two equal hosts": (b"GET /a HTTP/1.1\r\n" + HOST + HOST + b"\r\n", {400}),
    "a list of hosts": (b"GET /a HTTP/1.1\r\nHost: origin.test, other.test\r\n\r\n", {400}),
    "a port that is none": (b"GET /a HTTP/1.1\r\nHost: origin.test:http\r\n\r\n", {400}),
    "a port past all bounds": (b"GET /a HTTP/1.1\r\nHost: origin.test:65536\r\n\r\n", {400}),
    "a host with a space": (b"GET /a HTTP/1.1\r\nHost: origin .test\r\n\r\n", {400}),
    "a host with an escape": (b"GET /a HTTP/1.1\r\nHost: origin%2etest\r\n\r\n", {400}),
    "target without a slash": (b"GET a HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "target with a fragment": (b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "target with a space": (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "CONNECT without a port": (b"CONNECT origin.test HTTP/1.1\r\n" + HOST + b"\r\n", {400, 403}),
    "CONNECT to port 0": (b"CONNECT origin.test:0 HTTP/1.1\r\n" + HOST + b"\r\n", {400, 403}),
    "absolute form with a user": (b"GET http://u:p@origin.test/a HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "absolute form of another scheme": (b"GET ftp://origin.test/a HTTP/1.1\r\n" + HOST + b"\r\n", {400, 403}),
    "method with a space": (b"GE T /a HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "method that is not a token": (b"G(T /a HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "method unknown": (b"BREW /a HTTP/1.1\r\n" + HOST + b"\r\n", {400, 403, 404, 405, 501}),
    "target too long": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", {414}),
    "head too large": (b"GET /a HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 40_000 + b"\r\n\r\n", {431}),
    "too many fields": (b"GET /a HTTP/1.1\r\n" + HOST + b"".join(b"X%d: a\r\n" % n for n in range(200)) + b"\r\n", {431}),
    "malformed escape in source": (b"GET /a?source=%zz HTTP/1.1\r\n" + HOST + b"\r\n", {400, 403}),
    "two sources": (b"GET /a?source=origin.test&source=other.test HTTP/1.1\r\n" + HOST + b"\r\n", {400, 403}),
    "source with a path": (b"GET /a?source=origin.test%2Fb HTTP/1.1\r\n" + HOST + b"\r\n", {400, 403}),
    "source scheme unknown": (b"GET /a?source=origin.test&sourceScheme=ftp HTTP/1.1\r\n" + HOST + b"\r\n", {400, 403}),
    "token too long": (b"GET /d/" + b"a" * 65 + b"/a?source=origin.test HTTP/1.1\r\n" + HOST + b"\r\n", {400}),
    "update cache leaving its channel": (b"GET /mau/Current/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", {400, 403, 404}),
    "TLS on the plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200, {400}),
}

# Wrong in what they ask, not in how: the connection may go on.
WELL_FRAMED = {HEADS[name][0] for name in HEADS if "source" in name or "token" in name or "channel" in name or "host with" in name}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One daemon for all heads: that it goes on serving after each is part of the test."""
    with Origin() as origin:
        origin.put("/good.pkg", Content("good", MiB))
        with Larder(tmp_path_factory.mktemp("bad"), origins={"origin.test": origin}) as larder:
            yield larder


@pytest.mark.parametrize("head, statuses", HEADS.values(), ids=HEADS.keys())
def test_a_head_with(shared, head, statuses):
    with Connection(shared.http, timeout=30) as connection:
        connection.send(head)
        answer = connection.response()
        assert answer.status in statuses, answer
        if head not in WELL_FRAMED and answer.status in (400, 413, 414, 417, 431, 501, 505):
            # What follows a head that was not understood cannot be understood either.
            assert connection.closed_by_peer()
    assert shared.get("/good.pkg").body == Content("good", MiB).read()


# Behind "Transfer-Encoding: chunked". What follows would be the request that is smuggled.
CHUNKS = {
    "0x before a size": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a signed size": b"+5\r\nhello\r\n0\r\n\r\n",
    "a negative size": b"-5\r\nhello\r\n0\r\n\r\n",
    "a space before a size": b" 5\r\nhello\r\n0\r\n\r\n",
    "a space behind a size": b"5 \r\nhello\r\n0\r\n\r\n",
    "two sizes": b"5 5\r\nhello\r\n0\r\n\r\n",
    "a size with an underscore": b"0_5\r\nhello\r\n0\r\n\r\n",
    "letters behind a size": b"5g\r\nhello\r\n0\r\n\r\n",
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "a size past 64 bits": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "a size past 63 bits": b"fffffffffffffff0\r\nhello\r\n0\r\n\r\n",
    "LF behind a size": b"5\nhello\r\n0\r\n\r\n",
    "CR behind a size": b"5\rXhello\r\n0\r\n\r\n",
    "LF in an extension": b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    "an extension without name": b"5;\r\nhello\r\n0\r\n\r\n",
    "an extension too long": b"5;" + b"a" * 5000 + b"\r\nhello\r\n0\r\n\r\n",
    "extensions too long together": b"".join(b"1;" + b"a" * 900 + b"\r\nx\r\n" for _ in range(40)) + b"0\r\n\r\n",
    "LF behind a chunk": b"5\r\nhello\n0\r\n\r\n",
    "nothing behind a chunk": b"5\r\nhello0\r\n\r\n",
    "a chunk longer than its size": b"5\r\nhello!\r\n0\r\n\r\n",
    "a trailer without colon": b"5\r\nhello\r\n0\r\nX\r\n\r\n",
    "a trailer with a space before its colon": b"5\r\nhello\r\n0\r\nX : y\r\n\r\n",
    "a trailer folded": b"5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n",
    "a trailer that ends in LF": b"5\r\nhello\r\n0\r\nX: y\n\r\n",
    "trailers without end": b"5\r\nhello\r\n0\r\n" + b"X: y\r\n" * 5000,
    "LF at the end": b"5\r\nhello\r\n0\r\n\n",
}


@pytest.mark.parametrize("body", CHUNKS.values(), ids=CHUNKS.keys())
def test_a_chunked_body_is_refused_with(shared, body):
    with Connection(shared.http, timeout=30) as connection:
        connection.send(b"POST http://origin.test/good.pkg HTTP/1.1\r\nHost: origin.test\r\nTransfer-Encoding: chunked\r\n\r\n" + body +
                        b"GET /good.pkg?source=origin.test HTTP/1.1\r\nHost: larder\r\n\r\n")
        assert connection.response().status == 400
        assert connection.closed_by_peer()
    assert shared.origins["origin.test"].asked("/good.pkg", "POST") == []


def test_nothing_is_smuggled_behind_a_refused_head(shared):
    with Connection(shared.http) as connection:
        connection.send(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                        b"GET /good.pkg?source=origin.test HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.response().status == 400
        assert connection.closed_by_peer()


def test_a_head_may_come_byte_by_byte(shared):
    head = b"GET /good.pkg?source=origin.test HTTP/1.1\r\nHost: larder\r\n\r\n"
    with Connection(shared.http) as connection:
        for byte in head:
            connection.send(bytes([byte]))
        assert connection.response().body == Content("good", MiB).read()


def test_many_connections_that_say_nothing_keep_nobody_out(shared):
    silent = [Connection(shared.http) for _ in range(200)]
    try:
        for connection in silent[::2]:
            connection.send(b"GET / HT")
        assert shared.get("/good.pkg").status == 200
    finally:
        for connection in silent:
            connection.close()


def test_connections_reset_at_every_point_of_an_exchange_leave_the_daemon_well(shared):
    head = b"GET /good.pkg?source=origin.test HTTP/1.1\r\nHost: larder\r\n\r\n"
    for at in range(0, len(head) + 1, 7):
        connection = Connection(shared.http)
        connection.send(head[:at])
        connection.reset()
    for wanted in (1, 1000, 500_000):
        connection = Connection(shared.http)
        connection.send(head)
        connection.read_some(wanted)
        connection.reset()
    assert get(shared.http, "/good.pkg?source=origin.test").body == Content("good", MiB).read()
