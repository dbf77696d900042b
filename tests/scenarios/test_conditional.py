# SPDX-License-Identifier: MIT
"""Clients that already have something are told so in a few bytes."""

import pytest

from content import Content, MiB

CONTENT = Content("a", 2 * MiB)


@pytest.fixture
def held(site):
    site.origin.put("/a.pkg", CONTENT)
    site.first = site.larder.get("/a.pkg")
    return site


def test_the_right_etag_is_not_modified(held):
    for tags in (held.first["ETag"], f'"x", {held.first["ETag"]}', f'W/{held.first["ETag"]}', "*"):
        answer = held.larder.get("/a.pkg", fields={"If-None-Match": tags})
        assert (answer.status, answer.body) == (304, b""), tags
        assert answer["ETag"] == held.first["ETag"]
    assert len(held.origin.asked("/a.pkg")) == 1


def test_another_etag_gets_everything(held):
    answer = held.larder.get("/a.pkg", fields={"If-None-Match": '"x"'})
    assert (answer.status, answer.body) == (200, CONTENT.read())


def test_a_time_not_before_the_last_change_is_not_modified(held):
    assert held.larder.get("/a.pkg", fields={"If-Modified-Since": held.first["Last-Modified"]}).status == 304
    assert held.larder.get("/a.pkg", fields={"If-Modified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}).status == 200
    assert held.larder.get("/a.pkg", fields={"If-Modified-Since": "yesterday"}).status == 200


def test_the_etag_decides_over_the_time(held):
    answer = held.larder.get("/a.pkg", fields={"If-None-Match": '"x"', "If-Modified-Since": held.first["Last-Modified"]})
    assert answer.status == 200


def test_preconditions_that_fail_say_so(held):
    assert held.larder.get("/a.pkg", fields={"If-Match": '"x"'}).status == 412
    assert held.larder.get("/a.pkg", fields={"If-Match": held.first["ETag"]}).status == 200
    assert held.larder.get("/a.pkg", fields={"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}).status == 412


def test_a_cold_object_asked_for_conditionally_is_answered_rightly(site):
    page = site.origin.put("/a.pkg", CONTENT)
    assert site.larder.get("/a.pkg", fields={"If-None-Match": page.etag}).status in (200, 304)
    assert site.larder.get("/a.pkg").body == CONTENT.read()


def test_what_an_origin_forbids_to_keep_is_not_kept(site):
    site.origin.put("/secret", CONTENT, fields={"Cache-Control": "no-store"})
    for _ in range(2):
        assert site.larder.get("/secret").body == CONTENT.read()
    assert len(site.origin.asked("/secret")) == 2
