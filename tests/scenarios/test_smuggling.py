# SPDX-License-Identifier: MIT
"""Request and response smuggling, both ways: behind every message that two readers might end elsewhere stands another (the canary).

What is refused is refused with its connection, so that the canary is never read; what is understood is understood in one way only, so
that the canary is answered once, in its turn, and is nobody else's answer.
"""

import re

import pytest

from client import Connection
from larder import Larder
from origin import Origin, RawAnswer

HOST = b"Host: origin.test\r\n"
POST = b"POST http://origin.test/p HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
OWN = b"Host: 127.0.0.1\r\n"
CANARY = b"GET http://origin.test/canary HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


def post(fields: bytes, body: bytes = b"5\r\nhello\r\n0\r\n\r\n") -> bytes:
    return POST + fields + b"\r\n\r\n" + body


def get_(target: bytes, fields: bytes = HOST, version: bytes = b"HTTP/1.1") -> bytes:
    return b"GET " + target + b" " + version + b"\r\n" + fields + b"\r\n"


# ---- from clients ----

REFUSED = {
    **{f"coding {value!r}": post(b"Transfer-Encoding: " + value) for value in (
        b"chunked, chunked", b"identity", b"identity, chunked", b"chunked, identity", b"xchunked", b"chunkedx", b'"chunked"', b"chunked;q=1", b"chunked;",
        b",chunked", b"chunked,", b"\x0bchunked", b"\x0cchunked", b"\xa0chunked", b"chunked\x00", b"cow", b"chunked cow", b"gzip", b"chun\xc4\xb1ed", b"")},
    **{f"length {value!r}": post(b"Content-Length: " + value, b"hello") for value in (
        b"5, 5", b"5,5", b"5,6", b"+5", b"-5", b"0x5", b"5_0", b"5 5", b"5.0", b"5e0", b"5;", b'"5"', b"", b"5\x0b", b",5", b"5,", b"\xd9\xa5",
        b"18446744073709551616", b"18446744073709551621", b"9223372036854775808")},
    **{f"chunk {body[:24]!r}": CHUNKED + body for body in (
        b"0x5\r\nhello\r\n0\r\n\r\n", b"+5\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"5 \r\nhello\r\n0\r\n\r\n", b"5\t\r\nhello\r\n0\r\n\r\n",
        b"5_0\r\nhello\r\n0\r\n\r\n", b"5\nhello\r\n0\r\n\r\n", b"5\nhello\n0\n\n", b"5\r\nhello\r\n0\n\r\n", b"5\r\nhello\n0\r\n\r\n", b"5\r\nhello0\r\n\r\n",
        b"FFFFFFFFFFFFFFFF6\r\nhello\r\n0\r\n\r\n", b"10000000000000005\r\nhello\r\n0\r\n\r\n", b"0" * 40 + b"5\r\nhello\r\n0\r\n\r\n", b"-0\r\n\r\n", b"0x0\r\n\r\n",
        b'5;a="\n"\r\nhello\r\n0\r\n\r\n', b'5;a="b\r\nhello\r\n0\r\n\r\n', b"5;a\rb\r\nhello\r\n0\r\n\r\n", b"5;a\0\r\nhello\r\n0\r\n\r\n", b"5;;\r\nhello\r\n0\r\n\r\n",
        b"5;\n\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\nX: a\0b\r\n\r\n", b"5\r\nhello\r\n0\r\nX: a\rb\r\n\r\n", b"5\r\nhello\r\n0\r\nGET /smuggled HTTP/1.1\r\n\r\n",
        b"5\r\nhello\r\n0\r\n")},
    **{f"fields {fields!r}": post(fields) for fields in (
        b"Content-Length: 5\r\nContent-Length: 5", b"Content-Length: 5\r\nContent-Length: 0", b"Content-Length: 0\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding\t: chunked",
        b"Transfer-Encoding:\r\n chunked", b"Transfer-Encoding: chunked\r\n\t, identity", b" Transfer-Encoding: chunked", b"X: y\nTransfer-Encoding: chunked",
        b"X: y\rTransfer-Encoding: chunked", b'"Transfer-Encoding": chunked', b"Transfer-Encoding\0: chunked", b"Transfer\xad-Encoding: chunked",
        b"Content-Length: 5\r\n ", b"\r\x20Transfer-Encoding: chunked")},
    **{f"head {head[:40]!r}": head for head in (
        get_(b"/p").replace(b"\r\n", b"\n"), get_(b"/p", b"Host: origin.test\nX: y\r\n"), b"GET /p HTTP/1.1\r\n" + HOST + b"\n", b"GET /p HTTP/1.1\r" + HOST + b"\r\r",
        get_(b"/p", HOST + b"X: a\r\n b\r\n"), get_(b"/p", b" X: y\r\n" + HOST), get_(b"/p", HOST + b"X\r\n"), get_(b"/p", HOST + HOST), get_(b"/p", HOST + b"Host: x\r\n"),
        get_(b"/p", b""), get_(b"/p", b"Host : origin.test\r\n"), get_(b"/p", b"Host: origin.test, x\r\n"), get_(b"/p", b"Host: origin.test/x\r\n"), get_(b"/p", b"Host: x@origin.test\r\n"),
        get_(b"/p", b"Host: origin.test#x\r\n"), get_(b"http://origin.test/p", b"Host: other.test\r\n"), get_(b"http://origin.test/p", b"Host: other.test\r\n", b"HTTP/1.0"),
        get_(b"http://origin.test/p", b"Host:\r\n"), get_(b"http://x@origin.test/p"), get_(b"origin.test:80"), get_(b"*"), get_(b"/p q"), get_(b"/p#q"), get_(b"/\xff"),
        get_(b"/p", HOST, b"HTTP/2.0"), get_(b"/p", HOST, b"http/1.1"), get_(b"/p", HOST, b"HTTP/1"), get_(b"/p", HOST, b"HTTP/1.01"), get_(b"/p", HOST, b"HTTP/1.1 "),
        b"GET /p\r\n", b"GET /p\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET\t/p\tHTTP/1.1\r\n" + HOST + b"\r\n", b"A" * 5000 + b" /p HTTP/1.1\r\n" + HOST + b"\r\n",
        b"POST http://origin.test/p HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", post(b"Content-Length: 5\r\nExpect: x", b"hello"),
        b"CONNECT origin.test:80 HTTP/1.1\r\nHost: origin.test:80\r\nContent-Length: 5\r\n\r\nhello",
        b"CONNECT origin.test:80 HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: origin.test:80\r\n\r\n0\r\n\r\n")},
    # Larder's own paths
    **{f"own {path!r} {framing!r}": b"POST " + path + b" HTTP/1.1\r\n" + OWN + framing + b"\r\n0\r\n\r\n" for path in (
        b"/lcdn/locate", b"/mau/Current/x", b"/d/C02/p?source=origin.test", b"/proxy.pac", b"/nothing") for framing in (
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"Content-Length: 5\r\nContent-Length: 6\r\n", b"Transfer-Encoding: xchunked\r\n")},
}

