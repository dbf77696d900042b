# SPDX-License-Identifier: MIT
"""An origin that is down, missing a file, busy, or not who it says: what its clients see, and what it is spared."""

import contextlib
import socket
import subprocess
import threading
import time

import pytest

from client import InBackground, all_of, eventually, get
from content import Content, MiB
from larder import SLOW, Larder, cache_status
from origin import Answer, IgnoreRange, Origin, RawAnswer, Reset

SIZE = 16 * MiB
CONTENT = Content("a", SIZE)
SMALL = Content("small", 4000)
CDN = "res.public.onecdn.static.microsoft"
MIRROR = "res.cdn.office.net"
PLACE = "/mro1cdnstorage/C1297A47-86C4-4C1F-97FA-950631F94777/MacAutoupdate/"
PACKAGE = "Microsoft_Word_16.113.26100421_Updater.pkg"


# ---- a dead origin is left alone, and found again

def test_a_dead_origin_is_left_alone_and_found_again(site):
    site.origin.put("/a.pkg", SMALL)
    site.origin.stop()
    answers = [site.larder.get(f"/{i}.pkg", timeout=30) for i in range(20)]
    assert {answer.status for answer in answers} <= {502, 503}
    assert answers[-1].status == 503 and b"is left alone" in answers[-1].body
    resting, = site.larder.status()["origins_at_rest"]
    assert resting["origin"] == "origin.test:80" and resting["failures"] >= 5
    assert site.larder.number("origin_unasked") > 5
    assert site.larder.number("origin_circuits_opened") == 1
    site.origin.start()
    assert eventually(lambda: site.larder.download("/a.pkg", SMALL).good, timeout=60)
    assert site.larder.status()["origins_at_rest"] == []
    assert "is left alone for a while" in site.larder.log
    eventually(lambda: "origin.test:80 answers again" in site.larder.log)


def test_a_dead_origin_is_left_alone_on_the_metrics_page(site):
    site.origin.stop()
    for i in range(8):
        site.larder.get(f"/{i}.pkg", timeout=30)
    page = site.larder.api_raw("/metrics").body.decode()
    assert "\nlarder_origins_at_rest 1\n" in page
    assert "\nlarder_origin_circuits_opened_total 1\n" in page
    said = site.larder.command("status").stdout
    assert "left alone" in said and "origin.test:80" in said, said


def test_one_dead_origin_holds_up_no_other(tmp_path, origin):
    with Larder(tmp_path, origins={"origin.test": origin, "dead.test": "127.0.0.1:1"}) as larder:
        for i in range(10):
            assert larder.get(f"/{i}.pkg", host="dead.test", timeout=30).status in (502, 503)
        origin.put("/a.pkg", SMALL)
        assert larder.download("/a.pkg", SMALL).good


def test_what_is_held_is_served_stale_at_once_while_the_origin_is_left_alone(site):
    site.origin.put("/a.pkg", CONTENT, fields={"Cache-Control": "max-age=0"})
    assert site.larder.download("/a.pkg", CONTENT).good
    site.larder.settle()
    site.origin.stop()
    for i in range(8):
        site.larder.get(f"/{i}.pkg", timeout=30)
    got = site.larder.download("/a.pkg", CONTENT, timeout=20)
    assert got.good and "stale" in cache_status(got.head)


def asks_by(site, entrance, path, method="GET", **keywords):
    target, host = (f"{path}?source=origin.test", "larder") if entrance == "source" else ("http://origin.test" + path, "origin.test")
    return get(site.larder.http, target, host=host, method=method, timeout=30, **keywords)


@pytest.mark.parametrize("entrance, method", [("source", "GET"), ("proxy", "GET"), ("proxy", "HEAD"), ("proxy", "POST")])
def test_who_is_refused_while_an_origin_is_left_alone_is_told_for_how_long(site, entrance, method):
    site.origin.put("/a.pkg", SMALL, fault=[Answer(429, {"Retry-After": "40"})])
    assert asks_by(site, "source", "/a.pkg").status == 429
    refused = asks_by(site, entrance, "/b.pkg", method, body=b"x" if method == "POST" else b"")
    assert refused.status == 503 and 30 < int(refused["Retry-After"]) <= 40
    assert site.origin.asked("/b.pkg", None) == []


