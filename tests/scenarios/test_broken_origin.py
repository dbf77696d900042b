# SPDX-License-Identifier: MIT
"""An origin that fails, in every way an origin can, costs the clients at most a pause and never a wrong byte."""

import pytest

from client import Connection, Cut, all_of, download, eventually
from content import Content, MiB
from larder import cache_status
from origin import Answer, Become, RawAnswer, Reset, Stall, Truncate, WrongLength

SIZE = 32 * MiB
CONTENT = Content("a", SIZE)


@pytest.mark.parametrize("sixteenth", range(16))
def test_a_reset_at_a_sixteenth_of_the_object_truncates_nobody(site, sixteenth):
    at = SIZE * sixteenth // 16 + 4321
    site.origin.put("/a.pkg", CONTENT, fault=[Reset(at)])
    downloads = all_of([site.larder.in_background("/a.pkg", CONTENT) for _ in range(3)])
    assert [d for d in downloads if not (d.good and d.received == SIZE)] == []
    assert site.origin.bytes_sent("/a.pkg") <= SIZE * 1.05


def test_a_reset_at_every_megabyte_still_ends_in_a_whole_object(site):
    faults = [Reset(at) for at in range(MiB, SIZE, 2 * MiB)]
    site.origin.put("/a.pkg", CONTENT, fault=faults)
    assert site.larder.download("/a.pkg", CONTENT).good
    assert site.origin.bytes_sent("/a.pkg") <= SIZE * 1.05


def test_a_fill_goes_on_at_the_very_byte_with_if_range(site):
    page = site.origin.put("/a.pkg", CONTENT, fault=[Reset(10 * MiB + 77)])
    assert site.larder.download("/a.pkg", CONTENT).good
    first, *others = site.origin.asked("/a.pkg")
    assert first.range is None or first.range[0] == 0
    assert len(others) == 1
    assert others[0].range[0] == 10 * MiB + 77
    assert others[0].fields["if-range"] == page.etag
    assert site.origin.bytes_sent("/a.pkg") == SIZE


@pytest.mark.parametrize("fault", [Truncate(10 * MiB), Reset(0), Truncate(0), Answer(503), Answer(500)],
                         ids=["clean close midway", "reset before the body", "close before the body", "503", "500"])
def test_one_failed_attempt_is_made_good(site, fault):
    site.origin.put("/a.pkg", CONTENT, fault=[fault])
    assert site.larder.download("/a.pkg", CONTENT).good


def test_an_origin_that_stalls_is_asked_anew(site):
    site.larder.stop()
    site.larder.write_config(fills={"stall": "1s"})
    site.larder.start()
    stall = Stall(at=10 * MiB)
    site.origin.put("/a.pkg", CONTENT, fault=[stall])
    assert site.larder.download("/a.pkg", CONTENT).good
    assert site.origin.bytes_sent("/a.pkg") <= SIZE * 1.05
    stall.go.set()


