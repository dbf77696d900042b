# SPDX-License-Identifier: MIT
"""Origins' messages that can be read in two ways, or never end: a 502 for the client, nothing kept, nothing passed on."""

import pytest

from client import Connection, Cut, get
from content import Content, MiB
from origin import RawAnswer

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 5\r\n"
FRESH = b"Cache-Control: max-age=3600\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"

# Each would be read as five bytes of body by somebody.
ANSWERS = {
    "no status line": b"hello",
    "HTTP/0.9": b"<html>hello</html>",
    "another protocol": b"ICY 200 OK\r\n" + LENGTH + b"\r\nhello",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n" + LENGTH + b"\r\nhello",
    "a status below 100": b"HTTP/1.1 099 OK\r\n" + LENGTH + b"\r\nhello",
    "a status over 599": b"HTTP/1.1 600 OK\r\n" + LENGTH + b"\r\nhello",
    "version 1.2": b"HTTP/1.2 200 OK\r\n" + LENGTH + b"\r\nhello",
    "version 2 on a connection of version 1": b"HTTP/2 200 OK\r\n" + LENGTH + b"\r\nhello",
    "a space before the status line": b" " + OK + LENGTH + b"\r\nhello",
    "a version in lower case": b"http/1.1 200 OK\r\n" + LENGTH + b"\r\nhello",
    "another protocol unasked": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhello",
    "a status line in the head": OK + LENGTH + b"HTTP/1.1 200 OK\r\n\r\nhello",
    "lines that end in LF": b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    "one line that ends in LF": OK + b"X: a\n" + LENGTH + b"\r\nhello",
    "a CR in a value": OK + b"X: a\rb\r\n" + LENGTH + b"\r\nhello",
    "a NUL in a value": OK + b"X: a\0b\r\n" + LENGTH + b"\r\nhello",
    "an escape in a value": OK + b"X: a\x1b[31m\r\n" + LENGTH + b"\r\nhello",
    "a folded field": OK + b"X: a\r\n b\r\n" + LENGTH + b"\r\nhello",
    "a space before the colon": OK + b"Content-Length : 5\r\n\r\nhello",
    "a field without colon": OK + b"X\r\n" + LENGTH + b"\r\nhello",
    "a field without name": OK + b": a\r\n" + LENGTH + b"\r\nhello",
    "a name that is no token": OK + b"X(Y: a\r\n" + LENGTH + b"\r\nhello",
    "two lengths": OK + LENGTH + b"Content-Length: 4\r\n\r\nhello",
    "a list of two lengths": OK + b"Content-Length: 5, 4\r\n\r\nhello",
    "a length with a sign": OK + b"Content-Length: +5\r\n\r\nhello",
    "a negative length": OK + b"Content-Length: -5\r\n\r\nhello",
    "a length and letters": OK + b"Content-Length: 5a\r\n\r\nhello",
    "a length in hexadecimal": OK + b"Content-Length: 0x5\r\n\r\nhello",
    "a length past all bounds": OK + b"Content-Length: 99999999999999999999\r\n\r\nhello",
    "an empty length": OK + b"Content-Length:\r\n\r\nhello",
    "length and chunked": OK + LENGTH + CHUNKED + b"\r\n5\r\nhello\r\n0\r\n\r\n",
    "chunked twice": OK + CHUNKED + CHUNKED + b"\r\n5\r\nhello\r\n0\r\n\r\n",
    "chunked before another coding": OK + b"Transfer-Encoding: chunked, identity\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "an unknown coding": OK + b"Transfer-Encoding: rot13, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "a compressed coding": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "a coding that only looks like chunked": OK + b"Transfer-Encoding: \x0bchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "chunked in version 1.0": b"HTTP/1.0 200 OK\r\n" + CHUNKED + b"\r\n5\r\nhello\r\n0\r\n\r\n",
    "a chunk size with 0x": OK + CHUNKED + b"\r\n0x5\r\nhello\r\n0\r\n\r\n",
    "a chunk size with a sign": OK + CHUNKED + b"\r\n+5\r\nhello\r\n0\r\n\r\n",
    "a chunk size and letters": OK + CHUNKED + b"\r\n5hello\r\nhello\r\n0\r\n\r\n",
    "a chunk size and a space": OK + CHUNKED + b"\r\n5 5\r\nhello\r\n0\r\n\r\n",
    "a chunk size past all bounds": OK + CHUNKED + b"\r\n10000000000000005\r\nhello\r\n0\r\n\r\n",
    "a chunk size that ends in LF": OK + CHUNKED + b"\r\n5\nhello\r\n0\r\n\r\n",
    "a chunk that is too long": OK + CHUNKED + b"\r\n5\r\nhello!\r\n0\r\n\r\n",
    "a chunk extension without end": OK + CHUNKED + b"\r\n5;" + b"a" * 20_000 + b"\r\nhello\r\n0\r\n\r\n",
    "chunks that never end": OK + CHUNKED + b"\r\n5\r\nhello\r\n",
    "a trailer that is no field": OK + CHUNKED + b"\r\n5\r\nhello\r\n0\r\nno field\r\n\r\n",
    "an endless trailer": OK + CHUNKED + b"\r\n5\r\nhello\r\n0\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    "bytes behind the last chunk": OK + CHUNKED + b"\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    "two types": OK + b"Content-Type: text/plain\r\nContent-Type: text/html\r\n" + LENGTH + b"\r\nhello",
    "two tags": OK + b'ETag: "a"\r\nETag: "b"\r\n' + LENGTH + b"\r\nhello",
    "too many fields": OK + b"".join(b"X%d: a\r\n" % n for n in range(200)) + LENGTH + b"\r\nhello",
    "a field that is too long": OK + b"X: " + b"a" * 40_000 + b"\r\n" + LENGTH + b"\r\nhello",
    "a field of a megabyte": OK + b"X: " + b"a" * MiB + b"\r\n" + LENGTH + b"\r\nhello",
    "a status line that is too long": b"HTTP/1.1 200 " + b"a" * 40_000 + b"\r\n" + LENGTH + b"\r\nhello",
    "a head that ends early": OK + b"X: a\r\n",
    "interim answers without end": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000 + OK + LENGTH + b"\r\nhello",
    "interim answers and no answer": b"HTTP/1.1 103 Early Hints\r\n\r\n",
}


