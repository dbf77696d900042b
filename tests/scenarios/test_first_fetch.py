# SPDX-License-Identifier: MIT
"""The first device costs the line the bytes; every later one, by whichever entrance, costs it nothing."""

import base64

import pytest

from client import Connection, eventually, get
from content import Content, KiB, MiB
from larder import cache_status

SIZES = {"empty": 0, "one byte": 1, "small": 40 * KiB, "a byte less than a chunk": MiB - 1, "a chunk": MiB,
         "a byte more than a chunk": MiB + 1, "several chunks": 5 * MiB + 12345}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_an_object_is_fetched_once_and_served_from_the_store_ever_after(site, size):
    content = Content("a", size)
    site.origin.put("/a.pkg", content)
    first = site.larder.get("/a.pkg")
    assert (first.status, first.body) == (200, content.read())
    second = site.larder.get("/a.pkg")
    assert (second.status, second.body) == (200, content.read())
    site.larder.restart()
    third = site.larder.get("/a.pkg")
    assert (third.status, third.body) == (200, content.read())
    assert len(site.origin.asked("/a.pkg")) == 1
    assert site.origin.bytes_sent("/a.pkg") == size


def test_answers_say_how_they_were_come_by(site):
    site.origin.put("/a.pkg", Content("a", 3 * MiB))
    first, second = site.larder.get("/a.pkg"), site.larder.get("/a.pkg")
    assert cache_status(first).startswith("fwd=miss")
    assert cache_status(second).startswith("hit")
    for answer in (first, second):
        assert "larder" in answer["Via"]
        assert answer["Accept-Ranges"] == "bytes"
        assert answer["Content-Type"] == "application/octet-stream"
    assert int(second["Age"]) >= 0


def test_an_answer_carries_the_digest_once_it_is_known(site):
    content = Content("a", 3 * MiB)
    site.origin.put("/a.pkg", content)
    site.larder.get("/a.pkg")
    stated = eventually(lambda: site.larder.get("/a.pkg")["Repr-Digest"])
    assert stated == f"sha-256=:{base64.b64encode(bytes.fromhex(content.sha256())).decode()}:"


def test_an_etag_stays_as_long_as_the_bytes_do(site):
    page = site.origin.put("/a.pkg", Content("a", 3 * MiB))
    tags = {site.larder.get("/a.pkg")["ETag"] for _ in range(2)}
    site.larder.restart()
    tags.add(site.larder.get("/a.pkg")["ETag"])
    assert tags == {page.etag}


def test_an_object_without_validators_gets_a_strong_etag_of_larders_own(site):
    site.origin.put("/a.pkg", Content("a", 3 * MiB), etag=None, last_modified=None)
    first = site.larder.get("/a.pkg")["ETag"]
    assert first.startswith('"')
    site.larder.restart()
    assert site.larder.get("/a.pkg")["ETag"] == first


# ---- every entrance leads to the same object

def content_cache(larder, host, path):
    return get(larder.http, f"{path}?source={host}")


def content_cache_https(larder, host, path):
    return get(larder.http, f"{path}?source={host}&sourceScheme=https")


def content_cache_with_port(larder, host, path):
    return get(larder.http, f"{path}?source={host}%3A80")


def content_cache_behind_a_token(larder, host, path):
    return get(larder.http, f"/d/C02XK1JGH7L2{path}?source={host}")


def proxy(larder, host, path):
    return get(larder.http, f"http://{host}{path}", host=host)


def steered(larder, host, path):
    return get(larder.http, path, host=host)


def delivery_optimization(larder, host, path):
    return get(larder.http, f"{path}?cacheHostOrigin={host}")


ENTRANCES = (content_cache, content_cache_with_port, content_cache_behind_a_token, proxy, steered, delivery_optimization)


