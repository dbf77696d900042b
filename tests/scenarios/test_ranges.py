# SPDX-License-Identifier: MIT
"""Pieces of objects: the right bytes, and no more of them over the line than the pieces need."""

import re

import pytest

from client import InBackground, download, get
from content import Content, GiB, MiB
from origin import IgnoreRange

SIZE = 5 * MiB + 321
CONTENT = Content("a", SIZE)


@pytest.fixture(params=["cold", "held"])
def place(request, site):
    """The object, once unknown to Larder and once held whole."""
    site.origin.put("/a.pkg", CONTENT)
    if request.param == "held":
        assert site.larder.get("/a.pkg").body == CONTENT.read()
    return site


RANGES = {
    "the first byte": ("bytes=0-0", 0, 1),
    "within a chunk": ("bytes=1000-4999", 1000, 5000),
    "over the edge of a chunk": (f"bytes={MiB - 3}-{MiB + 3}", MiB - 3, MiB + 4),
    "over several chunks": (f"bytes={MiB + 7}-{4 * MiB}", MiB + 7, 4 * MiB + 1),
    "to the end": (f"bytes={3 * MiB}-", 3 * MiB, SIZE),
    "the last bytes": ("bytes=-500", SIZE - 500, SIZE),
    "more last bytes than there are": (f"bytes=-{SIZE + 5}", 0, SIZE),
    "past the end, cut": (f"bytes={SIZE - 10}-{SIZE + 1000}", SIZE - 10, SIZE),
    "the last byte": (f"bytes={SIZE - 1}-{SIZE - 1}", SIZE - 1, SIZE),
    "everything": ("bytes=0-", 0, SIZE),
}


@pytest.mark.parametrize("asked, start, end", RANGES.values(), ids=RANGES.keys())
def test_a_range_is(place, asked, start, end):
    answer = place.larder.get("/a.pkg", fields={"Range": asked})
    assert answer.status == 206
    assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer["Content-Length"] == str(end - start)
    assert answer.body == CONTENT.read(start, end)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE + 1}-{SIZE + 5}", "bytes=-0"])
def test_a_range_outside_is_refused_with_the_size(place, asked):
    answer = place.larder.get("/a.pkg", fields={"Range": asked})
    assert (answer.status, answer["Content-Range"]) == (416, f"bytes */{SIZE}")


@pytest.mark.parametrize("asked", ["bytes=5-1", "bytes=a-b", "bytes=", "lines=1-2", "bytes=1-2-3", "bytes=--1"])
def test_what_is_no_range_is_ignored(place, asked):
    answer = place.larder.get("/a.pkg", fields={"Range": asked})
    assert (answer.status, answer.body) == (200, CONTENT.read())


def test_several_ranges_come_as_parts(place):
    answer = place.larder.get("/a.pkg", fields={"Range": f"bytes=0-9, {2 * MiB}-{2 * MiB + 99}, -7"})
    assert answer.status == 206
    boundary = re.fullmatch(r'multipart/byteranges; *boundary="?([^"]+)"?', answer["Content-Type"]).group(1)
    parts = answer.body.split(b"--" + boundary.encode())
    assert parts[-1].strip() == b"--"
    bodies = []
    for part in parts[1:-1]:
        head, body = part.removeprefix(b"\r\n").split(b"\r\n\r\n", 1)
        span = re.search(rb"Content-Range: bytes (\d+)-(\d+)/(\d+)", head, re.I)
        assert int(span[3]) == SIZE
        bodies.append((int(span[1]), int(span[2]) + 1, body.removesuffix(b"\r\n")))
    assert [(start, end) for start, end, _ in bodies] == [(0, 10), (2 * MiB, 2 * MiB + 100), (SIZE - 7, SIZE)]
    assert all(body == CONTENT.read(start, end) for start, end, body in bodies)


