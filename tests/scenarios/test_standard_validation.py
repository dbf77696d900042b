# SPDX-License-Identifier: MIT
"""Hosts that are cached as RFC 9111 says: validation, and what is sent though it is stale."""

import pytest

from client import InBackground, eventually
from content import Content
from email.utils import formatdate
from larder import cache_status
from origin import HoldHead, RawAnswer
from standard import AGO, answer, requests, script

# ---- validation (RFC 9111 4.3)

def test_a_304_freshens_what_is_stored_and_its_fields(site, ask):
    script(site, "/v", answer("max-age=0", b"body", ETag='"e"', X_Kept="old", X_New="old", Content_Type="text/plain"),
           answer("max-age=60", b"", 304, ETag='"e"', X_New="new", Content_Type="text/html"))
    ask("/v")
    site.larder.settle()
    for _ in range(2):
        got = ask("/v")
        assert (got.status, got.body, got["X-Kept"], got["X-New"], got["Content-Type"]) == (200, b"body", "old", "new", "text/html")
        site.larder.settle()
    assert site.origin.asked("/v")[1].fields["if-none-match"] == '"e"'
    assert requests(site, "/v") == 2


@pytest.mark.parametrize("control", ["private", "no-store"])
def test_a_304_that_forbids_to_store_ends_what_is_stored(site, steered, control):
    script(site, "/v", answer("max-age=0", b"one", ETag='"e"'), answer(control, b"", 304, ETag='"e"'), answer(control, b"two", ETag='"e"'))
    steered("/v")
    site.larder.settle()
    assert steered("/v").body == b"one"
    eventually(lambda: site.larder.objects() == [])
    assert steered("/v").body == b"two"
    site.origin.stop()
    assert steered("/v").status == 502


def test_a_304_changes_nothing_that_describes_the_bytes(site, steered):
    script(site, "/b", answer("max-age=0", b"body", ETag='"e"', Content_Encoding="x-one", Content_MD5="b25l"),
           answer("max-age=60", b"", 304, ETag='"e"', Content_Encoding="x-two", Content_MD5="dHdv", Content_Range="bytes 0-0/1"))
    steered("/b")
    site.larder.settle()
    for _ in range(2):
        got = steered("/b")
        assert (got.status, got.body, got["Content-Encoding"], got["Content-MD5"], got["Content-Range"]) == (200, b"body", "x-one", "b25l", "")


def test_who_comes_right_after_a_validation_needs_none(site, steered):
    names = [f"/v{number}" for number in range(40)]
    for name in names:
        script(site, name, answer("max-age=0", b"body", ETag='"e"'), answer("max-age=60", b"", 304, ETag='"e"'))
        assert steered(name).body == b"body"
    site.larder.settle()
    for name in names:
        for _ in range(3):
            assert steered(name).body == b"body"
        assert requests(site, name) == 2


@pytest.mark.parametrize("fields", [{"ETag": 'W/"weak"'}, {"Last-Modified": AGO}])
def test_weak_validators_validate_too(site, steered, fields):
    script(site, "/v", answer("max-age=0", b"body", **fields), answer("max-age=60", b"", 304, **fields))
    assert [steered("/v").body, (site.larder.settle(), steered("/v").body)[1]] == [b"body", b"body"]
    condition = "if-none-match" if "ETag" in fields else "if-modified-since"
    assert site.origin.asked("/v")[1].fields[condition] == next(iter(fields.values()))


def test_a_304_for_another_version_is_not_taken(site, steered):
    script(site, "/v", answer("max-age=0", b"old", ETag='"old"'), answer("max-age=60", b"", 304, ETag='"other"'), answer("max-age=60", b"new", ETag='"other"'))
    assert steered("/v").body == b"old"
    site.larder.settle()
    assert steered("/v").body == b"new"
    assert "if-none-match" not in site.origin.asked("/v")[2].fields


def test_a_304_under_the_same_tag_said_weakly_is_taken(site, steered):
    script(site, "/v", answer("max-age=0", b"body", ETag='"e"'), answer("max-age=60", b"", 304, ETag='W/"e"'))
    for _ in range(3):
        got = steered("/v")
        assert (got.status, got.body, got["ETag"]) == (200, b"body", '"e"')
        site.larder.settle()
    assert requests(site, "/v") == 2


def test_a_304_under_a_strong_tag_says_nothing_of_a_weak_one(site, steered):
    script(site, "/v", answer("max-age=0", b"old", ETag='W/"e"'), answer("max-age=60", b"", 304, ETag='"e"'), answer("max-age=60", b"new", ETag='"e"'))
    steered("/v")
    site.larder.settle()
    assert steered("/v").body == b"new"


def test_a_200_under_a_weak_validator_brings_its_own_bytes(site, steered):
    script(site, "/v", answer("max-age=0", b"one", ETag='W/"w"'), answer("max-age=60", b"two", ETag='W/"w"'))
    assert steered("/v").body == b"one"
    site.larder.settle()
    assert steered("/v").body == b"two"


