# SPDX-License-Identifier: MIT
"""Hosts that are no vendor's are cached as RFC 9111 says: by what origin and client say, and by nothing else."""

import pytest

from client import InBackground, eventually, get
from content import Content, MiB
from email.utils import formatdate
from larder import cache_status
from origin import Answer, HoldHead

HOST = "origin.test"
AGO = formatdate(1_750_000_000, usegmt=True)


@pytest.fixture(params=["steered", "proxy"])
def ask(site, request):
    """Asks for a path by the entrance under test."""
    def ask(path, **keywords):
        return get(site.larder.http, path if request.param == "steered" else f"http://{HOST}{path}", host=HOST, **keywords)
    return ask


@pytest.fixture
def steered(site):
    return lambda path, **keywords: get(site.larder.http, path, host=HOST, **keywords)


def script(site, path, *answers):
    """The origin gives these answers, one a request; None is the page itself."""
    return site.origin.put(path, b"the page", fault=list(answers))


def answer(control=None, body=b"one", status=200, **fields):
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return Answer(status, {**({"Cache-Control": control} if control else {}), **named}, body)


def requests(site, path, method="GET"):
    return len(site.origin.asked(path, method))


# ---- what is stored, and reused (RFC 9111 3, 4)

@pytest.mark.parametrize("status", [200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 503, 599])
def test_any_final_status_is_reused_while_it_is_fresh(site, ask, status):
    body = b"" if status == 204 else b"body of %d" % status
    script(site, "/s", answer("max-age=60", body, status, Location="/elsewhere", X_Own="1"))
    for _ in range(2):
        got = ask("/s")
        assert (got.status, got.body, got["X-Own"], got["Location"]) == (status, body, "1", "/elsewhere")
        site.larder.settle()
    assert cache_status(got) == "hit"
    assert "Age" in got
    assert requests(site, "/s") == 1


@pytest.mark.parametrize("status", [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])
def test_some_statuses_are_reused_on_a_guess(site, steered, status):
    body = b"" if status == 204 else b"body"
    script(site, "/s", *[answer(None, body, status, Last_Modified=AGO)] * 2)
    for _ in range(2):
        assert steered("/s").status == status
        site.larder.settle()
    assert requests(site, "/s") == 1


@pytest.mark.parametrize("status", [201, 202, 302, 307, 403, 500, 502, 503, 504])
def test_others_are_not_reused_on_a_guess(site, steered, status):
    script(site, "/s", *[answer(None, b"body", status, Last_Modified=AGO)] * 2)
    for _ in range(2):
        assert steered("/s").status == status
        site.larder.settle()
    assert requests(site, "/s") == 2


@pytest.mark.parametrize("control", ["no-store", "private", "max-age=60, No-Store", "private, max-age=60", "max-age=0", "no-cache, max-age=60",
                                     "max-age =60", "max-age='60'", "s-maxage=0, max-age=60"])
def test_what_may_not_be_reused_is_asked_for_again(site, ask, control):
    script(site, "/n", answer(control, b"one"), answer(control, b"two"))
    assert ask("/n").body == b"one"
    site.larder.settle()
    assert ask("/n").body == b"two"


@pytest.mark.parametrize("control", ["max-age=60", "s-maxage=60, max-age=0", "max-age=60, ext=\"no-store\"", "public, MAX-AGE=\"60\"", "private=\"X-A\", max-age=60",
                                     "must-understand, no-store, max-age=60"])
def test_what_may_be_reused_is(site, ask, control):
    script(site, "/y", answer(control, b"one"), answer(control, b"two"))
    assert ask("/y").body == b"one"
    site.larder.settle()
    assert ask("/y").body == b"one"


def test_a_field_for_caches_like_this_one_replaces_cache_control(site, steered):
    script(site, "/t", answer("no-store", b"one", CDN_Cache_Control="max-age=60"), answer("no-store", b"two"))
    assert steered("/t").body == b"one"
    site.larder.settle()
    got = steered("/t")
    assert (got.body, got["CDN-Cache-Control"]) == (b"one", "max-age=60")


def test_a_url_that_was_not_to_be_kept_is_kept_once_it_may_be(site, steered):
    script(site, "/p", answer("no-store", b"one"), answer("max-age=60", b"two"), answer("max-age=60", b"three"), answer("no-store", b"four"))
    assert [steered("/p").body for _ in range(2)] == [b"one", b"two"]
    assert steered("/p").body == b"three"
    site.larder.settle()
    assert steered("/p").body == b"three"