def with_freshness(answer: bytes) -> bytes:
    """The same, allowed to be kept, where there is a head to say it in."""
    return answer.replace(OK, OK + FRESH, 1) if answer.startswith(OK) else answer


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_a_miss_is_answered_502_and_nothing_is_kept_of(site, answer):
    page = site.origin.put("/a", b"right", fault=RawAnswer(with_freshness(answer)))
    got = site.larder.get("/a")
    assert got.status == 502, got
    assert b"hello" not in got.body and b"evil" not in got.body
    assert "X" not in got and "ETag" not in got
    assert site.larder.objects() == []
    page.fault = None
    assert site.larder.get("/a").body == b"right"


# What libcurl itself sees through before the head is given on.
LATE = [name for name in ANSWERS if "chunk " in name or "chunks" in name or "trailer" in name]


@pytest.mark.parametrize("name", [name for name in ANSWERS if name not in LATE])
def test_a_pass_is_answered_502_for(site, name):
    site.origin.put("/a", b"right", fault=RawAnswer(ANSWERS[name]))
    got = get(site.larder.http, "http://origin.test/a", host="origin.test", method="POST", body=b"x")
    assert got.status == 502, got
    assert len(site.origin.asked("/a", "POST")) == 1, "a request that changes something is never sent twice"


@pytest.mark.parametrize("name", LATE)
def test_a_pass_is_cut_or_answered_502_for(site, name):
    site.origin.put("/a", b"right", fault=RawAnswer(ANSWERS[name]))
    try:
        got = get(site.larder.http, "http://origin.test/a", host="origin.test", method="POST", body=b"x")
    except (Cut, ConnectionResetError) as error:
        assert not getattr(error, "clean", False), error
    else:
        assert got.status == 502, got


def test_an_answer_shorter_than_it_says_is_cut_by_a_reset_and_never_kept(site):
    page = site.origin.put("/a", b"right", fault=RawAnswer(OK + FRESH + b"Content-Length: 10\r\n\r\nhello"))
    with pytest.raises((Cut, ConnectionResetError)) as cut:
        site.larder.get("/a", timeout=90)
    assert not getattr(cut.value, "clean", False)
    page.fault = None
    assert site.larder.get("/a").body == b"right"


def test_bytes_beyond_the_length_are_no_part_of_the_answer(site):
    site.origin.put("/a", b"right", fault=[RawAnswer(OK + FRESH + LENGTH + b"\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", keep=True)])
    assert site.larder.get("/a").body == b"hello"
    site.origin.put("/b", b"right")
    assert site.larder.get("/b").body == b"right"
    assert site.larder.get("/a").body == b"hello"


