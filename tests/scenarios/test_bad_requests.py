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
    "coding unknown": (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", {400, 501}),
    "chunked not last": (b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, gzip\r\n\r\n", {400, 501}),
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
        if head not in WELL_FRAMED and answer.status in (400, 414, 431):
            # What follows a head that was not understood cannot be understood either.
            assert connection.closed_by_peer()
    assert shared.get("/good.pkg").body == Content("good", MiB).read()


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