def test_a_client_that_has_it_is_told_so_after_validation(site, steered):
    script(site, "/v", answer("max-age=0", b"one", ETag='"e"'), answer("max-age=60", b"", 304, ETag='"e"'))
    steered("/v")
    site.larder.settle()
    assert steered("/v", fields={"If-None-Match": '"e"'}).status == 304
    assert requests(site, "/v") == 2


def test_without_a_last_change_the_date_of_the_answer_counts(site, steered):
    script(site, "/v", answer("max-age=60", b"one", Date=formatdate(usegmt=True)))
    steered("/v")
    site.larder.settle()
    assert steered("/v", fields={"If-Modified-Since": formatdate(4_000_000_000, usegmt=True)}).status == 304
    assert steered("/v", fields={"If-Modified-Since": AGO}).status == 200


def test_conditions_and_ranges_do_not_touch_other_answers_than_200(site, steered):
    script(site, "/v", answer("max-age=60", b"gone away", 404, ETag='"e"'))
    steered("/v")
    site.larder.settle()
    got = steered("/v", fields={"If-None-Match": '"e"', "Range": "bytes=0-1"})
    assert (got.status, got.body) == (404, b"gone away")
    assert requests(site, "/v") == 1


@pytest.mark.parametrize("names", ["Foo, Bar", ""])
def test_a_304_that_varies_otherwise_ends_what_is_stored(site, steered, names):
    script(site, "/v", answer("max-age=0", b"one", ETag='"e"', Vary="Foo"), answer("max-age=60", b"", 304, ETag='"e"', Vary=names), answer("max-age=60", b"two"))
    steered("/v", fields={"Foo": "1", "Bar": "1"})
    site.larder.settle()
    assert steered("/v", fields={"Foo": "1", "Bar": "1"}).body == b"one"
    site.larder.settle()
    assert steered("/v", fields={"Foo": "1", "Bar": "2"}).body == b"two"


# ---- requests at the same time (RFC 9111 4)

def two_at_once(site, steered, path, **fields):
    """What two clients get of which the second comes before the first is answered."""
    hold = site.origin.pages[path].fault[0]
    first = InBackground(steered, path)
    hold.reached.wait(30)
    before = site.larder.number("requests")
    second = InBackground(steered, path, fields=fields)
    eventually(lambda: site.larder.number("requests") > before and (site.larder.fills() or [{"clients_waiting": 0}])[0]["clients_waiting"] == 2)
    hold.go.set()
    return first.result(), second.result()


NOT_TO_BE_REUSED = ["no-cache", "no-cache, max-age=60", "max-age=0", "max-age=0, must-revalidate", "s-maxage=0", None]


@pytest.mark.parametrize("control", NOT_TO_BE_REUSED)
def test_who_waits_for_what_may_not_be_reused_asks_for_himself_and_shares_its_bytes(site, steered, control):
    page = site.origin.put("/w", Content("w", 3 << 20), fields={"Cache-Control": control} if control else {"Date": AGO}, last_modified=None, fault=[HoldHead()])
    got = two_at_once(site, steered, "/w")
    assert [answer.body == page.content.read() for answer in got] == [True, True]
    assert [asked.fields.get("if-none-match") for asked in site.origin.asked("/w")] == [None, page.etag]
    assert site.origin.bytes_sent("/w") == page.content.size


@pytest.mark.parametrize("control", NOT_TO_BE_REUSED)
def test_who_waits_for_what_may_not_be_reused_and_has_no_name_gets_his_own(site, steered, control):
    fields = {"Set-Cookie": "id=A", **({"Cache-Control": control} if control else {})}
    site.origin.put("/w", b"one", fields=fields, etag=None, last_modified=None, fault=[HoldHead(), answer(control, b"two", Set_Cookie="id=B")])
    first, second = two_at_once(site, steered, "/w")
    assert (first.body, first["Set-Cookie"], second.body, second["Set-Cookie"]) == (b"one", "id=A", b"two", "id=B")


def test_who_waits_is_told_of_another_version_when_there_is_one(site, steered):
    site.origin.put("/w", b"one", etag='"1"', fields={"Cache-Control": "no-cache"}, fault=[HoldHead(), answer("no-cache", b"two", ETag='"2"')])
    first, second = two_at_once(site, steered, "/w")
    assert (first.body, second.body, second["ETag"]) == (b"one", b"two", '"2"')


def test_who_waits_for_an_error_nobody_may_reuse_gets_his_own(site, steered):
    site.origin.put("/w", b"", fault=[HoldHead(then=answer(None, b"one", 404)), answer(None, b"two", 404)])
    first, second = two_at_once(site, steered, "/w")
    assert (first.status, first.body, second.status, second.body) == (404, b"one", 404, b"two")


def test_who_waits_for_what_may_be_reused_shares_it(site, steered):
    site.origin.put("/w", b"one", fault=[HoldHead(), answer("max-age=60", b"two")])
    assert [answer.body for answer in two_at_once(site, steered, "/w")] == [b"one", b"one"]
    assert requests(site, "/w") == 1


