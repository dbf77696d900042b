# SPDX-License-Identifier: MIT
"""Answers of unknown length that take their time, of hosts that are cached as RFC 9111 says: they are sent on as they come,
from one transfer, and stored when they are whole."""

import socket
import time

import pytest

from client import Connection, InBackground, download, eventually, get
from content import KiB, Content, MiB
from larder import Larder, cache_status
from origin import RawAnswer, Reset, Stall
from real_origin import RealOrigin
from standard import HOST, requests

FRESH = {"Cache-Control": "max-age=600"}
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"


def put(site, path="/a", size=3 * MiB + 99, *, at=MiB, fault=Stall, fields=None, **keywords):
    """A chunked page whose first answer has this fault at byte `at`."""
    content = Content(path, size)
    trouble = fault(at)
    site.origin.put(path, content, fields=FRESH if fields is None else fields, fault=[trouble], chunked=True, **keywords)
    return content, trouble


def fetch(site, content, **keywords):
    return InBackground(download, site.larder.http, "/a", content, host=HOST, **keywords)


def half(site, stall, download_count, taken):
    """Waits until the origin stalls and all who fetch have what has come."""
    assert stall.reached.wait(30)
    eventually(lambda: len(taken) == download_count and all(count >= stall.at for count in taken.values()), message=str(taken))


def watch(taken, name):
    def note(received):
        taken[name] = received
    return note


def sent_until_it_waits(asked):
    """The bytes that an origin has got rid of when for a second it gets rid of no more."""
    before = -1
    while before != asked.sent:
        before = asked.sent
        time.sleep(1)
    return before


def is_whole(connection, head, content):
    received, wrong = 0, None
    for data in connection.body(head):
        wrong = wrong or content.first_difference(received, data)
        received += len(data)
    return (received, wrong) == (content.size, None)


def test_all_who_wait_get_it_as_it_comes_from_one_transfer_and_the_next_a_stored_one(site):
    content, stall = put(site)
    taken = {}
    early = [fetch(site, content, on_bytes=watch(taken, name)) for name in range(3)]
    half(site, stall, 3, taken)
    late = fetch(site, content, on_bytes=watch(taken, "late"))
    half(site, stall, 4, taken)
    time.sleep(1.2)
    later = fetch(site, content, on_bytes=watch(taken, "later"))
    half(site, stall, 5, taken)
    stall.go.set()
    answers = [each.result() for each in [*early, late, later]]
    for got in answers:
        assert got.good and got.received == content.size
        assert got.head["Transfer-Encoding"] == "chunked"
    assert sorted("collapsed" in cache_status(got.head) for got in answers) == [False, True, True, True, True]
    assert int(answers[-1].head["Age"]) >= 1
    assert requests(site, "/a") == 1
    site.larder.settle()
    stored = get(site.larder.http, "/a", host=HOST)
    assert stored.body == content.read()
    assert cache_status(stored) == "hit"
    assert stored["Content-Length"] == str(content.size)
    assert requests(site, "/a") == 1


def test_every_byte_is_on_record(site):
    content, stall = put(site)
    taken = {}
    running = [fetch(site, content, on_bytes=watch(taken, name)) for name in range(2)]
    half(site, stall, 2, taken)
    stall.go.set()
    assert all(each.result().good for each in running)
    site.larder.settle()
    fetches = eventually(lambda: [rows for rows in [site.larder.report("fetches")] if len(rows) == 2], message="two fetches on record")[0]
    assert all(row["complete"] for row in fetches), fetches
    assert sum(row["bytes_sent"] for row in fetches) == 2 * content.size
    assert sum(row["bytes_from_origin"] for row in fetches) == content.size
    assert sorted(row["answered"] for row in fetches) == ["joined", "miss"]