@pytest.mark.parametrize("entrance", ENTRANCES, ids=lambda entrance: entrance.__name__)
def test_an_object_is_reached_through(site, entrance):
    content = Content("a", 2 * MiB + 7)
    site.origin.put("/x/a.pkg", content)
    answer = entrance(site.larder, "origin.test", "/x/a.pkg")
    assert (answer.status, answer.body) == (200, content.read())
    [asked] = site.origin.asked("/x/a.pkg")
    assert asked.target == "/x/a.pkg"
    assert asked.host == "origin.test"


def test_all_entrances_share_one_object(site):
    content = Content("a", 2 * MiB + 7)
    site.origin.put("/x/a.pkg", content)
    for entrance in ENTRANCES:
        assert entrance(site.larder, "origin.test", "/x/a.pkg").body == content.read(), entrance.__name__
    assert len(site.origin.asked("/x/a.pkg")) == 1


@pytest.mark.larder(vendors=("apple",), hosts=("updates.cdn-apple.com", "updates-http.cdn-apple.com"))
def test_hosts_that_serve_the_same_bytes_share_one_object(site):
    content = Content("ota", 3 * MiB)
    path = "/2026SummerFCS/33cc18cc-78a5-41d6-99fa-fae540b1e121/com_apple_MobileAsset_SoftwareUpdate/49d165e955b31e350b2557d39c09005bc75e2b6b.zip"
    site.origin.put(path, content)
    assert content_cache(site.larder, "updates-http.cdn-apple.com", path).body == content.read()
    assert content_cache_https(site.larder, "updates.cdn-apple.com", path).body == content.read()
    assert len(site.origin.asked(path)) == 1


@pytest.mark.larder(vendors=("microsoft",), hosts=("res.public.onecdn.static.microsoft",))
def test_an_object_is_reached_through_the_update_cache(site):
    content = Content("word", 2 * MiB + 1)
    name = "Microsoft_Word_16.112.26081720_Updater.pkg"
    path = f"/mro1cdnstorage/C1297A47-86C4-4C1F-97FA-950631F94777/MacAutoupdate/{name}"
    site.origin.put(path, content)
    answer = get(site.larder.http, f"/mau/Current/{name}")
    assert (answer.status, answer.body) == (200, content.read())
    assert content_cache_https(site.larder, "res.public.onecdn.static.microsoft", path).body == content.read()
    assert len(site.origin.asked(path)) == 1


def test_a_query_belongs_to_the_name_and_reaches_the_origin(site):
    site.origin.put("/a.pkg?v=1", Content("one", MiB))
    site.origin.put("/a.pkg?v=2", Content("two", MiB))
    one = get(site.larder.http, "/a.pkg?v=1&source=origin.test")
    two = get(site.larder.http, "/a.pkg?v=2&source=origin.test")
    assert one.body == Content("one", MiB).read()
    assert two.body == Content("two", MiB).read()
    assert [asked.target for asked in site.origin.asked()] == ["/a.pkg?v=1", "/a.pkg?v=2"]


def test_a_client_keeps_its_connection_and_may_ask_ahead(site):
    small, large = Content("s", 10 * KiB), Content("l", 3 * MiB)
    site.origin.put("/s", small)
    site.origin.put("/l", large)
    with Connection(site.larder.http) as connection:
        for path in ("/s", "/l", "/s", "/l"):
            connection.request(f"{path}?source=origin.test")
        assert [connection.response().body == content.read() for content in (small, large, small, large)] == [True] * 4


def test_an_object_without_a_length_is_served_whole_and_kept(site):
    content = Content("chunked", 3 * MiB + 99)
    site.origin.put("/a.pkg", content, chunked=True)
    assert site.larder.get("/a.pkg").body == content.read()
    assert site.larder.get("/a.pkg").body == content.read()


def test_the_probe_of_a_locating_client_is_answered(larder):
    answer = get(larder.http, "/", fields={"Max-Forwards": "0", "X-Apple-Locator-Tag": "#12345678"})
    assert (answer.status, answer.body, answer["Content-Length"], answer["Accept-Ranges"]) == (200, b"", "0", "bytes")
