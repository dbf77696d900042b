# SPDX-License-Identifier: MIT
"""How Apple's devices find a content cache: the locate request, the probe, and the request they then make."""

import json

import client
import pytest
from content import Content

MiB = 1 << 20

# As AssetCacheLocatorService 106.1 sends it (https://github.com/azenla/AppleCache, locator/README).
REQUEST = {"ranked-results": True, "locator-tag": "#f5cfd4d0", "local-addresses": ["10.0.0.60"], "public-address-ranges": [[]],
           "locator-software": [
               {"build": "19A578c", "type": "system", "name": "Mac OS X", "version": "10.15"},
               {"id": "com.apple.AssetCacheLocatorService", "executable": "AssetCacheLocatorService", "type": "bundle",
                "name": "AssetCacheLocatorService", "version": "106.1"}]}
FIELDS = {"Connection": "close", "Content-Type": "application/json", "X-Protocol-Version": "3"}
AGENT = "AssetCacheLocatorService/106.1 CFNetwork/1111 Darwin/19.0.0 (x86_64)"


def locate(larder, path: str = "/lcdn/locate", body: bytes = json.dumps(REQUEST).encode(), **keywords) -> client.Response:
    return client.get(larder.http, path, method="POST", fields={**FIELDS, "User-Agent": AGENT}, body=body, **keywords)


def test_a_client_is_led_from_the_locator_to_the_bytes(site):
    """The whole way: ask where, probe, fetch by the address and port of the answer."""
    answer = locate(site.larder)
    assert answer.status == 200 and answer["Content-Type"] == "application/json"
    found = json.loads(answer.body)
    assert found["validity-interval"] >= 300 and found["connect-timeout"] >= 0.2
    server, = found["servers"]
    assert (server["address"], server["port"]) == site.larder.http and server["rank"] == 1
    assert server["details"]["capabilities"]["query-parameters"] is True

    where = (server["address"], server["port"])
    probe = client.get(where, "/", fields={"Max-Forwards": "0", "X-Apple-Locator-Tag": "#f5cfd4d0", "User-Agent": AGENT})
    assert (probe.status, probe["Accept-Ranges"], probe["Content-Length"], probe.body) == (200, "bytes", "0", b"")

    content = Content("a", MiB)
    site.origin.put("/2019FallSeed/a.zip", content)
    for _ in range(2):
        fetched = client.download(where, "/2019FallSeed/a.zip?source=origin.test", content,
                                  fields={"User-Agent": "nsurlsessiond/1115 CFNetwork/1115 Darwin/19.0.0", "Accept-Encoding": "gzip, deflate"})
        assert fetched.good and fetched.received == MiB, fetched
    assert len(site.origin.asked("/2019FallSeed/a.zip")) == 1


def test_the_device_and_its_system_are_recorded(larder):
    assert locate(larder, "/d/C02LOCATE/lcdn/locate").status == 200
    device = client.eventually(lambda: [row for row in larder.report("devices") if row["id"] == "C02LOCATE"])[0]
    assert (device["os"], device["os_version"]) == ("macOS", "10.15")
    assert (device["os_build"], device["os_evidence"], device["os_at_least"]) == ("19A578c", "locate", False) and device["os_time"]
    fetch, = larder.api("reports/devices/C02LOCATE")["recent"]
    assert (fetch["url"], fetch["build"], fetch["entrance"]) == ("larder:/lcdn/locate", "19A578c", "helper")


@pytest.mark.larder(locator={"servers": ["10.1.2.3:8080", "[2001:db8::3]:8080"], "spares": ["10.9.9.9:80"], "validity": "15m"})
def test_several_servers_are_named_with_their_ranks(larder):
    found = json.loads(locate(larder).body)
    assert [(s["address"], s["port"], s["rank"]) for s in found["servers"]] == [
        ("10.1.2.3", 8080, 1), ("2001:db8::3", 8080, 1), ("10.9.9.9", 80, 2)]
    assert found["validity-interval"] == 900
    assert len({s["guid"] for s in found["servers"]}) == 3


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"\xff\x00", b"[" * 60000, b"a=b"])
def test_what_is_no_locate_request_is_refused(larder, body):
    answer = locate(larder, body=body)
    assert answer.status == 400 and b"JSON object" in answer.body


def test_a_locate_request_of_ten_megabytes_is_refused_unread(larder):
    with client.Connection(larder.http) as one:
        one.send(b"POST /d/A/lcdn/locate HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\n\r\n")
        assert one.response().status == 413
    with client.Connection(larder.http) as other:
        other.send(b"POST /lcdn/locate HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"8000\r\n" + b" " * 0x8000 + b"\r\n")
        other.send(b"8001\r\n" + b" " * 0x8001 + b"\r\n")
        assert other.response().status == 413


def test_it_is_asked_by_post_alone(larder):
    for method in ("GET", "HEAD", "PUT"):
        refused = client.get(larder.http, "/lcdn/locate", method=method)
        assert refused.status == 405 and refused["Allow"] == "POST, OPTIONS"


def test_a_hostile_request_is_recorded_without_harm(larder):
    nasty = {"locator-software": [{"type": "system", "name": "<script>\u0000", "version": "1" * 5000, "build": ["x"]}], "local-addresses": {"a": 1}}
    assert locate(larder, "/d/NASTY/lcdn/locate", json.dumps(nasty).encode()).status == 200
    device = client.eventually(lambda: [row for row in larder.report("devices") if row["id"] == "NASTY"])[0]
    assert device["os_version"] == ""