def test_one_that_breaks_off_is_cut_and_not_stored(site):
    content, _ = put(site, fault=Reset, rate=2 * MiB)
    got = [fetch(site, content) for _ in range(2)]
    for each in got:
        assert each.result().cut
    site.origin.put("/a", content, fields=FRESH, chunked=True)
    assert fetch(site, content).result().good
    assert requests(site, "/a") == 2


def test_a_reader_who_goes_away_takes_nothing_from_the_others(site):
    content, stall = put(site)
    taken = {}
    with Connection(site.larder.http) as first:
        first.request("/a", host=HOST)
        first.head()
        other = fetch(site, content, on_bytes=watch(taken, "other"))
        half(site, stall, 1, taken)
        first.reset()
    stall.go.set()
    assert other.result().good
    assert requests(site, "/a") == 1
    site.larder.settle()
    assert cache_status(get(site.larder.http, "/a", host=HOST)) == "hit"


def test_when_all_go_away_the_origin_is_left_alone(site):
    _, stall = put(site)
    with Connection(site.larder.http) as only:
        only.request("/a", host=HOST)
        only.head()
    eventually(lambda: not site.larder.fills(), message="the fill goes on for nobody")
    stall.go.set()


def test_a_client_of_version_1_0_gets_it_until_its_connection_ends(site):
    content, stall = put(site)
    with Connection(site.larder.http) as connection:
        connection.send(b"GET /a HTTP/1.0\r\nHost: origin.test\r\n\r\n")
        head = connection.head()
        stall.go.set()
        assert "Transfer-Encoding" not in head and "Content-Length" not in head
        assert b"".join(connection.body(head)) == content.read()


