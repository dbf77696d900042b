# SPDX-License-Identifier: MIT
"""Rates: what one client is sent, what the line brings, and at which hours. What is asserted is how much can have come in
the time it took, so a slow machine changes nothing."""

import datetime
import json
import time

import pytest

from client import download, eventually, get
from content import Content, KiB, MiB
from origin import Origin

CONTENT = Content("rates", 8 * MiB)
BURST = 1.35  # what may come beyond the rate: the buckets' bursts and what the kernels hold


def in_time(result, rate: int, allowance: int = 0) -> bool:
    """Whether the bytes took at least as long as the rate says."""
    return result.received <= rate * result.seconds * BURST + allowance


# ---- one client

@pytest.mark.larder(rates={"client": "4 MiB/s"}, limits={"exempt": []})
def test_a_client_gets_no_more_than_its_rate_however_many_connections_it_opens(site):
    site.origin.put("/a.pkg", CONTENT)
    began = time.monotonic()
    downloads = [site.larder.in_background("/a.pkg", CONTENT, source="127.0.0.1") for _ in range(4)]
    results = [download.result() for download in downloads]
    took = time.monotonic() - began
    assert all(result.good and result.received == CONTENT.size for result in results)
    assert 4 * CONTENT.size <= 4 * MiB * took * BURST
    assert site.larder.number("answers_paced") > 0
    slowest, fastest = max(r.seconds for r in results), min(r.seconds for r in results)
    assert fastest > slowest / 3, "one connection had it all"


@pytest.mark.larder(rates={"client": "1 MiB/s"}, limits={"exempt": ["127.0.0.9"]})
def test_another_client_has_a_rate_of_its_own_and_an_exempt_one_has_none(site):
    site.origin.put("/a.pkg", CONTENT)
    slow = [site.larder.in_background("/a.pkg", CONTENT, source=source) for source in ("127.0.0.1", "127.0.0.2")]
    exempt = site.larder.download("/a.pkg", CONTENT, source="127.0.0.9")
    assert exempt.good and not any(result.done() for result in slow)
    results = [result.result() for result in slow]
    assert all(result.good and in_time(result, MiB) for result in results)
    # Beside each other, not one after the other.
    assert max(r.seconds for r in results) < 1.7 * min(r.seconds for r in results)


@pytest.mark.larder(rates={"client": "256 KiB/s"}, limits={"exempt": [], "send_timeout": "1s"})
def test_a_client_that_waits_for_its_own_rate_is_not_taken_for_a_stalled_one(site):
    content = Content("short", MiB)
    site.origin.put("/a.pkg", content)
    result = site.larder.download("/a.pkg", content)
    assert result.good and result.received == content.size and in_time(result, 256 * KiB)
    assert site.larder.number("answers_timed_out") == 0


@pytest.mark.larder(rates={"client": "512 KiB/s"}, limits={"exempt": []})
def test_a_rate_is_lifted_by_a_reload_for_answers_under_way(site):
    site.origin.put("/a.pkg", CONTENT)
    running = site.larder.in_background("/a.pkg", CONTENT)
    eventually(lambda: site.larder.number("answers_paced") > 0)
    site.larder.write_config(rates={"client": ""})
    site.larder.signal(1)
    result = running.result()
    assert result.good and result.received == CONTENT.size
    assert result.seconds < CONTENT.size / (512 * KiB) * 0.8


@pytest.mark.larder(rates={"client": "512 KiB/s"}, limits={"exempt": []})
def test_a_passed_answer_is_paced_too(site):
    content = Content("pass", 2 * MiB)
    site.origin.put("/p", content, fields={"Cache-Control": "no-store"})
    result = download(site.larder.http, site.larder.cache_url("origin.test", "/p"), content)
    assert result.good and in_time(result, 512 * KiB)


# ---- the line

@pytest.mark.larder(rates={"line": "2 MiB/s"})
def test_the_line_brings_no_more_than_its_rate_for_all_fills_together(site):
    contents = [Content(f"line-{number}", 3 * MiB) for number in range(4)]
    for number, content in enumerate(contents):
        site.origin.put(f"/{number}.pkg", content)
    began = time.monotonic()
    downloads = [site.larder.in_background(f"/{number}.pkg", content) for number, content in enumerate(contents)]
    results = [download.result() for download in downloads]
    took = time.monotonic() - began
    assert all(result.good for result in results)
    assert site.larder.number("bytes_from_origin") == 12 * MiB
    assert 12 * MiB <= 2 * MiB * took * BURST
    assert site.larder.number("line_waits") > 0
    # Four fills, a quarter of the line each: they end together.
    assert min(r.seconds for r in results) > max(r.seconds for r in results) / 2


@pytest.mark.larder(rates={"line": "1 MiB/s"})
def test_what_is_held_is_sent_at_full_speed_while_the_line_is_slow(site):
    held = Content("held", 4 * MiB)
    site.origin.put("/held.pkg", held)
    site.larder.download("/held.pkg", held)
    site.origin.put("/big.pkg", Content("big", 8 * MiB))
    running = site.larder.in_background("/big.pkg", Content("big", 8 * MiB))
    for _ in range(4):
        assert site.larder.download("/held.pkg", held).good
    assert not running.done()
    assert running.result().good