def test_if_range_with_the_right_etag_gives_the_range(place):
    tag = place.larder.get("/a.pkg", fields={"Range": "bytes=0-0"})["ETag"]
    answer = place.larder.get("/a.pkg", fields={"Range": "bytes=10-19", "If-Range": tag})
    assert (answer.status, answer.body) == (206, CONTENT.read(10, 20))


def test_if_range_with_another_validator_gives_everything(place):
    for condition in ('"another"', 'W/"weak"', "Sat, 01 Jan 2000 00:00:00 GMT"):
        answer = place.larder.get("/a.pkg", fields={"Range": "bytes=10-19", "If-Range": condition})
        assert (answer.status, answer.body) == (200, CONTENT.read()), condition


def test_a_range_deep_in_a_cold_object_costs_the_line_little_more_than_itself(site):
    content = Content("deep", GiB)
    site.origin.put("/deep.ipsw", content)
    start = 500_000_000
    answer = site.larder.get("/deep.ipsw", fields={"Range": f"bytes={start}-{start + 99_999}"})
    assert (answer.status, answer.body) == (206, content.read(start, start + 100_000))
    assert site.origin.bytes_sent("/deep.ipsw") <= 8 * MiB


def test_ranges_that_make_up_the_object_make_it_complete(site):
    site.origin.put("/a.pkg", CONTENT)
    for start in (3 * MiB, 0, 5 * MiB, MiB, 4 * MiB, 2 * MiB):
        end = min(start + MiB, SIZE)
        assert site.larder.get("/a.pkg", fields={"Range": f"bytes={start}-{end - 1}"}).body == CONTENT.read(start, end)
    sent = site.origin.bytes_sent("/a.pkg")
    assert sent <= SIZE * 1.05 + MiB
    whole = site.larder.get("/a.pkg")
    assert whole.body == CONTENT.read()
    assert site.origin.bytes_sent("/a.pkg") <= max(sent, SIZE * 1.05)


def test_many_pieces_at_once_cost_the_line_the_object_once(site):
    size = 64 * MiB
    content = Content("pieces", size)
    site.origin.put("/a.pkg", content)
    step = size // 16
    pieces = [site.larder.in_background("/a.pkg", content, fields={"Range": f"bytes={at}-{at + step - 1}"}) for at in range(0, size, step)]
    for piece in pieces:
        got = piece.result()
        assert got.good and got.received == step, got
    assert site.origin.bytes_sent("/a.pkg") <= size * 1.05


def test_an_origin_that_ignores_ranges_still_gives_the_right_bytes(site):
    site.origin.put("/a.pkg", CONTENT, fault=IgnoreRange())
    answer = site.larder.get("/a.pkg", fields={"Range": f"bytes={3 * MiB}-{3 * MiB + 9}"})
    assert (answer.status, answer.body) == (206, CONTENT.read(3 * MiB, 3 * MiB + 10))
    assert site.larder.get("/a.pkg").body == CONTENT.read()


def test_a_reader_far_ahead_of_a_running_fill_does_not_wait_for_it(site):
    size = 256 * MiB
    content = Content("slow", size)
    site.origin.put("/a.pkg", content, rate=20 * MiB)
    from_the_start = site.larder.in_background("/a.pkg", content)
    site.origin.wait_for(lambda origin: origin.bytes_sent("/a.pkg") > 2 * MiB)
    near_the_end = download(site.larder.http, site.larder.cache_url("origin.test", "/a.pkg"), content,
                            fields={"Range": f"bytes={size - 100_000}-"})
    assert near_the_end.good and near_the_end.received == 100_000
    assert not from_the_start.done()
    assert from_the_start.result().good
    assert site.origin.bytes_sent("/a.pkg") <= size * 1.05


def test_a_range_by_absolute_form_is_the_same_object(place):
    answer = get(place.larder.http, "http://origin.test/a.pkg", host="origin.test", fields={"Range": "bytes=5-9"})
    assert (answer.status, answer.body) == (206, CONTENT.read(5, 10))
    assert InBackground(place.larder.get, "/a.pkg").result().body == CONTENT.read()