def test_bytes_nobody_asked_for_are_not_taken_for_the_next_answer(site):
    evil = OK + FRESH + LENGTH + b"\r\nwrong"
    body = Content("a", 2 * MiB).read()
    surplus = RawAnswer(OK + FRESH + b"Content-Length: %d\r\n\r\n" % len(body) + body[:MiB], rest=body[MiB:] + evil, keep=True)
    site.origin.put("/a", b"", fault=[surplus])
    site.origin.put("/b", b"right")
    with Connection(site.larder.http) as connection:
        connection.request(site.larder.cache_url("origin.test", "/a"))
        head = connection.head()
        pieces = connection.body(head)
        got = next(pieces)
        surplus.go.set()  # what is read now is the length that was said, and no byte more
        assert got + b"".join(pieces) == body
    site.larder.settle()
    assert site.larder.get("/b").body == b"right"
    assert site.origin.connections == 2


@pytest.mark.parametrize("framing", [b"Content-Length: 500\r\n\r\n", CHUNKED + b"\r\n1f4\r\n"])
def test_nothing_of_a_body_that_breaks_off_follows_the_502_for_it(site, framing):
    """The answer waits while what is stored of the URL is unmade; the body comes meanwhile, and its end."""
    evil = OK + b"Content-Length: 4\r\n\r\nevil"
    site.origin.put("/b", b"right")
    assert site.larder.get("/b").body == b"right"
    for _ in range(5):
        site.origin.put("/a", b"", fault=RawAnswer(OK + framing + evil))
        with Connection(site.larder.http) as connection:
            connection.request("http://origin.test/a", host="origin.test", method="POST", body=b"x")
            connection.request("http://origin.test/b", host="origin.test")
            try:
                got = [connection.response(), connection.response()]
            except (Cut, ConnectionResetError):
                continue
            assert [answer.status for answer in got] == [502, 200], got
            assert b"evil" not in got[0].body and got[1].body == b"right", got


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_a_body_where_there_can_be_none_is_not_taken_for_the_next_answer(site, status):
    evil = OK + FRESH + LENGTH + b"\r\nwrong"
    site.origin.put("/a", b"", fault=RawAnswer(b"HTTP/1.1 " + status + b"\r\n\r\n" + evil, keep=True))
    got = get(site.larder.http, "http://origin.test/a", host="origin.test", method="POST", body=b"x")
    assert b"wrong" not in got.body and got.status in (204, 502)
    site.origin.put("/b", b"right")
    assert site.larder.get("/b").body == b"right"


def test_a_good_connection_is_used_again(site):
    for name in ("/a", "/b", "/c"):
        site.origin.put(name, b"right")
        assert site.larder.get(name).body == b"right"
        site.larder.settle()
    assert site.origin.connections == 1


def test_a_chunked_answer_of_unknown_length_is_decoded_and_kept(site):
    body = Content("a", 3 * MiB)
    site.origin.put("/a", body, chunked=True)
    assert site.larder.get("/a").body == body.read()
    site.larder.settle()
    again = site.larder.get("/a")
    assert (again.body, again["Content-Length"], again["Transfer-Encoding"]) == (body.read(), str(body.size), "")
    assert len(site.origin.asked("/a")) == 1


@pytest.mark.parametrize("head", [OK + CHUNKED, OK, b"HTTP/1.1 404 Not Found\r\n" + CHUNKED])
def test_an_update_that_pauses_reaches_its_client_as_it_comes(site, head):
    piece = b"6\r\nfirst \r\n" if CHUNKED in head else b"first "
    site.origin.put("/a", b"", fault=RawAnswer(head + b"\r\n" + piece, rest=b"x"))
    with Connection(site.larder.http, timeout=15) as connection:
        connection.request(site.larder.cache_url("origin.test", "/a"))
        assert next(connection.body(connection.head())) == b"first "  # the rest never comes


def test_an_answer_of_version_1_0_that_ends_with_its_connection_is_whole(site):
    site.origin.put("/a", b"", fault=[RawAnswer(b"HTTP/1.0 200 OK\r\n" + FRESH + b"\r\nhello")])
    got = site.larder.get("/a")
    assert (got.status, got.body, got["Via"]) == (200, b"hello", "1.0 larder")