# ---- fields (RFC 9111 3.1, 5.1)

def test_every_field_of_an_answer_is_stored_but_those_of_the_connection(site, steered):
    script(site, "/f", answer("max-age=60", b"x", Set_Cookie="a=b", X_Unknown="u", Connection="x-hop, keep-alive", X_Hop="h",
                              Strict_Transport_Security="max-age=1", Clear_Site_Data='"cache"'))
    for _ in range(2):
        got = steered("/f")
        assert [got[name] for name in ("Set-Cookie", "X-Unknown", "Strict-Transport-Security", "Clear-Site-Data")] == ["a=b", "u", "max-age=1", '"cache"']
        assert "X-Hop" not in got
        site.larder.settle()
    assert requests(site, "/f") == 1


@pytest.mark.parametrize("directive", ['private="x-a, X-B"', 'no-cache="x-a, X-B"'])
def test_fields_that_are_one_clients_reach_that_client_alone(site, steered, directive):
    script(site, "/f", answer(f"max-age=60, {directive}", b"x", X_A="1", X_B="2", X_C="3"))
    first = steered("/f")
    site.larder.settle()
    second = steered("/f")
    assert [first[name] for name in ("X-A", "X-B", "X-C")] == ["1", "2", "3"]
    assert ("X-A" in second, "X-B" in second, second["X-C"]) == (False, False, "3")
    assert requests(site, "/f") == 1


def test_an_answer_made_for_the_request_has_no_age_and_a_stored_one_has(site, steered):
    script(site, "/a", answer("max-age=60"))
    assert "Age" not in steered("/a")
    site.larder.settle()
    assert steered("/a")["Age"].isdigit()


def test_the_age_an_answer_came_with_counts(site, steered):
    script(site, "/a", answer("max-age=3600", b"one", Age="3599"), answer("max-age=3600", b"two", Age="3600"), answer("max-age=3600", b"three"))
    assert int(steered("/a")["Age"]) >= 3599
    site.larder.settle()
    script(site, "/b", answer("max-age=3600", b"one", Age="7200"), answer("max-age=3600", b"two"))
    assert [steered("/b").body, (site.larder.settle(), steered("/b").body)[1]] == [b"one", b"two"]


@pytest.mark.parametrize("etag", ['"strong"', 'W/"weak"'])
def test_the_origins_etag_is_told_as_it_is(site, steered, etag):
    script(site, "/e", answer("max-age=60", b"x", ETag=etag))
    for _ in range(2):
        assert steered("/e")["ETag"] == etag
        site.larder.settle()
    got = steered("/e", fields={"If-None-Match": etag})
    assert (got.status, got["ETag"]) == (304, etag)


# ---- the client's fields

def test_the_origin_sees_the_clients_fields(site, ask):
    script(site, "/c", answer("max-age=60"))
    ask("/c", fields={"X-Mine": "1", "Cookie": "k=v", "User-Agent": "me/1", "Accept-Encoding": "br", "X-Hop": "h", "Connection": "X-Hop"})
    [asked] = site.origin.asked("/c")
    assert [asked.fields.get(name) for name in ("x-mine", "cookie", "user-agent", "accept-encoding", "x-hop")] == ["1", "k=v", "me/1", "br", None]


@pytest.mark.parametrize("name", ["X-Forwarded-Host", "x-original-url", "Forwarded", "X-HTTP-Method-Override"])
def test_a_request_that_claims_to_be_another_spoils_nobodys_answer(site, steered, name):
    script(site, "/c", answer("max-age=60", b"poison"), answer("max-age=60", b"good"))
    assert steered("/c", fields={name: "evil.test"}).body == b"poison"
    assert site.origin.asked("/c")[0].fields[name.lower()] == "evil.test"
    site.larder.settle()
    assert steered("/c").body == b"good"


def test_conditions_of_a_client_are_larders_to_judge(site, steered):
    page = site.origin.put("/c", b"content")
    assert steered("/c", fields={"If-None-Match": page.etag}).status == 304
    assert "if-none-match" not in site.origin.asked("/c")[0].fields
    site.larder.settle()
    assert steered("/c").body == b"content"
    assert requests(site, "/c") == 1


# ---- Vary (RFC 9111 4.1)

def vary(foo, body, names="Foo", **fields):
    return answer("max-age=60", body, Vary=names, X_Foo=foo, **fields)


