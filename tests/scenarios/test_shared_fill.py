# SPDX-License-Identifier: MIT
"""One fill serves all who want the object, each at its own pace."""

import threading

import pytest

from client import Connection, InBackground, all_of, eventually
from content import Content, MiB
from larder import cache_status
from origin import Answer, HoldHead, Stall

SIZE = 48 * MiB
CONTENT = Content("shared", SIZE)


def test_fifty_clients_at_once_cost_the_line_one_request(site):
    held = HoldHead()
    site.origin.put("/a.pkg", CONTENT, fault=held)
    clients = [site.larder.in_background("/a.pkg", CONTENT) for _ in range(50)]
    assert held.reached.wait(30)
    held.go.set()
    downloads = all_of(clients)
    assert [d for d in downloads if not (d.good and d.received == SIZE)] == []
    assert len(site.origin.asked("/a.pkg")) == 1
    assert site.origin.bytes_sent("/a.pkg") == SIZE


def test_a_second_client_joins_midway_and_gets_everything_without_another_request(site):
    stall = Stall(at=SIZE // 2)
    site.origin.put("/a.pkg", CONTENT, fault=[stall])
    first = site.larder.in_background("/a.pkg", CONTENT)
    assert stall.reached.wait(30)
    seen = threading.Event()

    def note(received: int):
        if received > SIZE // 4:
            seen.set()

    second = site.larder.in_background("/a.pkg", CONTENT, on_bytes=note)
    # What has arrived so far reaches the one who joins while the fill stands still.
    assert seen.wait(15)
    stall.go.set()
    assert first.result().good
    assert second.result().good
    assert "collapsed" in cache_status(second.result().head) or "hit" in cache_status(second.result().head)
    assert site.origin.bytes_sent("/a.pkg") == SIZE


def test_the_first_client_may_leave_without_harm_to_those_who_joined(site):
    stall = Stall(at=SIZE // 4)
    site.origin.put("/a.pkg", CONTENT, fault=[stall])
    first = Connection(site.larder.http)
    first.request(site.larder.cache_url("origin.test", "/a.pkg"))
    assert first.head().status == 200
    assert stall.reached.wait(30)
    others = [site.larder.in_background("/a.pkg", CONTENT) for _ in range(3)]
    first.reset()
    stall.go.set()
    assert all(download.good for download in all_of(others))
    assert site.origin.bytes_sent("/a.pkg") <= SIZE * 1.05


def test_a_slow_client_holds_up_neither_the_fill_nor_the_others(site):
    site.origin.put("/a.pkg", CONTENT)
    with Connection(site.larder.http, receive_buffer=8192) as slow:
        slow.request(site.larder.cache_url("origin.test", "/a.pkg"))
        head = slow.head()
        # It reads no further until the others are served.
        fast = all_of([site.larder.in_background("/a.pkg", CONTENT) for _ in range(5)])
        assert all(download.good for download in fast)
        at = 0
        for data in slow.body(head):
            assert CONTENT.first_difference(at, data) is None
            at += len(data)
        assert at == SIZE
    assert site.origin.bytes_sent("/a.pkg") == SIZE


@pytest.mark.larder(fills={"finish": "never"})
def test_a_fill_that_nobody_wants_any_more_stops_when_so_configured(site):
    stall = Stall(at=4 * MiB)
    site.origin.put("/a.pkg", CONTENT, fault=[stall])
    with Connection(site.larder.http) as only:
        only.request(site.larder.cache_url("origin.test", "/a.pkg"))
        only.head()
        assert stall.reached.wait(30)
    eventually(lambda: not site.larder.fills())
    stall.go.set()
    # Coming back goes on from what was held.
    assert site.larder.download("/a.pkg", CONTENT).good
    assert site.origin.bytes_sent("/a.pkg") <= SIZE + 8 * MiB


@pytest.mark.larder(fills={"finish": "always"})
def test_a_fill_that_nobody_wants_any_more_is_finished_when_so_configured(site):
    stall = Stall(at=4 * MiB)
    site.origin.put("/a.pkg", CONTENT, fault=[stall])
    with Connection(site.larder.http) as only:
        only.request(site.larder.cache_url("origin.test", "/a.pkg"))
        only.head()
        assert stall.reached.wait(30)
    stall.go.set()
    site.origin.wait_for(lambda origin: origin.bytes_sent("/a.pkg") == SIZE)
    eventually(lambda: not site.larder.fills())
    assert site.larder.download("/a.pkg", CONTENT).good
    assert len(site.origin.asked("/a.pkg")) == 1


def test_different_objects_fill_side_by_side(site):
    contents = {f"/{n}.pkg": Content(f"n{n}", 8 * MiB) for n in range(12)}
    for path, content in contents.items():
        site.origin.put(path, content)
    downloads = [site.larder.in_background(path, content) for path, content in contents.items() for _ in range(2)]
    assert all(download.good for download in all_of(downloads))
    assert {path: site.origin.bytes_sent(path) for path in contents} == {path: 8 * MiB for path in contents}


def test_those_who_wait_for_an_object_that_does_not_exist_are_all_told_so(site):
    site.origin.put("/a.pkg", CONTENT, fault=Answer(404, body=b"gone"))
    waiting = [InBackground(site.larder.get, "/a.pkg") for _ in range(10)]
    assert {answer.result().status for answer in waiting} == {404}