def test_an_object_that_changes_midway_is_never_blended(site):
    other = Content("b", SIZE)
    page = site.origin.put("/a.pkg", CONTENT, fault=[Reset(SIZE // 2), Become(other)])
    downloads = all_of([site.larder.in_background("/a.pkg", CONTENT) for _ in range(3)])
    for got in downloads:
        # The old version to where it went, and then a cut; or, if it began later, nothing of the old at all.
        old = got.wrong_at is None
        assert not got.good, "the origin never gave the second half of the old version"
        assert got.cut is not None or got.error is not None or (got.wrong_at or 0) < 16, got
        assert old or got.wrong_at < 16, f"a blend: the new version from byte {got.wrong_at} on"
    page.fault = None
    after = site.larder.download("/a.pkg", other)
    assert after.good and after.received == SIZE


def test_who_is_cut_is_cut_by_a_reset_never_by_a_clean_end(site):
    page = site.origin.put("/a.pkg", CONTENT, fault=[Reset(8 * MiB)])
    page.fault += [Answer(404)] * 100
    with Connection(site.larder.http) as connection:
        connection.request(site.larder.cache_url("origin.test", "/a.pkg"))
        head = connection.head()
        assert head.status == 200
        with pytest.raises(Cut) as cut:
            for _ in connection.body(head):
                pass
    assert not cut.value.clean


def test_a_wrong_content_length_is_never_kept_as_complete(site):
    page = site.origin.put("/a.pkg", CONTENT, fault=[WrongLength(by=100)])
    page.fault += [Answer(404)] * 100
    assert not site.larder.download("/a.pkg", CONTENT).good
    page.fault = None
    assert eventually(lambda: site.larder.download("/a.pkg", CONTENT).good)


@pytest.mark.parametrize("head", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
    b"ICY 200 OK\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    b"HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 90-94/100\r\nContent-Length: 5\r\n\r\nhello",
    b"", b"\0\0\0\0",
], ids=["two lengths", "negative length", "not HTTP", "bad chunk", "206 without a range", "206 of another range", "nothing", "zeros"])
def test_an_answer_that_is_not_http_becomes_an_error_for_the_client(site, head):
    site.origin.put("/a.pkg", CONTENT, fault=RawAnswer(head))
    got = site.larder.download("/a.pkg", CONTENT, timeout=90)
    assert got.cut is not None or got.head.status >= 500, got
    site.origin.put("/b.pkg", Content("b", MiB))
    assert site.larder.download("/b.pkg", Content("b", MiB)).good


def test_an_origin_that_is_down_is_a_gateway_error(site):
    site.origin.stop()
    answer = site.larder.get("/a.pkg", timeout=120)
    assert answer.status in (502, 503, 504)
    site.origin.start()
    site.origin.put("/a.pkg", CONTENT)
    assert eventually(lambda: site.larder.download("/a.pkg", CONTENT).good)


def test_a_missing_object_is_missing_and_may_appear(site):
    assert site.larder.get("/new.pkg").status == 404
    site.origin.put("/new.pkg", CONTENT)
    eventually(lambda: site.larder.get("/new.pkg", method="HEAD").status == 200, timeout=90)


def test_what_is_held_is_served_stale_while_the_origin_is_down(site):
    site.origin.put("/a.pkg", CONTENT, fields={"Cache-Control": "max-age=0"})
    assert site.larder.download("/a.pkg", CONTENT).good
    site.larder.settle()
    site.origin.stop()
    got = site.larder.download("/a.pkg", CONTENT, timeout=120)
    assert got.good and got.received == SIZE
    assert "hit" in cache_status(got.head) or "stale" in cache_status(got.head)


@pytest.mark.parametrize("status", [500, 503])
def test_what_is_held_is_served_stale_while_the_origin_fails(site, status):
    page = site.origin.put("/a.pkg", CONTENT, fields={"Cache-Control": "max-age=0"})
    assert site.larder.download("/a.pkg", CONTENT).good
    site.larder.settle()
    page.fault = Answer(status)
    assert site.larder.download("/a.pkg", CONTENT, timeout=120).good


def test_a_stale_object_is_revalidated_not_fetched_again(site):
    site.origin.put("/a.pkg", CONTENT, fields={"Cache-Control": "max-age=0"})
    assert site.larder.download("/a.pkg", CONTENT).good
    site.larder.settle()
    assert site.larder.download("/a.pkg", CONTENT).good
    assert site.origin.bytes_sent("/a.pkg") == SIZE
    first, second = site.origin.asked("/a.pkg")
    assert (first.status, second.status) == (200, 304)


def test_a_changed_object_replaces_the_stale_one(site):
    site.origin.put("/a.pkg", CONTENT, fields={"Cache-Control": "max-age=0"})
    assert site.larder.download("/a.pkg", CONTENT).good
    site.larder.settle()
    newer = Content("newer", 5 * MiB)
    site.origin.put("/a.pkg", newer, fields={"Cache-Control": "max-age=0"})
    got = site.larder.download("/a.pkg", newer)
    assert got.good and got.received == newer.size


def test_fifty_clients_of_a_broken_origin_are_all_answered(site):
    site.origin.put("/a.pkg", CONTENT, fault=[Reset(MiB), Truncate(3 * MiB), Answer(503), Reset(9 * MiB)])
    downloads = all_of([site.larder.in_background("/a.pkg", CONTENT) for _ in range(50)])
    assert [d for d in downloads if not d.good] == []
    assert site.origin.bytes_sent("/a.pkg") <= SIZE * 1.05
    assert download(site.larder.http, site.larder.cache_url("origin.test", "/a.pkg"), CONTENT).good
