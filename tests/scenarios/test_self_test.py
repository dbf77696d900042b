# SPDX-License-Identifier: MIT
"""The self-test, as a device's browser and a script ask for it: directly, through Larder as a proxy, and from where nobody may."""

import base64
import json

import pytest

from browser import Browser
from client import eventually, get
from content import Content, KiB


def answer_of(response) -> dict:
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    return json.loads(response.body)


def test_a_device_is_told_how_it_came_and_as_whom(site):
    site.origin.put("/a", Content("a", 3 * KiB))
    assert get(site.larder.http, "/d/SELF-1/a?source=origin.test").status == 200
    told = eventually(lambda: (told := answer_of(get(site.larder.http, "/d/SELF-1/self-test.json")))["device"] and told)
    assert (told["service"], told["came"], told["tls"], told["allowed"]) == ("larder", "directly", False, True)
    assert (told["address"], told["reached"]) == ("127.0.0.1", "127.0.0.1:%d" % site.larder.http[1])
    assert (told["token"], told["token_from"], told["device"]["id"], told["device"]["evidence"]) == ("SELF-1", "token", "SELF-1", "token")
    told = eventually(lambda: (told := answer_of(get(site.larder.http, "/self-test", fields={"Accept": "application/json"})))["device"] and told)
    assert told["token"] is None and told["device"]["id"] == "SELF-1", "whoever was seen at this address last"


@pytest.mark.larder(listen={"name": "larder.example"})
def test_it_is_answered_to_a_proxys_request_for_larder_itself_alone(larder):
    user = {"Proxy-Authorization": "Basic " + base64.b64encode(b"PHONE-7:x").decode()}
    for name in ("larder.example:8080", "127.0.0.1:%d" % larder.http[1], "localhost"):
        told = answer_of(get(larder.http, f"http://{name}/self-test.json", host=name, fields=user))
        assert (told["came"], told["token"], told["token_from"]) == ("by proxy", "PHONE-7", "proxy_user"), name
    refused = get(larder.http, "http://other.example/self-test.json", host="other.example")
    assert refused.status == 403 and b"other.example" in refused.body
    assert get(larder.http, "http://larder.example/proxy.pac", host="larder.example").status == 403


def test_nothing_of_it_is_recorded(site):
    site.origin.put("/a", Content("a", 3 * KiB))
    get(site.larder.http, "/d/NOBODY/self-test")
    assert get(site.larder.http, "/d/SELF-2/a?source=origin.test").status == 200
    rows = eventually(lambda: site.larder.report("devices"))
    assert [row["id"] for row in rows] == ["SELF-2"]


def test_it_is_only_read(larder):
    assert get(larder.http, "/self-test", method="HEAD").body == b""
    refused = get(larder.http, "/self-test", method="POST", body=b"x")
    assert refused.status == 405 and refused["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.larder(access={"clients": ["192.0.2.0/24"]})
def test_a_stranger_is_told_that_its_address_is_not_allowed(larder):
    refused = get(larder.http, "/self-test.json")
    assert refused.status == 403
    assert (answer_of(refused)["allowed"], answer_of(refused)["address"]) == (False, "127.0.0.1")
    assert b"access.clients" in get(larder.http, "/self-test", fields={"Accept": "text/html"}).body
    assert b"<html" not in get(larder.http, "/proxy.pac").body


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("browser"))
    yield browser
    browser.close()


def test_a_browser_shows_it_on_a_phone_by_day_and_by_night(larder, browser, tmp_path):
    address = "http://127.0.0.1:%d/d/C02XK1ZZLONGSERIALNUMBER0123456789012345678901234567890123456/self-test" % larder.http[1]
    grounds = set()
    for theme in ("light", "dark"):
        browser.look(360, 720, theme)
        browser.go(address)
        assert "This device reaches Larder, and may use it." in browser.text()
        assert browser.run("return document.documentElement.scrollWidth") <= 360
        grounds.add(browser.run("return getComputedStyle(document.body).backgroundColor"))
        (tmp_path / f"self-test-{theme}.png").write_bytes(browser.picture())
    assert len(grounds) == 2, "the page's style is refused by its own policy, or knows no night"
    assert browser.errors() == []
    policy = get(larder.http, "/self-test")["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
