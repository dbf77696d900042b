# SPDX-License-Identifier: MIT
"""Hosts that are cached as RFC 9111 says: ranges, and answers that are parts."""

import pytest

from content import Content, MiB
from larder import cache_status
from origin import Answer
from standard import answer, requests, script

# ---- parts (RFC 9111 3.3, 3.4; RFC 9110 15.3.7.3)

def test_parts_are_stored_and_completed(site, steered):
    content = Content("big", 5 * MiB)
    site.origin.put("/p", content)
    assert steered("/p", fields={"Range": f"bytes={2 * MiB}-{3 * MiB - 1}"}).body == content.read(2 * MiB, 3 * MiB)
    site.larder.settle()
    assert steered("/p", fields={"Range": f"bytes={2 * MiB + 5}-{2 * MiB + 9}"}).body == content.read(2 * MiB + 5, 2 * MiB + 10)
    assert requests(site, "/p") == 1
    assert steered("/p").body == content.read()
    assert site.origin.bytes_sent("/p") == 5 * MiB


def test_parts_under_weak_validators_are_not_put_together(site, steered):
    content = Content("big", 5 * MiB)
    site.origin.put("/p", content, etag='W/"w"', last_modified=None)
    got = steered("/p", fields={"Range": "bytes=0-9"})
    assert (got.status, got.body) == (206, content.read(0, 10))
    assert site.larder.objects() == []
    assert steered("/p").body == content.read()


def test_a_range_is_cut_from_what_is_stored_whole(site, steered):
    site.origin.put("/p", b"01234567890")
    steered("/p")
    site.larder.settle()
    for span, body in (("0-1", b"01"), ("1-", b"1234567890"), ("-1", b"0")):
        got = steered("/p", fields={"Range": f"bytes={span}"})
        assert (got.status, got.body) == (206, body)
    assert requests(site, "/p") == 1


def test_a_range_that_is_said_twice_is_none(site, steered):
    site.origin.put("/p", b"01234567890")
    for _ in range(2):
        got = steered("/p", fields={"Range": "bytes=0-1", "range": "bytes=3-4"})
        assert (got.status, got.body) == (200, b"01234567890")
        site.larder.settle()


def test_a_part_that_was_not_asked_for_reaches_nobody_as_the_whole(site, steered):
    script(site, "/p", *[Answer(206, {"Content-Range": "bytes 4-8/10", "Cache-Control": "max-age=60"}, b"45678")] * 2)
    got = steered("/p", fields={"Range": "bytes=4-8"})
    assert (got.status, got.body, got["Content-Range"]) == (206, b"45678", "bytes 4-8/10")


@pytest.mark.parametrize("part", ["bytes=-5", "bytes=7-11", "bytes=0-1,5-6"])
def test_a_few_bytes_of_the_unknown_are_asked_for_in_the_clients_words_and_in_chunks_when_asked_for_again(site, steered, part):
    content = Content("big", 3 * MiB)
    site.origin.put("/p", content)
    first = steered("/p", fields={"Range": part})
    assert (first.status, cache_status(first)) == (206 if "," not in part else 200, "fwd=bypass")
    assert site.origin.asked("/p")[0].fields["range"] == part
    for _ in range(2):
        again = steered("/p", fields={"Range": part})
        site.larder.settle()
    assert again.status == 206
    assert cache_status(again) == "hit"
    if part == "bytes=-5":
        assert first.body == again.body == content.read(3 * MiB - 5, 3 * MiB)


def test_a_content_range_that_speaks_of_no_part_is_a_field_like_others(site, steered):
    script(site, "/c", answer("max-age=60", b"hello", Content_Range="nonsense"))
    for _ in range(2):
        got = steered("/c")
        assert (got.status, got.body, got["Content-Range"]) == (200, b"hello", "nonsense")
        site.larder.settle()
    part = steered("/c", fields={"Range": "bytes=1-2"})
    assert (part.status, part.body, part["Content-Range"]) == (206, b"el", "bytes 1-2/5")