# ---- the stale (RFC 9111 4.2.4, RFC 5861)

def test_the_stale_is_sent_at_once_to_who_comes_before_it_is_stored(site, steered):
    script(site, "/s", answer("max-age=0, stale-while-revalidate=60", b"one", ETag='"1"'), answer("max-age=60", b"two", ETag='"2"'))
    assert [steered("/s").body for _ in range(2)] == [b"one", b"one"]
    site.origin.wait_for(lambda origin: len(origin.asked("/s")) == 2)
    site.larder.settle()
    assert steered("/s").body == b"two"


@pytest.mark.parametrize("control", ["max-age=0", "max-age=0, stale-if-error=60"])
def test_the_stale_is_sent_when_the_origin_fails(site, steered, control):
    script(site, "/s", answer(control, b"one"), *[answer(None, b"error", 503)] * 3)
    steered("/s")
    site.larder.settle()
    assert steered("/s").body == b"one"
    site.origin.stop()
    assert steered("/s").body == b"one"


@pytest.mark.parametrize("control", ["max-age=0, must-revalidate", "max-age=0, proxy-revalidate", "s-maxage=0", "no-cache"])
def test_the_stale_is_not_sent_when_that_is_forbidden(site, steered, control):
    script(site, "/s", answer(control, b"one", ETag='"e"'), answer(None, b"error", 503))
    steered("/s")
    site.larder.settle()
    assert steered("/s").status == 503
    site.origin.stop()
    assert steered("/s").status == 504


CUT = RawAnswer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nnew")
OTHER = answer("max-age=60", b"", 304, ETag='"other"')


# What goes wrong after the origin has seemed to know another version.
@pytest.mark.parametrize("failures", [[CUT] * 2, [OTHER] * 3, [OTHER, RawAnswer(b""), RawAnswer(b"")], [OTHER, answer(None, b"error", 503)], [OTHER, CUT, CUT]],
                         ids=["cut", "304 for ever", "304 and nothing", "304 and an error", "304 and cut"])
@pytest.mark.parametrize("control, statuses", [("max-age=0", [200]), ("max-age=0, must-revalidate", [503, 504])])
def test_the_stale_is_sent_when_the_origin_fails_later(site, steered, failures, control, statuses):
    script(site, "/s", answer(control, b"one", ETag='"e"'), *failures)
    steered("/s")
    site.larder.settle()
    got = steered("/s")
    assert got.status in statuses and (got.status != 200 or got.body == b"one")
    script(site, "/s", answer("max-age=60", b"two", ETag='"2"'))
    assert steered("/s").body == b"two"


def test_a_catalogue_that_is_cut_off_leaves_the_old_one(site):
    page = site.origin.put("/index.sucatalog", b"one", fields={"Cache-Control": "max-age=0"})
    assert site.larder.get("/index.sucatalog").body == b"one"
    site.larder.settle()
    page.fault = CUT
    got = site.larder.get("/index.sucatalog")
    assert (got.body, cache_status(got)) == (b"one", "hit; detail=stale-because-the-origin-fails")


def test_an_origin_that_takes_back_what_it_gave_is_believed(site, steered):
    script(site, "/s", answer("max-age=0", b"one", ETag='"e"'), OTHER, answer(None, b"gone", 410), *[answer(None, b"error", 503)] * 3)
    steered("/s")
    site.larder.settle()
    assert [steered("/s").status for _ in range(2)] == [410, 503]


def test_stale_if_error_ends(site, steered):
    script(site, "/s", answer("max-age=10, stale-if-error=5", b"one", Age="20"), answer(None, b"error", 500))
    steered("/s")
    site.larder.settle()
    assert steered("/s").status == 500


def test_a_request_may_allow_the_stale_for_errors_for_a_while(site, steered):
    script(site, "/s", answer("max-age=10", b"one", Age="20"), answer(None, b"error", 500), answer(None, b"error", 500))
    steered("/s")
    site.larder.settle()
    assert steered("/s", fields={"Cache-Control": "stale-if-error=60"}).body == b"one"
    assert steered("/s", fields={"Cache-Control": "stale-if-error=5"}).status == 500


def test_the_stale_is_sent_while_it_is_validated_by_one_request(site, steered):
    hold = HoldHead()
    page = site.origin.put("/s", b"one", etag='"1"', fields={"Cache-Control": "max-age=0, stale-while-revalidate=60"})
    steered("/s")
    site.larder.settle()
    page.fault = [hold]
    for _ in range(3):
        got = steered("/s")
        assert (got.body, cache_status(got)) == (b"one", "hit; detail=stale-while-revalidate")
    hold.reached.wait(30)
    assert requests(site, "/s") == 2
    page.fields, page.etag = {"Cache-Control": "max-age=60"}, '"2"'
    hold.go.set()
    site.larder.settle()
    got = steered("/s")
    assert (got["ETag"], cache_status(got)) == ('"2"', "hit")
    assert requests(site, "/s") == 2