# Read in one way by everybody: the status, and the body the origin gets (nothing: it is not asked).
UNDERSTOOD = {
    "coding in capitals": (post(b"Transfer-Encoding: CHUNKED"), 200, b"hello"),
    "coding with white space around it": (post(b"Transfer-Encoding: \t chunked\t "), 200, b"hello"),
    "coding without a space": (post(b"Transfer-Encoding:chunked"), 200, b"hello"),
    "length with zeros": (post(b"Content-Length: 0005", b"hello"), 200, b"hello"),
    "size with zeros": (CHUNKED + b"005\r\nhello\r\n000\r\n\r\n", 200, b"hello"),
    "extensions": (CHUNKED + b'5 ; a = "b;c\\"" ;d\r\nhello\r\n0;e\r\n\r\n', 200, b"hello"),
    "trailers that are framing": (CHUNKED + b"5\r\nhello\r\n0\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\nHost: x\r\n\r\n", 200, b"hello"),
    "a length nominated by Connection": (post(b"Connection: content-length\r\nContent-Length: 5", b"hello"), 200, b"hello"),
    "a coding nominated by Connection": (post(b"Connection: transfer-encoding\r\nTransfer-Encoding: chunked"), 200, b"hello"),
    "names that only look like framing": (post(b"Transfer_Encoding: chunked\r\nContent_Length: 9\r\nContent-Length: 5", b"hello"), 200, b"hello"),
    "an expectation": (post(b"Content-Length: 5\r\nExpect: 100-continue, 100-continue", b"hello"), 200, b"hello"),
    "an upgrade": (get_(b"http://origin.test/p", HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"), 200, b""),
    "a body of GET": (get_(b"http://origin.test/p", HOST + b"Content-Length: 5\r\n") + b"hello", 200, b""),
    "a chunked body of GET": (get_(b"http://origin.test/p", HOST + b"Transfer-Encoding: chunked\r\n") + b"5\r\nhello\r\n0\r\n\r\n", 200, b""),
    "a body of what is refused": (b"POST http://other.test/ HTTP/1.1\r\nHost: other.test\r\nContent-Length: 5\r\n\r\nhello", 403, None),
    "a chunked body of what is refused": (b"PUT http://other.test/ HTTP/1.1\r\nHost: other.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 403, None),
    "a body of what is nowhere": (b"POST /nothing HTTP/1.1\r\n" + OWN + b"Content-Length: 5\r\n\r\nhello", 404, None),
    "a body of the proxy script": (b"GET /proxy.pac HTTP/1.1\r\n" + OWN + b"Content-Length: 5\r\n\r\nhello", 200, None),
    "a body of the update cache": (b"PUT /mau/Current/x HTTP/1.1\r\n" + OWN + b"Content-Length: 5\r\n\r\nhello", 405, None),
    "a body behind a token": (b"DELETE /d/C02/p?source=origin.test HTTP/1.1\r\n" + OWN + b"Content-Length: 5\r\n\r\nhello", 405, None),
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with Origin() as origin, Larder(tmp_path_factory.mktemp("smuggling"), origins={"origin.test": origin}) as larder:
        origin.put("/canary", b"the canary")
        yield origin, larder


def answers(address, data: bytes) -> list:
    """Status and body of every answer until the other side closes. Interim answers are passed over."""
    with Connection(address, timeout=30) as connection:
        connection.send(data)
        got = []
        while True:
            try:
                response = connection.response()
            except EOFError:
                return got
            got.append((response.status, response.body))


@pytest.mark.parametrize("request_", REFUSED.values(), ids=[re.sub(r"[^\w ',;:.+/*-]", "?", name) for name in REFUSED])
def test_nothing_is_read_behind_a_request_that_can_be_read_in_two_ways(shared, request_):
    origin, larder = shared
    asked = len(origin.asked(None, None))
    [(status, _)] = answers(larder.http, request_ + CANARY)
    assert status in (400, 413, 414, 417, 501, 505)
    assert len(origin.asked(None, None)) == asked


@pytest.mark.parametrize("request_, status, body", UNDERSTOOD.values(), ids=UNDERSTOOD.keys())
def test_what_stands_behind_a_request_that_is_understood_is_the_next_one(shared, request_, status, body):
    origin, larder = shared
    origin.put("/p", b"the page", fields={"Cache-Control": "no-store"})
    before = len(origin.asked("/p", None))
    first, canary = answers(larder.http, request_ + CANARY)
    assert (first[0], canary) == (status, (200, b"the canary"))
    assert [asked.body for asked in origin.asked("/p", None)[before:]] == ([] if body is None else [body])
    assert all(name not in asked.fields for asked in origin.asked("/p", None)[before:] for name in ("transfer-encoding", "upgrade", "expect"))


# ---- from origins ----

OK = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\n"
EVIL = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
LENGTH = b"Content-Length: %d\r\n\r\n" % len(EVIL)
CODED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ONE = b"%x\r\n" % len(EVIL) + EVIL + b"\r\n"

# Each is followed, or filled, by EVIL, on a connection that stays open: no byte of it may become another request's answer.
ANSWERS = {
    "a length and more": OK + b"Content-Length: 4\r\n\r\ngood",
    "no length, no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "a length of nothing": OK + b"Content-Length: 0\r\n\r\n",
    "two lengths": OK + b"Content-Length: 0\r\n" + LENGTH,
    "a length and a coding": OK + b"Transfer-Encoding: chunked\r\n" + LENGTH + b"0\r\n\r\n",
    "a coding and a length": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a coding that is none": OK + b"Transfer-Encoding: xchunked\r\n" + LENGTH,
    "a coding with a space before its colon": OK + b"Transfer-Encoding : chunked\r\n" + LENGTH,
    "a coding folded": OK + b"Transfer-Encoding:\r\n chunked\r\n" + LENGTH,
    "a coding behind LF": OK + b"X: y\nTransfer-Encoding: chunked\r\n" + LENGTH,
    "a signed length": OK + b"Content-Length: +0\r\n\r\n",
    "a last chunk": CODED + b"0\r\n\r\n",
    "a last chunk with a sign": CODED + b"-0\r\n\r\n",
    "a last chunk that ends in LF": CODED + b"0\n\n",
    "a chunk and its end": CODED + ONE + b"0\r\n\r\n",
    "a chunk, and an end that is none": CODED + ONE + b"-0\r\n\r\n",
    "a chunk size that overflows": CODED + b"FFFFFFFFFFFFFFFF5\r\n",
    "a trailer that is a head": CODED + b"0\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n",
    "trailers that are framing": CODED + b"4\r\ngood\r\n0\r\nContent-Length: 400\r\n\r\n",
    "a 304 nobody asked for": b"HTTP/1.1 304 Not Modified\r\n" + LENGTH,
    "a part nobody asked for": b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/9\r\nContent-Length: 4\r\n\r\ngood",
    "an interim answer with a length": b"HTTP/1.1 103 Early Hints\r\n" + LENGTH,
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
    "another version": b"HTTP/2 200\r\n" + LENGTH,
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n" + LENGTH,
    "a head in lines of LF": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "no head": b"<html>",
}


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_no_byte_behind_an_origins_answer_is_anothers(shared, answer, method):
    origin, larder = shared
    path = "/%d" % len(origin.pages)
    origin.put(path, b"", fault=RawAnswer(answer + EVIL, keep=True))
    line = f"{method} http://origin.test{path} HTTP/1.1\r\n".encode() + HOST
    with Connection(larder.http, timeout=30) as connection:
        connection.send(line + (b"Content-Length: 1\r\n\r\nx" if method == "POST" else b"\r\n"))
        connection.send(CANARY)
        try:
            first, canary = connection.response(method), connection.response()
        except Exception as error:  # an answer that had begun may be cut, and then there is no next one
            assert type(error).__name__ in ("Cut", "ConnectionResetError"), error
        else:
            assert (canary.status, canary.body) == (200, b"the canary")
            assert first.status in (200, 204, 502)
            assert not first.body.startswith(b"evil") and (EVIL not in first.body or first.status == 200)
    [(status, body)] = answers(larder.http, CANARY)
    assert (status, body) == (200, b"the canary")