def test_whose_question_it_does_not_answer_asks_for_himself(site):
    content, stall = put(site)
    taken = {}
    first = fetch(site, content, on_bytes=watch(taken, "first"))
    half(site, stall, 1, taken)
    part = get(site.larder.http, "/a", host=HOST, fields={"Range": "bytes=100000-299999"})
    assert (part.status, part.body) == (206, content.read(100000, 300000))
    etag = site.origin.pages["/a"].etag
    assert get(site.larder.http, "/a", host=HOST, fields={"If-None-Match": etag}).status == 304
    head = get(site.larder.http, "/a", host=HOST, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert not first.done()
    stall.go.set()
    assert first.result().good


def test_a_variant_is_for_who_selects_it(site):
    content, stall = put(site, fields={**FRESH, "Vary": "Foo"})
    taken = {}
    first = fetch(site, content, fields={"Foo": "1"}, on_bytes=watch(taken, "first"))
    half(site, stall, 1, taken)
    same = fetch(site, content, fields={"foo": " 1"}, on_bytes=watch(taken, "same"))
    half(site, stall, 2, taken)
    other = fetch(site, content, fields={"Foo": "2"})
    assert other.result().good  # the origin's second answer does not stall
    assert not same.done()
    stall.go.set()
    assert first.result().good and same.result().good
    assert requests(site, "/a") == 2


def test_what_may_not_be_shared_streams_to_who_asked_and_to_nobody_else(site):
    content, stall = put(site, fields={"Cache-Control": "no-store", "X-For": "first"})
    taken = {}
    first = fetch(site, content, on_bytes=watch(taken, "first"))
    half(site, stall, 1, taken)
    second = fetch(site, content)
    assert second.result().good
    assert not first.done()
    stall.go.set()
    assert first.result().good
    assert requests(site, "/a") == 2
    site.larder.settle()
    assert not site.larder.objects()


def test_the_end_of_a_long_one_is_reached_however_slow_a_reader_is(site):
    """Over 32 MiB it is no longer kept: the origin waits for the slowest, and no byte is lost or twice."""
    content, stall = put(site, size=90 * MiB, at=MiB)
    taken = {}
    quick = fetch(site, content, on_bytes=watch(taken, "quick"))

    def slowly(received):
        taken["slow"] = received
        if received < 60 * MiB:
            time.sleep(0.004)
    slow = fetch(site, content, on_bytes=slowly)
    half(site, stall, 2, taken)
    stall.go.set()
    for each in (quick, slow):
        got = each.result()
        assert got.good and got.received == content.size
    assert requests(site, "/a") == 1
    site.larder.settle()
    assert not site.larder.objects()


def test_an_origin_is_not_read_ahead_of_a_reader_who_does_not_read(site):
    content, stall = put(site, size=150 * MiB, at=MiB)
    with Connection(site.larder.http, receive_buffer=64 * KiB) as connection:
        connection.request("/a", host=HOST)
        head = connection.head()
        assert stall.reached.wait(30)
        stall.go.set()
        asked = site.origin.asked("/a")[0]
        eventually(lambda: asked.sent > 32 * MiB, message="the origin was not read")
        assert sent_until_it_waits(asked) < 60 * MiB
        assert is_whole(connection, head, content)


def test_over_http_2_an_origin_is_not_read_ahead_either_and_others_of_its_connection_go_on(tmp_path, origin):
    """nginx in front of the origin; the transfer that waits shares its connection with one that does not."""
    content, small = Content("/behind/a", 150 * MiB), Content("/behind/b", 5 * MiB)
    stall = Stall(MiB)
    origin.put("/behind/a", content, fields=FRESH, fault=[stall], chunked=True)
    origin.put("/behind/b", small, fields=FRESH)
    with RealOrigin(tmp_path / "nginx", [HOST], behind=origin.endpoint) as front, \
            Larder(tmp_path / "larder", origins={HOST: front.https}, host_keys={HOST: {"scheme": "https", "ca_file": front.authority}}) as larder:
        with Connection(larder.http, receive_buffer=64 * KiB) as connection:
            connection.request("/behind/a", host=HOST)
            head = connection.head()
            assert head["Transfer-Encoding"] == "chunked"
            assert stall.reached.wait(30)
            stall.go.set()
            assert sent_until_it_waits(origin.asked("/behind/a")[0]) < 80 * MiB
            assert download(larder.http, "/behind/b", small, host=HOST).good
            assert is_whole(connection, head, content)
        assert len(origin.asked("/behind/a")) == 1


@pytest.mark.parametrize("control", ["max-age=600", "no-store"])
def test_a_stream_reaches_its_client_piece_by_piece(site, control):
    rest = RawAnswer(HEAD + b"Content-Type: text/event-stream\r\nCache-Control: " + control.encode() + b"\r\n\r\n6\r\ndata:1\r\n",
                     rest=b"6\r\ndata:2\r\n0\r\n\r\n")
    site.origin.put("/a", b"", fault=[rest])
    with Connection(site.larder.http) as connection:
        connection.request("/a", host=HOST)
        head = connection.head()
        pieces = connection.body(head)
        assert next(pieces) == b"data:1"
        rest.go.set()
        assert b"".join(pieces) == b"data:2"
    assert requests(site, "/a") == 1


def test_what_is_changed_while_it_comes_is_not_stored(site):
    """RFC 9111 4.4: an answer from before a POST says nothing of what is there after it."""
    content, stall = put(site)
    taken = {}
    first = fetch(site, content, on_bytes=watch(taken, "first"))
    half(site, stall, 1, taken)
    assert get(site.larder.http, "/a", host=HOST, method="POST", body=b"x").status == 200
    stall.go.set()
    assert first.result().good
    site.larder.settle()
    assert fetch(site, content).result().good
    assert requests(site, "/a") == 2


def test_larder_stops_while_one_is_under_way(site):
    content, stall = put(site)
    taken = {}
    first = fetch(site, content, on_bytes=watch(taken, "first"))
    half(site, stall, 1, taken)
    site.larder.signal(15)
    got = first.result()
    assert got.cut or isinstance(got.error, (OSError, socket.timeout))
    site.larder.wait()
    site.larder.start()
