# SPDX-License-Identifier: MIT
"""No spelling of a request makes Larder keep bytes under a name that is not theirs, or leave the places it was given."""

import pytest

from client import Connection, eventually, get
from content import Content, MiB
from larder import Larder
from origin import Answer, Origin

GOOD = Content("good", MiB + 5)
BAD = Content("bad", MiB + 5)


def raw(larder, request: bytes):
    """The answer to these very bytes, or nothing when the connection was closed."""
    with Connection(larder.http, timeout=30) as connection:
        connection.send(request)
        try:
            return connection.response()
        except (EOFError, ConnectionResetError):
            return None


# ---- unkeyed input: what a client sends beside the URL does not reach what is kept

@pytest.mark.parametrize("field", ["X-Forwarded-Host: evil.example", "X-Original-URL: /evil", "X-Rewrite-URL: /evil", "X-Host: evil.example",
                                   "Forwarded: host=evil.example", "X-HTTP-Method-Override: POST", "X-Forwarded-Scheme: https",
                                   "Accept-Encoding: gzip", "Accept-Language: tlh", "Cookie: a=1", "User-Agent: evil", "Origin: https://evil.example",
                                   "Range: bytes=0-0", "If-None-Match: \"x\"", "Referer: http://evil.example/", "Proxy-Authorization: Basic ZXZpbDp4"])
def test_a_client_s_fields_do_not_reach_the_origin_of_a_fill(site, field):
    site.origin.put("/a.pkg", GOOD)
    name, _, value = field.partition(": ")
    assert site.larder.get("/a.pkg", fields={name: value}).status in (200, 206)
    site.larder.settle()
    for asked in site.origin.asked("/a.pkg"):
        sent = asked.fields.get(name.lower())
        assert sent is None or (name in ("Accept-Encoding", "Range", "User-Agent") and sent != value), (name, sent)
    assert site.larder.download("/a.pkg", GOOD).good


# ---- the host: one name, however it is spelled; no name that was not given

def test_all_spellings_of_a_host_are_one_object(site):
    site.origin.put("/a.pkg", GOOD)
    for source in ("origin.test", "ORIGIN.test", "origin.test.", "origin.test:80", "origin%2Etest", "ORIGIN.TEST%3A80", "origin.test.:80"):
        assert get(site.larder.http, f"/a.pkg?source={source}").status == 200, source
    for target in ("http://origin.test/a.pkg", "http://ORIGIN.TEST/a.pkg", "HTTP://origin.test:80/a.pkg", "http://origin.test./a.pkg"):
        host = target.split("/")[2]
        assert get(site.larder.http, target, host=host).status == 200, target
    assert get(site.larder.http, "/a.pkg", host="Origin.Test").status == 200
    site.larder.settle()
    assert len(site.origin.asked("/a.pkg")) == 1
    assert len(site.larder.objects()) == 1


@pytest.mark.parametrize("target", [
    "http://origin.test@evil.example/a.pkg", "http://evil.example@origin.test/a.pkg", "http://user:pw@origin.test/a.pkg",
    "http://origin.test:80@evil.example/a.pkg", "http://origin.test\\@evil.example/a.pkg", "http://origin.test%2F@evil.example/a.pkg",
    "http://origin.test%00.evil.example/a.pkg", "http://origin%2Etest/a.pkg", "http://origin.test:0x50/a.pkg", "http://origin.test:+80/a.pkg",
    "http://origin.test:080808/a.pkg", "http://origin.test:65616/a.pkg", "http://origin.test../a.pkg", "http://.origin.test/a.pkg",
    "http://origin..test/a.pkg", "http://[origin.test]/a.pkg", "http://origin.test:80:80/a.pkg", "http:///a.pkg", "http://:80/a.pkg",
    "http:/origin.test/a.pkg", "ftp://origin.test/a.pkg", "file:///etc/passwd", "gopher://origin.test/a.pkg", "//origin.test/a.pkg",
    "http://xn--orgin-q4a.test/a.pkg", "http://or\xefgin.test/a.pkg", "http://origin.test#@evil.example/a.pkg"])
def test_a_target_that_only_looks_like_an_origin_s_is_refused(site, target):
    site.origin.put("/a.pkg", GOOD)
    answer = raw(site.larder, f"GET {target} HTTP/1.1\r\nHost: origin.test\r\n\r\n".encode("latin-1"))
    # "//..." is a path of origin.test, as Host says, which has none such.
    assert answer is None or answer.status in (400, 403, 404, 421), answer
    assert site.larder.objects() == []


@pytest.mark.parametrize("source", [
    "origin.test%40evil.example", "evil.example%40origin.test", "origin.test%2Fa", "origin.test%5Cevil.example", "origin.test%00", "origin.test%0d%0aX:y",
    "origin.test%23", "origin.test%3F", "origin.test:80:80", "origin.test:0", "origin.test:65616", "origin.test%20", "%20origin.test", "origin.test..",
    "%6Frigin.test%2E%2E", "or%C3%AFgin.test", "0x7f.1", "2130706433", "127.1", "[::ffff:127.0.0.1]", "[::1%25lo]", "http://origin.test"])
def test_a_source_that_only_looks_like_an_origin_is_refused(site, source):
    assert get(site.larder.http, f"/a.pkg?source={source}").status in (400, 403), source
    assert site.origin.asked() == []