def test_variants_are_kept_side_by_side(site, ask):
    script(site, "/v", vary("1", b"one"), vary("2", b"two"), vary("none", b"none"))
    for _ in range(2):
        assert ask("/v", fields={"Foo": "1", "Other": "x"}).body == b"one"
        site.larder.settle()
        assert ask("/v", fields={"Foo": "2"}).body == b"two"
        site.larder.settle()
        assert ask("/v").body == b"none"
        site.larder.settle()
    assert requests(site, "/v") == 3


def test_values_that_mean_the_same_select_the_same_variant(site, steered):
    script(site, "/v", vary("1", b"one", "Accept-Encoding, Foo"))
    for fields in ({"Foo": "1, 2", "Accept-Encoding": "gzip, br"}, {"foo": " 1,2 ", "accept-encoding": "BR,gzip"}):
        assert steered("/v", fields=fields).body == b"one"
        site.larder.settle()
    assert requests(site, "/v") == 1


@pytest.mark.parametrize("value", ["*", "Foo, *", "*, *", ", *"])
def test_what_varies_by_everything_is_never_reused(site, steered, value):
    script(site, "/v", vary("1", b"one", value), vary("1", b"two", value))
    assert [steered("/v", fields={"Foo": "1"}).body for _ in range(2)] == [b"one", b"two"]


def test_clients_that_ask_at_once_for_different_variants_get_their_own(site, steered):
    hold = HoldHead()
    page = site.origin.put("/v", b"one", fields={"Cache-Control": "max-age=60", "Vary": "Foo"}, fault=[hold, vary("2", b"two")])
    first = InBackground(steered, "/v", fields={"Foo": "1"})
    hold.reached.wait(30)
    others = [InBackground(steered, "/v", fields={"Foo": "2"}) for _ in range(3)]
    eventually(lambda: site.larder.number("requests") >= 4)
    hold.go.set()
    assert first.result().body == b"one"
    assert [other.result().body for other in others] == [b"two"] * 3
    assert requests(site, "/v") == 2
    assert page


def test_variants_are_bounded_and_the_newest_stay(site, steered):
    site.origin.put("/v", b"same", fields={"Cache-Control": "max-age=60", "Vary": "Foo"})
    for number in range(40):
        steered("/v", fields={"Foo": str(number)})
    site.larder.settle()
    eventually(lambda: len([o for o in site.larder.objects() if "/v" in o["url"]]) <= 16)
    steered("/v", fields={"Foo": "39"})
    assert requests(site, "/v") == 40


def test_an_answer_that_no_longer_varies_is_for_everybody(site, steered):
    script(site, "/v", vary("1", b"one"), answer("max-age=60", b"all"))
    assert steered("/v", fields={"Foo": "1"}).body == b"one"
    site.larder.settle()
    assert steered("/v", fields={"Foo": "2"}).body == b"all"
    site.larder.settle()
    assert steered("/v", fields={"Foo": "1"}).body == b"all"
    assert requests(site, "/v") == 2


def test_a_variant_is_validated_with_its_own_fields(site, steered):
    page = site.origin.put("/v", b"one", fields={"Cache-Control": "max-age=0", "Vary": "Foo"})
    for _ in range(2):
        assert steered("/v", fields={"Foo": "1"}).body == b"one"
        site.larder.settle()
    second = site.origin.asked("/v")[1]
    assert (second.fields["foo"], second.fields["if-none-match"], second.status) == ("1", page.etag, 304)


# ---- what a request asks of the cache (RFC 9111 5.2.1, 5.4)

@pytest.mark.parametrize("fields", [{"Cache-Control": "no-cache"}, {"Cache-Control": "max-age=0"}, {"Cache-Control": "min-fresh=120"}, {"Pragma": "no-cache"},
                                    {"Cache-Control": "no-store"}])
def test_a_request_may_want_more_than_what_is_stored(site, steered, fields):
    script(site, "/r", answer("max-age=60", b"one"), answer("max-age=60", b"two"))
    assert steered("/r").body == b"one"
    site.larder.settle()
    assert steered("/r", fields=fields).body == b"two"


@pytest.mark.parametrize("fields", [{"Cache-Control": "max-age=30"}, {"Cache-Control": "min-fresh=30"}, {"Cache-Control": "nothing-known"},
                                    {"Cache-Control": "only-if-cached"}, {"Pragma": "foo"}, {"Cache-Control": "max-stale=5", "Pragma": "no-cache"}])
def test_a_request_that_what_is_stored_satisfies_is_answered_from_it(site, steered, fields):
    script(site, "/r", answer("max-age=60", b"one"), answer("max-age=60", b"two"))
    assert steered("/r").body == b"one"
    site.larder.settle()
    assert steered("/r", fields=fields).body == b"one"