def test_who_must_ask_an_origin_that_is_left_alone_is_told_for_how_long(site):
    site.origin.put("/a", SMALL, fields={"Cache-Control": "max-age=0, must-revalidate"})
    site.origin.put("/b", SMALL, fault=Answer(429, {"Retry-After": "7200"}))
    assert [asks_by(site, "proxy", path).status for path in ("/a", "/b")] == [200, 429]
    site.larder.settle()
    refused = asks_by(site, "proxy", "/a")
    assert refused.status == 504 and 50 < int(refused["Retry-After"]) <= 60


def test_a_circuit_that_opens_says_for_how_long_and_one_failure_says_nothing(site):
    site.origin.stop()
    answers = [asks_by(site, "source", f"/{i}.pkg") for i in range(8)]
    assert (answers[0].status, "Retry-After" in answers[0]) == (502, False)
    assert answers[-1].status == 503 and 1 <= int(answers[-1]["Retry-After"]) <= 33


def test_errors_of_one_url_close_no_host(site):
    site.origin.put("/bad.pkg", SMALL, fault=Answer(503))
    for _ in range(30):
        assert site.larder.get("/bad.pkg").status == 503
    site.origin.put("/a.pkg", SMALL)
    assert site.larder.download("/a.pkg", SMALL).good
    assert site.larder.status()["origins_at_rest"] == []


def test_retries_do_not_double_the_load_of_an_origin_in_trouble(site):
    for i in range(100):
        site.origin.put(f"/{i}.pkg", SMALL, fault=Answer(500))
    for i in range(100):
        assert site.larder.get(f"/{i}.pkg").status == 500
    assert len(site.origin.asked()) <= 100 * 1.2 + 10


