# SPDX-License-Identifier: MIT
"""What storms have found where an origin gives nothing that ties its answers together, or tells where one ends."""

import pytest

from client import Connection, all_of, eventually, get
from content import Content, MiB
from larder import cache_status
from origin import Answer, Instead, NoLength, Page, Reset

SIZE = 8 * MiB
KEPT = {"Cache-Control": "max-age=3600"}
IMMUTABLE = "/content/downloads/26/09/042-58988/abcdefghijklmnopqrstuvwxyz01234567/a.pkg"


@pytest.mark.parametrize("etag", [None, 'W/"same"'], ids=["no validator", "a weak tag that stays"])
def test_bytes_of_two_answers_that_nothing_ties_are_never_put_together(site, etag):
    old, new = Content("old", SIZE), Content("new", SIZE)
    after = Page(new, etag, None, KEPT)
    site.origin.put("/a.pkg", old, etag=etag, last_modified=None, fields=KEPT, fault=[Reset(3 * MiB), Instead(after)])
    got = site.larder.download("/a.pkg", old)
    assert got.wrong_at is None or got.wrong_at == 0
    assert eventually(lambda: site.larder.download("/a.pkg", new).good)


@pytest.mark.parametrize("etag", [None, 'W/"same"'], ids=["no validator", "a weak tag that stays"])
def test_a_part_that_nothing_ties_to_others_is_passed_and_not_kept(site, etag):
    old, new = Content("old", SIZE), Content("new", SIZE)
    site.origin.put("/a.pkg", old, etag=etag, last_modified=None, fields=KEPT)
    assert site.larder.download("/a.pkg", old, fields={"Range": "bytes=0-1048575"}).good
    site.origin.put("/a.pkg", new, etag=etag, last_modified=None, fields=KEPT)
    assert site.larder.download("/a.pkg", new).good


def test_two_versions_of_one_weak_tag_have_two_tags_here(site):
    old, new = Content("old", SIZE), Content("new", SIZE)
    tags = []
    for content in (old, new):
        site.origin.put("/a.pkg", content, etag='W/"same"', last_modified=None, fields={"Cache-Control": "max-age=0"})
        got = site.larder.download("/a.pkg", content, fields={"Cache-Control": "no-store"})
        assert got.good
        tags.append(got.head["ETag"])
        site.larder.settle()
        site.larder.api_raw("/api/v1/cache/evict", method="POST", body=b'{"url": "http://origin.test/a.pkg"}', fields={"Content-Type": "application/json"})
        eventually(lambda: site.larder.number("objects_complete") == 0)
    assert tags[0] != tags[1]


def test_without_validators_a_range_far_ahead_cuts_nobody(site):
    content = Content("a", 40 * MiB)
    site.origin.put("/a.pkg", content, etag=None, last_modified=None, fields=KEPT, rate=20 * MiB)
    whole = site.larder.in_background("/a.pkg", content)
    site.origin.wait_for(lambda origin: origin.bytes_sent("/a.pkg") > MiB)
    ahead = [site.larder.in_background("/a.pkg", content, fields={"Range": f"bytes={first}-{first + MiB}"}) for first in (15 * MiB, 35 * MiB)]
    assert [got for got in all_of([whole, *ahead]) if not got.good] == []
    assert len(site.origin.asked("/a.pkg")) == 1


def test_without_validators_who_waits_for_the_rest_has_it_when_the_first_leaves(site):
    content = Content("a", 40 * MiB)
    site.origin.put("/a.pkg", content, etag=None, last_modified=None, fields=KEPT, rate=20 * MiB)
    with Connection(site.larder.http) as first:
        first.request(site.larder.cache_url("origin.test", "/a.pkg"))
        assert first.head().status == 200
        second = site.larder.in_background("/a.pkg", content, fields={"Range": f"bytes={15 * MiB}-{16 * MiB}"})
        eventually(lambda: [fill["clients_waiting"] for fill in site.larder.fills()] == [2])
        first.reset()
    assert second.result().good
    assert len(site.origin.asked("/a.pkg")) == 1


@pytest.mark.larder(vendors=("apple",), hosts=("swcdn.apple.com",))
def test_a_name_that_never_changes_its_bytes_needs_no_validator(site):
    content = Content("a", SIZE)
    site.origin.put(IMMUTABLE, content, etag=None, last_modified=None, fields=KEPT, fault=[Reset(3 * MiB + 5)])
    assert site.larder.download(IMMUTABLE, content, host="swcdn.apple.com").good
    assert site.origin.bytes_sent(IMMUTABLE) == SIZE


@pytest.mark.larder(storage={"reserve": "1000 TiB"})
def test_several_ranges_are_had_whole_though_nothing_can_be_kept(site):
    content = Content("a", SIZE)
    site.origin.put("/a.pkg", content)
    answer = site.larder.get("/a.pkg", fields={"Range": "bytes=5000000-6000000,100-1500000,7000000-"})
    assert answer.status == 206
    for first, end in ((5000000, 6000001), (100, 1500001), (7000000, SIZE)):
        assert b"\r\n\r\n" + content.read(first, end) + b"\r\n--" in answer.body


@pytest.mark.larder(fills={"finish": "never", "attempts": 2})
def test_an_answer_of_which_nothing_was_sent_becomes_an_error_not_a_reset(site):
    content = Content("a", SIZE)
    page = site.origin.put("/a.pkg", content)
    assert site.larder.download("/a.pkg", content, fields={"Range": "bytes=0-100"}).good
    site.larder.settle()
    page.fault = Answer(404)
    answer = get(site.larder.http, site.larder.cache_url("origin.test", "/a.pkg"), fields={"Range": "bytes=5000000-5000100"})
    assert answer.status in (404, 502, 504), cache_status(answer)


@pytest.mark.larder(vendors=("apple",), hosts=("swcdn.apple.com",))
def test_what_only_the_end_of_the_connection_ends_is_passed_and_not_kept(site):
    """A break would end it too: what came would be kept as the whole, for as long as the name lives."""
    content = Content("a", SIZE)
    page = site.origin.put(IMMUTABLE, content, fault=NoLength())
    assert site.larder.download(IMMUTABLE, content, host="swcdn.apple.com").received == SIZE
    site.larder.settle()
    assert site.larder.objects() == []
    page.fault = None
    assert site.larder.download(IMMUTABLE, content, host="swcdn.apple.com").good
