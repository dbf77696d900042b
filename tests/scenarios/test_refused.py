# SPDX-License-Identifier: MIT
"""Larder is no open proxy: what no one named is not fetched, and a refusal sends clients to the origin."""

import pytest

from client import Connection, get
from content import Content, MiB
from origin import Answer, Origin


@pytest.fixture
def stranger():
    """An origin that Larder was not told of."""
    with Origin() as origin:
        origin.put("/a", Content("a", 1000))
        yield origin


def test_a_source_nobody_named_is_refused(larder, stranger):
    for source in ("evil.example", stranger.endpoint.replace(":", "%3A"), "127.0.0.1", "localhost", "[::1]", "origin.test.evil.example",
                   "xorigin.test", "169.254.169.254"):
        assert get(larder.http, f"/a?source={source}").status == 403, source
    assert stranger.connections == 0


def test_an_absolute_form_nobody_named_is_refused(larder, stranger):
    assert get(larder.http, f"http://{stranger.endpoint}/a", host=stranger.endpoint).status == 403
    assert get(larder.http, "http://evil.example/a", host="evil.example").status == 403
    assert stranger.connections == 0


def test_a_cache_host_origin_nobody_named_is_refused(larder, stranger):
    assert get(larder.http, f"/a?cacheHostOrigin={stranger.endpoint}").status == 403
    assert stranger.connections == 0


def test_a_tunnel_to_what_nobody_named_is_refused(larder, stranger):
    for target in (stranger.endpoint, "evil.example:443", "localhost:22"):
        with Connection(larder.http) as connection:
            connection.send(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
            assert connection.response().status in (403, 501), target
    assert stranger.connections == 0


def test_the_admin_address_serves_no_objects_and_the_other_no_api(site):
    site.origin.put("/a.pkg", Content("a", MiB))
    assert get(site.larder.admin, "/a.pkg?source=origin.test").status >= 400
    assert get(site.larder.http, "/api/v1/status").status >= 400
    assert site.origin.asked("/a.pkg") == []


@pytest.mark.larder(access={"clients": ["127.0.0.2/32"]})
def test_only_named_clients_are_served(site):
    site.origin.put("/a.pkg", Content("a", MiB))
    assert site.larder.get("/a.pkg", source="127.0.0.2").status == 200
    try:
        refused = site.larder.get("/a.pkg", source="127.0.0.3").status
    except (OSError, EOFError):
        refused = 403
    assert refused == 403


def test_a_redirect_to_a_stranger_is_not_followed(site, stranger):
    site.origin.put("/a.pkg", Content("a", MiB), fault=Answer(302, {"Location": f"http://{stranger.endpoint}/a"}))
    answer = site.larder.get("/a.pkg")
    assert answer.status in (302, 403, 502)
    assert stranger.connections == 0