def test_host_and_target_that_differ_do_not_mix_two_origins(tmp_path):
    with Origin() as good, Origin() as bad, Larder(tmp_path, origins={"good.test": good, "bad.test": bad}) as larder:
        good.put("/a.pkg", GOOD)
        bad.put("/a.pkg", BAD)
        answer = raw(larder, b"GET http://good.test/a.pkg HTTP/1.1\r\nHost: bad.test\r\n\r\n")
        assert answer is None or answer.status == 400 or GOOD.first_difference(0, answer.body) is None
        assert get(larder.http, "/a.pkg?source=bad.test", host="good.test").status == 200
        larder.settle()
        assert larder.download("/a.pkg", GOOD, host="good.test").good
        assert larder.download("/a.pkg", BAD, host="bad.test").good


def test_a_redirect_is_kept_under_the_name_that_was_asked_and_no_other(tmp_path):
    """An origin that redirects to another gives its own name other bytes, never the other's name."""
    with Origin() as good, Origin() as bad, Larder(tmp_path, origins={"good.test": good, "bad.test": bad}) as larder:
        good.put("/a.pkg", GOOD)
        bad.put("/a.pkg", BAD)
        bad.put("/evil", BAD, fault=Answer(302, {"Location": "http://good.test/a.pkg"}))
        assert larder.download("/evil", GOOD, host="bad.test").good
        assert larder.download("/a.pkg", GOOD, host="good.test").good
        assert larder.download("/a.pkg", BAD, host="bad.test").good


# ---- paths

@pytest.mark.parametrize("path", ["/x/../a.pkg", "/./a.pkg", "/x/%2e%2e/a.pkg", "/%61.pkg", "/x/.%2E/a.pkg", "/../../a.pkg", "/x/y/../../a.pkg"])
def test_all_spellings_of_a_path_are_one_object(site, path):
    site.origin.put("/a.pkg", GOOD)
    assert site.larder.get(path).status == 200
    site.larder.settle()
    assert site.larder.download("/a.pkg", GOOD).good
    assert [asked.target for asked in site.origin.asked()] == ["/a.pkg"]


@pytest.mark.parametrize("path", ["/x%2F..%2Fa.pkg", "/x%5C..%5Ca.pkg", "/x\\..\\a.pkg", "/%252e%252e/a.pkg", "/a.pkg%00", "/a.pkg%2F", "/a.pkg;x=1",
                                  "/a.pkg/", "//a.pkg", "/a.pkg%20", "/A.PKG", "/a%2Epkg%3Fsource=x"])
def test_other_paths_are_other_objects(site, path):
    site.origin.put("/a.pkg", GOOD)
    assert site.larder.get(path).status == 404
    assert site.larder.download("/a.pkg", GOOD).good


@pytest.mark.larder(vendors=("microsoft",), hosts=("res.public.onecdn.static.microsoft", "res.cdn.office.net", "officecdnmac.microsoft.com"))
@pytest.mark.parametrize("path", [
    "/mau/Current/..%2F..%2Fsecret", "/mau/Current/..%5Csecret", "/mau/Current/../../secret", "/mau/Current/%2e%2e/%2e%2e/secret", "/mau/..%2Fsecret",
    "/mau/../secret", "/mau/Current/.%2e/secret", "/mau/Current/p/..", "/mau/Current/%00.pkg", "/mau/Current/a%2Fb.pkg", "/mau/Current\\..\\secret",
    "/mau/Current/WORD/../secret", "/mau/%2e%2e%2f%2e%2e%2fsecret", "/x/MAU/cache/..%2Fsecret", "/x/MAU/cache/%c0%ae%c0%ae/secret",
    "/mau/Current/%E2%80%AE.pkg%0d%0aX", "/mau//../..//secret", "/d/TOKEN/mau/Current/..%2F..%2Fsecret", "/d/../mau/Current/../../secret",
    "/d/%2e%2e/secret", "/d/./secret", "/d/..", "/d/T/../../secret", "/d/T%2F..%2Fsecret", "/d/T%5C/secret", "/d/T%00/secret"])
def test_no_path_of_the_update_cache_leads_out_of_it(site, path):
    site.origin.put("/secret", BAD)
    answer = raw(site.larder, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode("latin-1"))
    assert answer is None or answer.status in (400, 404), answer
    assert all("secret" not in asked.target or asked.target.startswith("/mro1cdnstorage/") for asked in site.origin.asked(None, None))
    assert all(".." not in asked.target and "\\" not in asked.target for asked in site.origin.asked(None, None))


@pytest.mark.parametrize("token", ["..", ".", "%2e%2e", "...", "a%2Fb", "a%5Cb", "%00", "a%20b", "x" * 65])
def test_no_device_is_named_like_a_way_through_a_path(site, token):
    site.origin.put("/a.pkg", GOOD)
    assert get(site.larder.http, f"/d/{token}/a.pkg?source=origin.test").status == 400


# ---- the query

def test_the_keys_that_name_an_origin_are_no_part_of_its_query(site):
    site.origin.put("/a.pkg", GOOD)
    for query in ("source=origin.test", "source=origin.test&sourceScheme=http", "sourceScheme=http&source=origin.test"):
        assert get(site.larder.http, f"/a.pkg?{query}").status == 200
    assert get(site.larder.http, "/a.pkg?cacheHostOrigin=origin.test").status == 200
    site.larder.settle()
    assert [asked.target for asked in site.origin.asked()] == ["/a.pkg"]


def test_another_query_is_another_object(site):
    site.origin.put("/a.pkg", GOOD)
    site.origin.put("/a.pkg?b=1", BAD)
    assert site.larder.download("/a.pkg?b=1", BAD).good
    assert site.larder.download("/a.pkg", GOOD).good
    assert eventually(lambda: len(site.larder.objects()) == 2)