def test_an_outage_of_some_seconds_cuts_nobody(site):
    page = site.origin.put("/a.pkg", CONTENT, fault=[Reset(SIZE // 2)], rate=40 * MiB)
    downloads = [site.larder.in_background("/a.pkg", CONTENT) for _ in range(3)]
    site.origin.wait_for(lambda o: any(a.done for a in o.asked("/a.pkg")))
    site.origin.stop()
    threading.Timer(4, site.origin.start).start()
    assert [d for d in all_of(downloads) if not (d.good and d.received == SIZE)] == []
    assert page.content.size == SIZE and site.origin.bytes_sent("/a.pkg") <= SIZE * 1.05


# ---- what is not there

def test_a_herd_for_a_missing_file_costs_one_request(site):
    answers = all_of([InBackground(site.larder.get, "/missing.pkg") for _ in range(30)])
    assert {answer.status for answer in answers} == {404}
    for _ in range(30):
        assert site.larder.get("/missing.pkg").status == 404
    assert len(site.origin.asked("/missing.pkg")) == 1
    assert site.larder.number("requests_negative") >= 30


def test_a_remembered_not_here_says_so_and_is_soon_forgotten(site):
    assert site.larder.get("/late.pkg").status == 404
    again = site.larder.get("/late.pkg")
    assert again.status == 404 and cache_status(again) == "hit; detail=negative" and again["Age"] != ""
    site.origin.put("/late.pkg", SMALL)
    assert eventually(lambda: site.larder.download("/late.pkg", SMALL).good, timeout=60)


def test_a_client_that_reloads_is_asked_for(site):
    assert site.larder.get("/late.pkg").status == 404
    site.origin.put("/late.pkg", SMALL)
    assert site.larder.get("/late.pkg", fields={"Cache-Control": "no-cache"}).status == 200
    assert site.larder.get("/late.pkg").status == 200


@pytest.mark.parametrize("status, fields", [(404, {"Cache-Control": "no-store"}), (404, {"Cache-Control": "private"}),
                                            (404, {"Cache-Control": "max-age=0"}), (404, {"Vary": "*"}), (403, {}), (400, {}), (500, {})])
def test_what_may_not_be_repeated_is_not(site, status, fields):
    site.origin.put("/a.pkg", SMALL, fault=Answer(status, fields))
    for _ in range(3):
        assert site.larder.get("/a.pkg").status == status
    assert len(site.origin.asked("/a.pkg")) >= 3


@pytest.mark.larder(vendors=("microsoft",), hosts=(CDN, MIRROR, "officecdnmac.microsoft.com"))
def test_microsoft_s_400_is_a_404_and_repeated_as_one(site):
    path = f"/mau/Current/{PACKAGE}"
    site.origin.put(PLACE + PACKAGE, SMALL, fault=Answer(400))
    assert get(site.larder.http, path).status == 404
    asked = len(site.origin.asked(PLACE + PACKAGE))
    assert get(site.larder.http, path).status == 404
    assert len(site.origin.asked(PLACE + PACKAGE)) == asked


# ---- an origin that asks for patience

def test_a_503_with_retry_after_is_passed_on_and_honoured(site):
    page = site.origin.put("/a.pkg", SMALL, fault=Answer(503, {"Retry-After": "2"}))
    began = time.monotonic()
    for _ in range(5):
        answer = site.larder.get("/a.pkg")
        assert answer.status == 503 and answer["Retry-After"] == "2"
    asked = len(site.origin.asked("/a.pkg"))
    assert asked == 1 or time.monotonic() - began > 2
    page.fault = None
    assert eventually(lambda: site.larder.download("/a.pkg", SMALL).good, timeout=30)


def test_a_repeated_retry_after_says_what_is_left_of_it(site):
    site.origin.put("/a.pkg", SMALL, fault=Answer(503, {"Retry-After": "40"}))
    assert site.larder.get("/a.pkg")["Retry-After"] == "40"
    assert 30 < eventually(lambda: (left := int(site.larder.get("/a.pkg")["Retry-After"])) < 40 and left) < 40
    assert len(site.origin.asked("/a.pkg")) == 1


def test_after_a_429_the_whole_host_is_left_alone(site):
    site.origin.put("/a.pkg", SMALL, fault=[Answer(429, {"Retry-After": "3"})])
    site.origin.put("/b.pkg", SMALL)
    assert site.larder.get("/a.pkg").status == 429
    answer = site.larder.get("/b.pkg")
    assert answer.status == 503 and b"too many requests" in answer.body
    assert site.origin.asked("/b.pkg") == []
    assert eventually(lambda: site.larder.download("/b.pkg", SMALL).good, timeout=30)


@pytest.mark.parametrize("method, fields", [("POST", {}), ("GET", {"Authorization": "Basic eDp5"}), ("GET", {"Cookie": "a=1"})])
def test_a_429_for_what_one_client_asks_in_its_own_name_keeps_no_other_waiting(site, method, fields):
    site.origin.put("/a", SMALL, fault=[Answer(429, {"Retry-After": "30"})])
    site.origin.put("/b.pkg", SMALL)
    answer = get(site.larder.http, "http://origin.test/a", host="origin.test", method=method, fields=fields, body=b"x" if method == "POST" else b"")
    assert (answer.status, answer["Retry-After"]) == (429, "30")
    assert site.larder.download("/b.pkg", SMALL).good


def test_one_name_that_is_answered_badly_closes_no_host(site):
    """Twenty answers that cannot be read one after another: the origin speaks, and is not down."""
    site.origin.put("/bad", SMALL, fault=RawAnswer(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"))
    site.origin.put("/b.pkg", SMALL)
    for _ in range(25):
        assert get(site.larder.http, "http://origin.test/bad", host="origin.test", method="POST", body=b"x").status == 502
    assert site.larder.download("/b.pkg", SMALL).good


# ---- answers that lead nowhere

def test_a_redirect_loop_ends(site):
    site.origin.put("/a.pkg", SMALL, fault=Answer(302, {"Location": "http://origin.test/b.pkg"}))
    site.origin.put("/b.pkg", SMALL, fault=Answer(302, {"Location": "/a.pkg"}))
    answer = site.larder.get("/a.pkg")
    assert answer.status in (302, 502)
    assert len(site.origin.asked()) <= 7


def test_the_whole_in_answer_to_a_range_is_taken_from_where_it_stood(site):
    site.origin.put("/a.pkg", CONTENT, fault=[Reset(5 * MiB + 3), IgnoreRange()])
    got = site.larder.download("/a.pkg", CONTENT)
    assert got.good and got.received == SIZE


# ---- TLS

@pytest.fixture
def certificate(tmp_path):
    """A certificate that names origin.test and that nobody has signed but itself."""
    chain, key = str(tmp_path / "origin.pem"), str(tmp_path / "origin.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=origin.test",
                    "-addext", "subjectAltName=DNS:origin.test", "-keyout", key, "-out", chain], check=True, capture_output=True)
    return chain, key


@pytest.mark.parametrize("name, trusted", [("origin.test", True), ("origin.test", False), ("other.test", True)],
                         ids=["right", "an unknown authority", "another name"])
def test_an_origin_is_who_it_says_or_is_not_listened_to(tmp_path, certificate, name, trusted):
    with Origin(tls=certificate) as origin:
        origin.put("/a.pkg", SMALL)
        keys = {"scheme": "https", **({"ca_file": certificate[0]} if trusted else {})}
        with Larder(tmp_path / "larder", origins={name: origin}, host_keys={name: keys}) as larder:
            if name == "origin.test" and trusted:
                assert larder.download("/a.pkg", SMALL).good
                return
            answer = larder.get("/a.pkg", host=name)
            assert answer.status == 502 and b"certificate" in answer.body.lower(), answer.body
            assert b"origins.ca_file" in answer.body
        assert origin.asked() == []


@contextlib.contextmanager
def mute():
    """Takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield "%s:%d" % listener.getsockname()


def test_a_handshake_that_never_ends_is_a_gateway_time_out(tmp_path):
    with mute() as endpoint, Larder(tmp_path, origins={"origin.test": endpoint}, host_keys={"origin.test": {"scheme": "https"}}) as larder:
        answer = larder.get("/a.pkg", timeout=30 * SLOW)
        assert answer.status == 504


# ---- the mirror of a host

@contextlib.contextmanager
def microsoft(tmp_path):
    with Origin() as cdn, Origin() as mirror, Origin() as retired:
        names = {CDN: cdn, MIRROR: mirror, "officecdnmac.microsoft.com": retired}
        with Larder(tmp_path, vendors=("microsoft",), origins=names) as larder:
            yield larder, cdn, mirror


def put_both(cdn, mirror, **keywords):
    cdn.put(PLACE + PACKAGE, CONTENT, etag='"cdn-node"', **keywords)
    mirror.put(PLACE + PACKAGE, CONTENT, etag='"mirror-node"', last_modified="Mon, 05 Oct 2026 10:00:00 GMT")


def test_a_package_goes_on_at_the_mirror_at_the_very_byte(tmp_path):
    with microsoft(tmp_path) as (larder, cdn, mirror):
        put_both(cdn, mirror, fault=[Reset(7 * MiB + 11)] + [Answer(503)] * 100)
        downloads = all_of([larder.in_background(PLACE + PACKAGE, CONTENT, host=f"{CDN}:443") for _ in range(3)])
        assert [d for d in downloads if not (d.good and d.received == SIZE)] == []
        assert cdn.bytes_sent() + mirror.bytes_sent() <= SIZE * 1.05
        assert mirror.asked()[0].range[0] == 7 * MiB + 11


@pytest.mark.parametrize("fault", ["down", 503, 404])
def test_the_mirror_serves_what_its_host_cannot(tmp_path, fault):
    with microsoft(tmp_path) as (larder, cdn, mirror):
        put_both(cdn, mirror, fault=None if fault == "down" else Answer(fault))
        if fault == "down":
            cdn.stop()
        got = larder.download(PLACE + PACKAGE, CONTENT, host=f"{CDN}:443")
        assert got.good and got.received == SIZE


def test_a_mirror_that_has_it_not_does_not_speak_for_a_host_that_is_down(tmp_path):
    with microsoft(tmp_path) as (larder, cdn, _):
        cdn.put(PLACE + PACKAGE, CONTENT, fault=Answer(503))
        assert larder.get(PLACE + PACKAGE, host=f"{CDN}:443").status in (502, 503)
        cdn.put(PLACE + PACKAGE, CONTENT)
        assert eventually(lambda: larder.download(PLACE + PACKAGE, CONTENT, host=f"{CDN}:443").good)


def test_a_listed_package_that_cannot_be_had_is_neither_404_nor_5xx(tmp_path):
    """AutoUpdate would give the update up; sent on, it asks the vendor itself."""
    with microsoft(tmp_path) as (larder, cdn, mirror):
        for host in (cdn, mirror):
            host.put(PLACE + PACKAGE, CONTENT, fault=Answer(503))
        answer = get(larder.http, f"/mau/Current/{PACKAGE}")
        assert answer.status == 307, answer
        assert answer["Location"] == f"https://{CDN}{PLACE}{PACKAGE}"
        assert answer["Cache-Control"] == "no-store"

