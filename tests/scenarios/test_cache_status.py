# SPDX-License-Identifier: MIT
"""What Cache-Status (RFC 9211) says of how an answer was come by."""

from client import InBackground, eventually
from content import Content, MiB
from larder import cache_status
from origin import HoldHead
from standard import answer, script, vary


def told(site, response):
    site.larder.settle()
    return cache_status(response)


def test_what_was_fetched_and_what_was_held(site, ask):
    script(site, "/a", answer("max-age=60"))
    assert [told(site, ask("/a")) for _ in range(2)] == ["fwd=miss; stored", "hit"]


def test_what_was_stale_and_how_the_origin_answered(site, ask):
    script(site, "/s", answer("max-age=0", ETag='"1"'), answer("max-age=0", b"", 304, ETag='"1"'), answer("max-age=0", b"two", ETag='"2"'),
           answer("no-store", b"gone", 404))
    assert [told(site, ask("/s")) for _ in range(4)] == [
        "fwd=miss; stored", "fwd=stale; fwd-status=304", "fwd=stale; fwd-status=200; stored", "fwd=stale; fwd-status=404"]


def test_what_was_fresh_and_not_fresh_enough_for_the_request(site, ask):
    script(site, "/r", answer("max-age=60", ETag='"1"'), answer("max-age=60", b"", 304, ETag='"1"'))
    ask("/r")
    site.larder.settle()
    assert told(site, ask("/r", fields={"Cache-Control": "no-cache"})) == "fwd=request; fwd-status=304"


def test_another_variant(site, ask):
    script(site, "/v", vary("1", b"one"), vary("2", b"two"))
    assert told(site, ask("/v", fields={"Foo": "1"})) == "fwd=miss; stored"
    assert told(site, ask("/v", fields={"Foo": "2"})) == "fwd=vary-miss; stored"


def test_the_rest_of_what_is_held_in_part(site, ask):
    site.origin.put("/p", Content("big", 3 * MiB))
    assert told(site, ask("/p", fields={"Range": f"bytes=0-{MiB - 1}"})) == "fwd=miss; stored"
    assert told(site, ask("/p")) == "fwd=partial; stored"


def test_another_clients_validation(site, ask):
    hold = HoldHead()
    script(site, "/j", answer("max-age=0", ETag='"1"'), hold)
    ask("/j")
    site.larder.settle()
    first = InBackground(ask, "/j")
    hold.reached.wait(30)
    second = InBackground(ask, "/j")
    eventually(lambda: [fill["clients_waiting"] for fill in site.larder.fills()] == [2])
    hold.go.set()
    assert sorted(cache_status(asked.result()) for asked in (first, second)) == ["fwd=stale; collapsed", "fwd=stale; fwd-status=200; stored"]


def test_what_earlier_caches_say_comes_first(site, ask):
    script(site, "/c", answer("max-age=60", Cache_Status='parent; fwd=miss; ttl=5, "edge 1"; hit'))
    said = [(ask("/c")["Cache-Status"], site.larder.settle())[0] for _ in range(2)]
    assert said == ['parent; fwd=miss; ttl=5, "edge 1"; hit, larder; fwd=miss; stored', 'parent; fwd=miss; ttl=5, "edge 1"; hit, larder; hit']


def test_what_earlier_caches_say_of_what_is_passed_comes_first(site, ask):
    script(site, "/c", answer("no-store", Cache_Status="parent; hit"))
    assert ask("/c", method="POST", body=b"x")["Cache-Status"] == "parent; hit, larder; fwd=method"


def test_what_no_one_could_read_of_earlier_caches_is_dropped(site, ask):
    script(site, "/c", answer("max-age=60", Cache_Status='parent; hit, "edge'))
    assert [told(site, ask("/c")) for _ in range(2)] == ["fwd=miss; stored", "hit"]


def test_a_method_and_a_head(site, ask):
    script(site, "/m", answer("max-age=60"))
    assert told(site, ask("/m", method="POST", body=b"x")) == "fwd=method"
    assert told(site, ask("/m", method="HEAD")) == "fwd=miss"
