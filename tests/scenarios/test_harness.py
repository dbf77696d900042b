# SPDX-License-Identifier: MIT
"""The instruments measure: content, origin and client tested against each other, without Larder."""

import hashlib

import pytest

from client import Cut, InBackground, download, get
from content import BLOCK, Bytes, Content, MiB
from origin import (Answer, Become, IgnoreRange, Reset, Stall, Truncate, WrongLength)


def test_content_is_the_same_however_it_is_cut():
    content = Content("a", 3 * BLOCK + 5)
    whole = content.read()
    assert len(whole) == content.size
    for start, end in ((0, 1), (7, 30), (BLOCK - 1, BLOCK + 17), (BLOCK, 2 * BLOCK), (2 * BLOCK + 3, content.size)):
        assert content.read(start, end) == whole[start:end]
    assert content.sha256() == hashlib.sha256(whole).hexdigest()


def test_a_wrong_byte_is_found_where_it_is():
    content = Content("a", 2 * MiB)
    data = bytearray(content.read(100, 2 * MiB))
    assert content.first_difference(100, data) is None
    data[MiB] ^= 1
    assert content.first_difference(100, data) == MiB + 100
    assert Content("b", 2 * MiB).first_difference(0, content.read()) is not None
    assert content.first_difference(0, content.read() + b"x") == content.size


def test_the_origin_serves_whole_objects_and_ranges(origin):
    content = Content("a", 3 * MiB)
    origin.put("/a", content)
    whole = get(origin.address, "/a")
    assert (whole.status, whole.body) == (200, content.read())
    part = get(origin.address, "/a", fields={"Range": "bytes=10-19"})
    assert (part.status, part.body, part["Content-Range"]) == (206, content.read(10, 20), f"bytes 10-19/{3 * MiB}")
    tail = get(origin.address, "/a", fields={"Range": "bytes=-5"})
    assert tail.body == content.read(3 * MiB - 5)
    assert get(origin.address, "/a", fields={"Range": f"bytes={3 * MiB}-"}).status == 416
    # A client may have the last byte before the origin has counted it.
    origin.wait_for(lambda origin: [asked.sent for asked in origin.asked("/a")] == [3 * MiB, 10, 5, 0])
    assert get(origin.address, "/b").status == 404


def test_the_origin_keeps_to_validators(origin):
    page = origin.put("/a", Content("a", 1000))
    assert get(origin.address, "/a", fields={"If-None-Match": page.etag}).status == 304
    assert get(origin.address, "/a", fields={"If-None-Match": '"x"'}).status == 200
    assert get(origin.address, "/a", fields={"Range": "bytes=1-2", "If-Range": page.etag}).status == 206
    assert get(origin.address, "/a", fields={"Range": "bytes=1-2", "If-Range": '"x"'}).status == 200


def test_the_origin_fails_as_told(origin):
    content = Content("a", 4 * MiB)
    page = origin.put("/a", content)
    page.fault = [Reset(2 * MiB + 7), Truncate(MiB), WrongLength(5), Answer(503), IgnoreRange(), Become(Content("b", 50))]
    cut = download(origin.address, "/a", content)
    assert cut.cut and not cut.cut.clean and cut.received == 2 * MiB + 7 and cut.wrong_at is None
    cut = download(origin.address, "/a", content)
    assert cut.cut and cut.cut.clean and cut.received == MiB
    with pytest.raises(Cut):
        get(origin.address, "/a")
    assert get(origin.address, "/a").status == 503
    assert get(origin.address, "/a", fields={"Range": "bytes=1-2"}).status == 200
    assert get(origin.address, "/a").body == Content("b", 50).read()
    assert get(origin.address, "/a").body == Content("b", 50).read()


def test_the_origin_sends_chunked_bodies(origin):
    content = Content("a", 2 * MiB + 3)
    origin.put("/a", content, chunked=True)
    assert download(origin.address, "/a", content).good


def test_a_download_that_differs_is_not_good(origin):
    origin.put("/a", Content("a", MiB))
    assert not download(origin.address, "/a", Content("b", MiB)).good


def test_a_stalled_answer_goes_on_when_told(origin):
    stall = Stall(at=1000)
    origin.put("/a", Bytes(b"x" * 2000), fault=stall)
    waiting = InBackground(get, origin.address, "/a")
    assert stall.reached.wait(10)
    assert not waiting.done()
    stall.go.set()
    assert waiting.result().body == b"x" * 2000


def test_a_stopped_origin_refuses_and_comes_back_on_its_port(origin):
    origin.put("/a", Bytes(b"x"))
    address = origin.address
    origin.stop()
    with pytest.raises(OSError):
        get(address, "/a")
    origin.start()
    assert origin.address == address
    assert get(address, "/a").body == b"x"
