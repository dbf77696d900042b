# SPDX-License-Identifier: MIT
"""Hosts that are cached as RFC 9111 says: what other methods and HEAD do to what is stored."""

import pytest

from client import InBackground
from content import Content, MiB
from larder import cache_status
from origin import Answer, HoldHead
from standard import HOST, answer, requests, script, vary

# ---- other methods (RFC 9111 4.3.5, 4.4)

@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "M-SEARCH"])
@pytest.mark.parametrize("status, dropped", [(200, True), (204, True), (302, True), (404, False), (500, False)])
def test_a_method_that_changes_something_makes_what_is_stored_out_of_date(site, ask, method, status, dropped):
    script(site, "/m", answer("max-age=60", b"old"), answer(None, b"" if status == 204 else b"done", status), answer("max-age=60", b"new"))
    ask("/m")
    site.larder.settle()
    assert ask("/m", method=method, body=b"x").status == status
    assert ask("/m").body == (b"new" if dropped else b"old")


@pytest.mark.parametrize("field", ["Location", "Content-Location"])
@pytest.mark.parametrize("named, dropped", [("/other", True), ("other", True), (f"http://{HOST}/other", True), ("http://elsewhere.test/other", False)])
def test_what_a_change_names_is_out_of_date_too(site, steered, field, named, dropped):
    script(site, "/m", Answer(201, {field: named}, b"done"))
    script(site, "/other", answer("max-age=60", b"old"), answer("max-age=60", b"new"))
    steered("/other")
    site.larder.settle()
    steered("/m", method="POST", body=b"x")
    assert steered("/other").body == (b"new" if dropped else b"old")


def test_a_change_makes_every_variant_out_of_date(site, steered):
    script(site, "/v", vary("1", b"one"), vary("2", b"two"), answer(None, b"done"), vary("1", b"new"))
    for foo in ("1", "2"):
        steered("/v", fields={"Foo": foo})
        site.larder.settle()
    steered("/v", method="POST", body=b"x")
    assert steered("/v", fields={"Foo": "1"}).body == b"new"


def test_a_head_freshens_what_is_stored(site, steered):
    page = site.origin.put("/h", b"body", fields={"Cache-Control": "max-age=0", "X-A": "1"})
    steered("/h")
    site.larder.settle()
    page.fields = {"Cache-Control": "max-age=60", "X-A": "2"}
    assert steered("/h", method="HEAD")["X-A"] == "2"
    got = steered("/h")
    assert (got.body, got["X-A"], cache_status(got)) == (b"body", "2", "hit")
    assert requests(site, "/h") == 1


@pytest.mark.parametrize("fields", [{"Cache-Control": "private"}, {"Cache-Control": "no-store"}, {"Cache-Control": "max-age=60", "Vary": "Foo"}])
def test_a_head_that_forbids_to_store_ends_what_is_stored(site, steered, fields):
    page = site.origin.put("/h", b"body", fields={"Cache-Control": "max-age=0"})
    steered("/h")
    site.larder.settle()
    page.fields = fields
    steered("/h", method="HEAD")
    assert site.larder.objects() == []


@pytest.mark.parametrize("change", ["etag", "length"])
def test_a_head_that_speaks_of_another_version_makes_what_is_stored_out_of_date(site, steered, change):
    page = site.origin.put("/h", b"body", etag='"1"', fields={"Cache-Control": "max-age=0"})
    steered("/h")
    site.larder.settle()
    if change == "etag":
        page.etag = '"2"'
    else:
        page.content = Content("longer", 2 * MiB)
    steered("/h", method="HEAD")
    assert site.larder.objects() == []


def test_a_change_that_follows_at_once_counts_too(site, steered):
    script(site, "/m", answer("max-age=60", b"old"), answer(None, b"done"), answer("max-age=60", b"new"))
    assert steered("/m").body == b"old"
    steered("/m", method="POST", body=b"x")
    assert steered("/m").body == b"new"


def test_who_waits_while_it_is_changed_gets_what_came_after(site, steered):
    hold = HoldHead()
    site.origin.put("/m", b"old", fault=[hold, answer(None, b"done"), answer("max-age=60", b"new")])
    waiting = InBackground(steered, "/m")
    hold.reached.wait(30)
    steered("/m", method="POST", body=b"x")
    assert waiting.result().body == b"new"
    hold.go.set()


def test_who_waits_while_it_is_changed_again_and_again_is_passed(site, steered):
    holds = [HoldHead() for _ in range(4)]
    site.origin.put("/m", b"old", fault=[fault for hold in holds for fault in (hold, answer(None, b"done"))] + [answer("max-age=60", b"new")])
    waiting = InBackground(steered, "/m")
    for hold in holds:
        assert hold.reached.wait(30)
        steered("/m", method="POST", body=b"x")
    got = waiting.result()
    assert (got.body, cache_status(got)) == (b"new", "fwd=bypass")
    for hold in holds:
        hold.go.set()
