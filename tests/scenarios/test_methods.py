# SPDX-License-Identifier: MIT
"""Methods that are not GET: passed on, never kept, never a fill."""

import pytest

from client import Connection, get
from content import Content, MiB
from origin import Answer

CONTENT = Content("a", 3 * MiB)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_method_passes_through_the_proxy_entrance_with_its_body(site, method):
    site.origin.put("/ocsp", CONTENT, fault=Answer(200, {"Content-Type": "application/ocsp-response"}, b"good"))
    answer = get(site.larder.http, "http://origin.test/ocsp", host="origin.test", method=method, body=b"request of mine")
    assert (answer.status, answer.body, answer["Content-Type"]) == (200, b"good", "application/ocsp-response")
    [asked] = site.origin.asked("/ocsp", method)
    assert asked.body == b"request of mine"


def test_a_chunked_request_body_passes(site):
    site.origin.put("/ocsp", CONTENT)
    with Connection(site.larder.http) as connection:
        connection.send(b"POST http://origin.test/ocsp HTTP/1.1\r\nHost: origin.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                        b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
        assert connection.response().status == 200
    assert site.origin.asked("/ocsp", "POST")[0].body == b"hello world"


def test_a_large_request_body_passes(site):
    site.origin.put("/upload", CONTENT)
    body = Content("up", 5 * MiB).read()
    assert get(site.larder.http, "/upload", host="origin.test", method="POST", body=body).status == 200
    assert site.origin.asked("/upload", "POST")[0].body == body


def test_what_is_posted_is_never_kept(site):
    site.origin.put("/p", CONTENT, fault=[Answer(200, {"Cache-Control": "max-age=3600"}, b"one"), Answer(200, {}, b"two"), Answer(200, {}, b"three")])
    for expected in (b"one", b"two"):
        assert get(site.larder.http, "http://origin.test/p", host="origin.test", method="POST", body=b"x").body == expected
    assert site.larder.get("/p").body == b"three"


def test_a_successful_post_unmakes_the_stored_object(site):
    page = site.origin.put("/p", CONTENT)
    assert site.larder.get("/p").body == CONTENT.read()
    site.larder.settle()
    page.fault = [Answer(200, {}, b"done")]
    assert get(site.larder.http, "http://origin.test/p", host="origin.test", method="POST", body=b"x").body == b"done"
    newer = Content("newer", MiB)
    site.origin.put("/p", newer)
    assert site.larder.get("/p").body == newer.read()


def test_a_head_of_an_unknown_object_is_answered_and_fills_nothing(site):
    site.origin.put("/a.pkg", CONTENT)
    answer = site.larder.get("/a.pkg", method="HEAD")
    assert (answer.status, answer["Content-Length"]) == (200, str(CONTENT.size))
    assert site.origin.bytes_sent("/a.pkg") == 0
    assert site.origin.asked("/a.pkg", "GET") == []
    assert site.larder.number("objects_complete") == 0


def test_a_head_of_a_held_object_says_what_get_would(site):
    site.origin.put("/a.pkg", CONTENT)
    whole = site.larder.get("/a.pkg")
    site.larder.settle()
    head = site.larder.get("/a.pkg", method="HEAD")
    for name in ("Content-Length", "ETag", "Content-Type", "Last-Modified", "Accept-Ranges"):
        assert head[name] == whole[name], name
    assert len(site.origin.asked("/a.pkg", None)) == 1


def test_post_through_an_entrance_for_files_is_refused(site):
    site.origin.put("/a.pkg", CONTENT)
    assert get(site.larder.http, "/a.pkg?source=origin.test", method="POST", body=b"x").status in (400, 403, 405)
    assert site.origin.asked("/a.pkg", None) == []