@pytest.mark.larder(rates={"line": "512 KiB/s"}, fills={"connections_per_origin": 2}, hosts=("swcdn.apple.com",))
def test_a_catalogue_does_not_wait_behind_packages(site):
    packages = [Content(f"package-{number}", 6 * MiB) for number in range(3)]
    for number, content in enumerate(packages):
        site.origin.put(f"/{number}.pkg", content)
    running = [site.larder.in_background(f"/{number}.pkg", content, host="swcdn.apple.com") for number, content in enumerate(packages)]
    eventually(lambda: site.larder.number("bytes_from_origin") > 2 * MiB)
    catalogue = Content("catalogue", 40 * KiB)
    path = "/content/catalogs/others/index-15.merged-1.sucatalog"
    site.origin.put(path, catalogue, fields={"Cache-Control": "max-age=60", "Content-Type": "text/xml"})
    result = site.larder.download(path, catalogue, host="swcdn.apple.com")
    assert result.good
    assert result.seconds < 4, "40 KiB took as long as 2 MiB of this line"
    assert not any(download.done() for download in running)
    site.larder.write_config(rates={"line": ""})
    site.larder.signal(1)
    assert all(download.result().good for download in running)


@pytest.mark.larder(rates={"line": "1 MiB/s"})
def test_passes_share_the_line_with_fills(site):
    content = Content("passed", 3 * MiB)
    site.origin.put("/p", content, fields={"Cache-Control": "no-store"})
    site.origin.put("/a.pkg", Content("filled", 3 * MiB))
    began = time.monotonic()
    fill = site.larder.in_background("/a.pkg", Content("filled", 3 * MiB))
    passed = get(site.larder.http, "/p", host="origin.test", method="POST", body=b"x")
    assert passed.status == 200
    results = [fill.result(), site.larder.download("/p", content)]
    assert all(result.good for result in results)
    assert 6 * MiB <= MiB * (time.monotonic() - began) * BURST


@pytest.mark.larder(rates={"line": "1 MiB/s"}, fills={"stall": "1s"})
def test_a_transfer_that_waits_for_the_line_has_not_stalled(site):
    contents = [Content(f"wait-{number}", MiB) for number in range(6)]
    for number, content in enumerate(contents):
        site.origin.put(f"/{number}.pkg", content)
    downloads = [site.larder.in_background(f"/{number}.pkg", content) for number, content in enumerate(contents)]
    assert all(download.result().good for download in downloads)
    assert site.larder.number("origin_retries") == 0


# ---- hours

def windows(larder, *tables: dict):
    """Puts [[rates.window]] tables behind what the configuration says already."""
    text = larder.config.read_text()
    for table in tables:
        text += "\n[[rates.window]]\n" + "\n".join(f"{key} = {value}" for key, value in table.items()) + "\n"
    larder.config.write_text(text)


def hours(begin: datetime.datetime, end: datetime.datetime) -> str:
    return f'"{begin:%H:%M}-{end:%H:%M}"'


def test_the_rates_are_those_of_the_hour_and_the_day(site):
    now = datetime.datetime.now()
    day = f'["{now:%a}"]'.lower()
    other = f'["{now + datetime.timedelta(days=2):%a}"]'.lower()
    hour = datetime.timedelta(hours=1)
    if (now - hour).day != now.day or (now + hour).day != now.day:
        names = {f"{moment:%a}".lower() for moment in (now - hour, now, now + hour)}
        day = other = json.dumps(sorted(names))  # about midnight only the hours are tried
    site.larder.write_config(rates={"client": "800 kbit/s", "line": "1600 kbit/s"})
    windows(site.larder, {"hours": hours(now + hour, now + 2 * hour), "line": '"64 kbit/s"'},
            *([{"hours": hours(now - hour, now + hour), "days": other, "line": '"128 kbit/s"'}] if other != day else []),
            {"hours": hours(now - hour, now + hour), "days": day, "line": '"2 Mbit/s"'},
            {"line": '"3 Mbit/s"'})
    site.larder.signal(1)
    eventually(lambda: site.larder.number("line_rate") == 250_000)
    assert site.larder.number("client_rate") == 100_000
    metrics = site.larder.api_raw("/metrics").body.decode()
    assert "larder_line_rate_limit_bytes 250000" in metrics and "larder_client_rate_limit_bytes 100000" in metrics


def test_hours_are_of_the_local_time_zone(tmp_path):
    import larder as larder_
    with Origin() as origin:
        now = datetime.datetime.now(datetime.timezone.utc)
        local = now + datetime.timedelta(hours=9)
        instance = larder_.Larder(tmp_path, origins={"origin.test": origin}, environment={"TZ": "XXX-9"})
        windows(instance, {"hours": hours(local - datetime.timedelta(hours=1), local + datetime.timedelta(hours=1)), "line": '"1 Mbit/s"'})
        with instance:
            assert instance.number("line_rate") == 125_000
