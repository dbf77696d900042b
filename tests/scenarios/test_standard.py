# SPDX-License-Identifier: MIT
"""Hosts that are no vendor's are cached as RFC 9111 says: by what origin and client say, and by nothing else."""

import pytest

from client import Connection, get
from content import Content
from larder import cache_status
from origin import RawAnswer
from standard import AGO, HOST, answer, requests, script

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

def test_what_the_origin_says_of_its_digests_is_told_of_what_they_are_of(site, ask):
    said = {"Repr-Digest": "sha-512=:AAAA:", "Content-Digest": "sha-256=:BBBB:", "Digest": "MD5=CCCC"}
    script(site, "/d", answer("max-age=60", b"0123456789", ETag='"e"', **said))
    wishes = [({}, 200), ({}, 200), ({"Range": "bytes=0-1"}, 206), ({"If-None-Match": '"e"'}, 304), ({"If-Match": '"x"'}, 412)]
    for fields, status in wishes:
        got = ask("/d", fields=fields)
        assert (got.status, got["Repr-Digest"], got["Digest"]) == (status, "sha-512=:AAAA:", "MD5=CCCC")
        assert got["Content-Digest"] == ("sha-256=:BBBB:" if status == 200 else "")
        site.larder.settle()
    assert requests(site, "/d") == 1


@pytest.mark.parametrize("method, status, part", [("POST", 200, {}), ("POST", 206, {"Content-Range": "bytes 0-3/9"}), ("GET", 200, {})])
def test_what_is_passed_keeps_its_digests(site, ask, method, status, part):
    said = {"Repr-Digest": "sha-512=:AAAA:", "Content-Digest": "sha-256=:BBBB:"}
    script(site, "/d", answer("no-store", b"body", status, **said, **part))
    got = ask("/d", method=method, body=b"x" if method == "POST" else b"", fields={"Range": "bytes=0-3"} if part else {})
    assert (got.status, got["Repr-Digest"], got["Content-Digest"]) == (status, "sha-512=:AAAA:", "sha-256=:BBBB:")


def test_the_digest_of_a_part_is_not_told_of_what_is_made_of_parts(site, steered):
    size = 2 << 20
    page = site.origin.put("/d", Content("d", size), fields={"Cache-Control": "max-age=60", "Content-Digest": "sha-256=:BBBB:"})
    assert steered("/d", fields={"Range": "bytes=1048576-"}).body == page.content.read()[1 << 20:]
    site.larder.settle()
    assert "Content-Digest" not in steered("/d")


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


# ---- the name of what is asked for (RFC 9110 7.7)

SPELLED = "/%7euser/./x//../a%2Fb%2f..;c=%zz/%?q=%41%5a&r=%"


def test_a_path_and_its_query_go_to_the_origin_as_they_are_written(site, ask):
    site.origin.put(SPELLED, b"the page")
    for method in ("GET", "POST"):
        assert ask(SPELLED, method=method, body=b"x" if method == "POST" else b"").status == 200
        assert [asked.target for asked in site.origin.asked(None, method)] == [SPELLED]


def test_no_spelling_of_a_path_is_kept_under_the_name_of_another(site, ask):
    """What an origin that tells them apart says of one, nobody else gets for the other."""
    script(site, "/page", answer("max-age=60", b"good"))
    for spelling in ("/x/../page", "/./page", "/p%61ge", "/x/%2e%2e/page"):
        script(site, spelling, answer("max-age=60", b"evil", 404))
        assert ask(spelling).body == b"evil"
        site.larder.settle()
    assert ask("/page").body == b"good"


# ---- what never ends

@pytest.mark.parametrize("head", ["200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache", "200 OK\r\nCache-Control: no-store", "200 OK",
                                  "200 OK\r\nCache-Control: max-age=60", "404 Not Found", "404 Not Found\r\nCache-Control: max-age=60"])
def test_a_stream_reaches_its_client_as_it_comes(site, head):
    stream = RawAnswer(f"HTTP/1.1 {head}\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfirst \r\n".encode(), rest=b"4\r\nlast\r\n0\r\n\r\n")
    site.origin.put("/stream", b"", fault=stream)
    for last in (False, True):
        with Connection(site.larder.http, timeout=15) as connection:
            connection.request("http://origin.test/stream", host="origin.test")
            pieces = connection.body(connection.head())
            assert next(pieces) == b"first "  # the origin keeps the rest back
            if last:
                stream.go.set()
                assert b"".join(pieces) == b"last"
    site.larder.settle()
    # Whole at last, it is stored as any other; what was broken off is not.
    kept = head not in ("200 OK\r\nCache-Control: no-store", "404 Not Found")
    assert [stored["size_bytes"] for stored in site.larder.objects()] == [10] * kept


# ---- Authorization (RFC 9111 3.5)

@pytest.mark.parametrize("control, reused", [("max-age=60", False), ("max-age=60, public", True), ("max-age=60, must-revalidate", True), ("s-maxage=60", True),
                                             ("max-age=60, proxy-revalidate", False)])
def test_what_was_asked_with_authorization_is_shared_when_the_origin_says_so(site, ask, control, reused):
    script(site, "/auth", answer(control, b"one"), answer(control, b"two"))
    assert ask("/auth", fields={"Authorization": "Basic eDp5"}).body == b"one"
    assert site.origin.asked("/auth")[0].fields["authorization"] == "Basic eDp5"
    site.larder.settle()
    assert ask("/auth").body == (b"one" if reused else b"two")


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
