# SPDX-License-Identifier: MIT
"""Hosts that are cached as RFC 9111 says: answers that vary by fields of the request."""

import pytest

from client import InBackground, eventually
from origin import HoldHead
from standard import answer, requests, script, vary

# ---- Vary (RFC 9111 4.1)

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


def test_what_ends_at_the_clients_connection_selects_no_variant(site, ask):
    """The origin does not see it, so it has answered the request without it."""
    script(site, "/v", vary("none", b"none"), vary("1", b"one"))
    assert ask("/v", fields={"Foo": "1", "Connection": "keep-alive, foo"}).body == b"none"
    assert "foo" not in site.origin.asked("/v")[0].fields
    site.larder.settle()
    assert ask("/v", fields={"Foo": "1"}).body == b"one"
    site.larder.settle()
    assert ask("/v").body == b"none"
    assert ask("/v", fields={"Foo": "1", "Connection": "Foo"}).body == b"none"
    assert requests(site, "/v") == 2


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


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_variants_are_known_after_a_restart(site, ask, end):
    script(site, "/v", vary("1", b"one"), vary("2", b"two"))
    assert ask("/v", fields={"Foo": "1"}).body == b"one"
    assert ask("/v", fields={"Foo": "2"}).body == b"two"
    site.larder.settle()
    if end == "kill":
        site.larder.kill()
        site.larder.start()
    else:
        site.larder.restart()
    assert ask("/v", fields={"Foo": "1"}).body == b"one"
    assert ask("/v", fields={"Foo": "2"}).body == b"two"
    assert requests(site, "/v") == 2


def test_variants_by_other_fields_are_not_found_after_a_restart(site, steered):
    script(site, "/v", vary("1", b"one"), vary("1", b"by bar", "Bar"))
    assert steered("/v", fields={"Foo": "1"}).body == b"one"
    assert steered("/v", fields={"Foo": "1", "Cache-Control": "no-cache"}).body == b"by bar"
    site.larder.settle()
    site.larder.restart()
    assert steered("/v", fields={"Foo": "2"}).body == b"by bar"
    eventually(lambda: len([o for o in site.larder.objects() if "/v" in o["url"]]) == 1)
    assert requests(site, "/v") == 2