def test_the_stale_is_sent_to_whom_it_will_do(site, steered):
    script(site, "/r", answer("max-age=100", b"one", Age="150"), answer("max-age=100", b"two"))
    assert steered("/r").body == b"one"
    site.larder.settle()
    got = steered("/r", fields={"Cache-Control": "max-stale=60"})
    assert (got.body, cache_status(got)) == (b"one", "hit; detail=max-stale")
    assert steered("/r", fields={"Cache-Control": "max-stale=10"}).body == b"two"


def test_only_if_cached_is_504_when_it_is_not(site, steered):
    script(site, "/r", answer("max-age=60"))
    assert steered("/r", fields={"Cache-Control": "only-if-cached"}).status == 504
    assert requests(site, "/r") == 0


def test_what_a_request_forbids_to_store_is_not_stored(site, steered):
    script(site, "/r", answer("max-age=60", b"one"), answer("max-age=60", b"two"))
    assert steered("/r", fields={"Cache-Control": "no-store"}).body == b"one"
    site.larder.settle()
    assert steered("/r").body == b"two"


# ---- Authorization (RFC 9111 3.5)

@pytest.mark.parametrize("control, reused", [("max-age=60", False), ("max-age=60, public", True), ("max-age=60, must-revalidate", True), ("s-maxage=60", True)])
def test_what_was_asked_with_authorization_is_shared_when_the_origin_says_so(site, ask, control, reused):
    script(site, "/auth", answer(control, b"one"), answer(control, b"two"))
    assert ask("/auth", fields={"Authorization": "Basic eDp5"}).body == b"one"
    assert site.origin.asked("/auth")[0].fields["authorization"] == "Basic eDp5"
    site.larder.settle()
    assert ask("/auth").body == (b"one" if reused else b"two")


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


def test_who_comes_right_after_a_validation_needs_none(site, steered):
    script(site, "/v", answer("max-age=0", b"body", ETag='"e"'), answer("max-age=60", b"", 304, ETag='"e"'))
    for _ in range(3):
        assert steered("/v").body == b"body"
    assert requests(site, "/v") == 2


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


def test_a_part_that_was_not_asked_for_reaches_nobody_as_the_whole(site, steered):
    script(site, "/p", *[Answer(206, {"Content-Range": "bytes 4-8/10", "Cache-Control": "max-age=60"}, b"45678")] * 2)
    got = steered("/p", fields={"Range": "bytes=4-8"})
    assert (got.status, got.body, got["Content-Range"]) == (206, b"45678", "bytes 4-8/10")


# ---- in front of a host of the site's own

@pytest.mark.larder(hosts=("localhost",))
def test_an_origin_named_localhost_is_served_under_that_name(site):
    script(site, "/l", answer("max-age=60", b"one"), answer("max-age=60", b"two"))
    for _ in range(2):
        assert get(site.larder.http, "/l", host="localhost:%d" % site.larder.http[1]).body == b"one"
        site.larder.settle()


# ---- redirects

def test_redirects_are_handed_on(site, ask):
    script(site, "/from", answer(None, b"there", 302, Location=f"http://{HOST}/to"))
    site.origin.put("/to", b"there")
    got = ask("/from")
    assert (got.status, got["Location"]) == (302, f"http://{HOST}/to")
    assert requests(site, "/to") == 0


# ---- what is not cached so: updates

def test_updates_are_asked_for_without_a_clients_fields_and_kept_without_cookies(site):
    script(site, "/u", answer("max-age=0", b"x", ETag='"e"', Set_Cookie="a=1", X_Own="1"), answer("max-age=60", b"", 304, ETag='"e"', Set_Cookie="a=2"))
    for _ in range(3):
        got = site.larder.get("/u", fields={"X-Mine": "1", "Cookie": "k=v", "Accept-Encoding": "br"})
        assert (got.body, "Set-Cookie" in got, got["X-Own"]) == (b"x", False, "1")
        site.larder.settle()
    assert requests(site, "/u") == 2
    for asked in site.origin.asked("/u"):
        assert (asked.fields.get("x-mine"), asked.fields.get("cookie"), asked.fields["accept-encoding"]) == (None, None, "identity")


@pytest.mark.larder(host_keys={HOST: {"cache": "updates"}})
def test_a_host_of_updates_has_its_redirects_followed(site, ask):
    script(site, "/from", answer(None, b"there", 302, Location=f"http://{HOST}/to"))
    site.origin.put("/to", b"there it is")
    assert ask("/from").body == b"there it is"
