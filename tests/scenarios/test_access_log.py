# SPDX-License-Identifier: MIT
"""The access log: a line for each request by every entrance, in a form other programs read, rotated without a loss."""

import json
import os
import re
import socket
import subprocess

import client
import pytest

from client import eventually, get
from content import Content, MiB
from larder import LARDERD, SLOW, Larder
from test_mau import CDN, CURRENT, FULL
from test_tls import NAME, context_for, self_signed
from test_tls import get as get_by_tls
from test_tunnel import Far, echo

HOST = "updates.cdn-apple.com"
COMBINED = re.compile(r'^(?P<client>\S+) - (?P<token>\S+) \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "(?P<method>\S+) (?P<url>\S+) '
                      r'(?P<protocol>HTTP/1\.[01])" (?P<status>\d{3}) (?P<bytes>\d+) "(?P<referer>(?:[^"\\\x00-\x1f\x7f]|\\x[0-9A-F]{2})*)" "(?P<agent>(?:[^"\\\x00-\x1f\x7f]|\\x[0-9A-F]{2})*|-)"$')
FAR = "far.example"
AGENT = "Microsoft%20AutoUpdate/4.78 CFNetwork/1568 Darwin/24.5.0"
HOSTILE = 'x" 200 1 "-" "forged \\ \t\xe9'

pytestmark = pytest.mark.larder(vendors=("apple",), hosts=(HOST,))


def log_to(site, tmp_path, form: str, **more):
    file = tmp_path / "access.log"
    site.larder.write_config(log={"access": form, "access_file": str(file)}, **more)
    site.larder.restart()
    site.origin.put("/a.pkg", Content("a", MiB))
    return file


def lines(file) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def test_every_entrance_has_its_line_in_the_combined_form(site, tmp_path):
    file = log_to(site, tmp_path, "combined")
    larder = site.larder
    assert get(larder.http, f"/d/C02XY/a.pkg?source={HOST}&sourceScheme=https").status == 200
    assert get(larder.http, f"http://{HOST}/a.pkg?x=secret", host=HOST).status in (200, 404, 502)
    assert get(larder.http, "/a.pkg", host=HOST).status == 200
    assert get(larder.http, "http://evil.example/a b", host="evil.example").status in (400, 403)
    assert get(larder.http, "http://evil.example/%22%0a", host="evil.example").status == 403
    found = eventually(lambda: len(rows := lines(file)) >= 4 and rows)
    rows = [COMBINED.match(line) for line in found]
    assert all(rows), found
    assert {(row["token"], row["status"], row["bytes"]) for row in rows} >= {("C02XY", "200", str(MiB)), ("-", "200", str(MiB))}
    assert any(row["status"] == "403" and row["url"] == "http://evil.example/" for row in rows)
    assert "secret" not in "".join(found)


@pytest.fixture
def everywhere(tmp_path, origin):
    """A Larder with every listener, and a log in the combined form."""
    keys, far_keys = self_signed(tmp_path / "own"), self_signed(tmp_path / "far", FAR)
    far = Far(echo, tls=far_keys)
    with Larder(tmp_path / "larder", origins={HOST: origin, CDN: origin, FAR: far.endpoint}, host_keys={FAR: {"scheme": "https"}}, vendors=("apple", "microsoft"),
                tls=True, sni=True, tls_keys=keys, listen={"name": NAME}, log={"access": "combined", "access_file": str(tmp_path / "access.log")}) as larder:
        larder.roots, larder.far_roots = keys["certificate"], far_keys["certificate"]
        yield larder
    far.close()


def test_tls_tunnels_and_microsofts_clients_have_lines_with_what_they_said(everywhere, origin, tmp_path):
    larder = everywhere
    package = Content("outlook", MiB)
    origin.put("/a.pkg", Content("a", MiB))
    origin.put(CURRENT + FULL, package)
    source = f"source={HOST}&sourceScheme=https"
    assert get_by_tls(larder, larder.roots, f"/d/TLS1/a.pkg?{source}", fields={"User-Agent": AGENT}).status == 200
    assert get(larder.http, f"/d/MAU1/mau/Current/{FULL}", fields={"User-Agent": AGENT}).body == package.read()
    assert get(larder.http, f"/a.pkg?cacheHostOrigin={HOST}", fields={"User-Agent": "Microsoft-Delivery-Optimization/10.0"}).status == 200
    assert get(larder.http, f"/d/HEAD1/a.pkg?{source}", method="HEAD", fields={"User-Agent": HOSTILE}).status == 200
    with client.Connection(larder.http) as connection:
        connection.send(f"GET /d/OLD1/a.pkg?{source} HTTP/1.0\r\nUser-Agent: {'long' * 1000}\r\n\r\n".encode())
        assert connection.response().status == 200
    with client.Connection(larder.http) as connection:
        connection.request(f"{FAR}:443", method="CONNECT", host=f"{FAR}:443", fields={"User-Agent": AGENT})
        assert connection.head().status == 200
    with context_for(larder.far_roots).wrap_socket(socket.create_connection(larder.sni), server_hostname=FAR) as secure:
        secure.sendall(b"unread")
        assert secure.recv(100) == b"unread"
    found = eventually(lambda: len(rows := lines(tmp_path / "access.log")) >= 7 and rows)
    rows = [COMBINED.match(line) for line in found]
    assert all(rows) and len(rows) == 7, found
    said = {(row["token"], row["method"], row["protocol"], row["status"], row["agent"][:60]) for row in rows}
    assert said == {("TLS1", "GET", "HTTP/1.1", "200", AGENT[:60]), ("MAU1", "GET", "HTTP/1.1", "200", AGENT[:60]),
                    ("-", "GET", "HTTP/1.1", "200", "Microsoft-Delivery-Optimization/10.0"),
                    ("HEAD1", "HEAD", "HTTP/1.1", "200", r"x\x22 200 1 \x22-\x22 \x22forged \x5C \x09\xE9"[:60]),
                    ("OLD1", "GET", "HTTP/1.0", "200", "long" * 15), ("-", "CONNECT", "HTTP/1.1", "200", AGENT[:60]), ("-", "CONNECT", "HTTP/1.1", "200", "-")}
    assert max(len(row["agent"]) for row in rows) == 512
    urls = {row["method"]: row["url"] for row in rows}
    assert urls["CONNECT"] == f"https://{FAR}:443" and urls["HEAD"] == f"https://{HOST}/a.pkg"


@pytest.mark.parametrize("form", ["combined", "json"])
def test_a_referer_is_bounded_escaped_and_without_its_query(site, tmp_path, form):
    file = log_to(site, tmp_path, form)
    asked = f"/a.pkg?source={HOST}&sourceScheme=https"
    for referer in ("https://intranet.example/updates?user=anna", 'http://x/" 200 1 \t\xe9', "http://x/" + "y" * 1000):
        for _ in range(3):  # the third time the head is known
            assert get(site.larder.http, asked, fields={"Referer": referer}).status == 200
    assert get(site.larder.http, asked).status == 200
    found = eventually(lambda: len(rows := lines(file)) == 10 and rows)
    said = sorted(json.loads(line)["referer"] if form == "json" else COMBINED.match(line)["referer"] for line in found)
    hostile = r"http://x/\x22 200 1 \x09\xE9" if form == "combined" else 'http://x/" 200 1 \t\ufffd'
    assert said == sorted([*["https://intranet.example/updates"] * 3, *[hostile] * 3, *["http://x/" + "y" * 503] * 3, "-" if form == "combined" else ""])


def test_lines_are_counted_for_prometheus_and_begin_with_a_reload(site, tmp_path):
    larder = site.larder
    site.origin.put("/a.pkg", Content("a", MiB))
    asked = f"/a.pkg?source={HOST}&sourceScheme=https"
    for _ in range(3):
        assert get(larder.http, asked, fields={"User-Agent": AGENT}).status == 200
    larder.write_config(log={"access": "combined", "access_file": str(tmp_path / "access.log")})
    larder.signal(1)
    eventually((tmp_path / "access.log").exists)
    eventually(lambda: get(larder.http, asked, fields={"User-Agent": AGENT}).status == 200 and lines(tmp_path / "access.log"))
    assert lines(tmp_path / "access.log")[-1].endswith(f'"{AGENT}"')
    eventually(lambda: larder.metric('larder_access_log_lines_total{to="file"}') == len(lines(tmp_path / "access.log")))
    assert larder.metric('larder_access_log_lost_total{to="file"}') == 0


def test_lines_in_json_name_what_was_fetched_and_survive_rotation(site, tmp_path):
    file = log_to(site, tmp_path, "json")
    larder = site.larder
    for number in range(20):
        assert get(larder.http, f"/d/MAC{number}/a.pkg?source={HOST}&sourceScheme=https").status == 200
        if number == 9:
            file.rename(tmp_path / "access.log.1")
            larder.signal(1)
    rows = eventually(lambda: len(rows := lines(tmp_path / "access.log.1") + lines(file)) == 20 and rows)
    assert {json.loads(row)["token"] for row in rows} == {f"MAC{number}" for number in range(20)}
    row = json.loads(rows[-1])
    assert (row["entrance"], row["status"], row["bytes_sent"], row["complete"]) == ("content_cache", 200, MiB, True)
    assert lines(file) and lines(tmp_path / "access.log.1")


def test_under_pseudonyms_no_line_says_whose_it_was(site, tmp_path):
    file = log_to(site, tmp_path, "json", identity={"pseudonyms": True})
    fields = {"User-Agent": "Anas-C02SECRET", "Referer": "https://intranet.example/C02SECRET"}
    assert get(site.larder.http, f"/d/C02SECRET/a.pkg?source={HOST}&sourceScheme=https", fields=fields).status == 200
    found = eventually(lambda: lines(file))
    assert "C02SECRET" not in "".join(found) and "127.0.0.1" not in "".join(found)


def test_a_full_disk_costs_lines_and_no_request(site, tmp_path):
    site.origin.put("/a.pkg", Content("a", MiB))
    site.larder.write_config(log={"access": "combined", "access_file": "/dev/full"})
    site.larder.restart()
    assert get(site.larder.http, f"/a.pkg?source={HOST}&sourceScheme=https").status == 200
    problems = eventually(lambda: [text for text in site.larder.status()["problems"] if "access log" in text])
    assert "/dev/full" in problems[0] and "missing" in problems[0]
    assert site.larder.metric('larder_access_log_lost_total{to="file"}') >= 1


def test_a_log_that_cannot_be_written_is_found_before_it_is_used(larder, tmp_path):
    locked = tmp_path / "locked.log"
    locked.touch(mode=0o400)
    # Root without its privileges, if these are root's tests.
    unprivileged = ["setpriv", "--securebits", "+noroot", "--inh-caps=-all"] if os.geteuid() == 0 else []
    for log, words in (({"access": "json"}, "needs a file to write to"), ({"access": "json", "access_file": "relative.log"}, "needs a file to write to"),
                       ({"access": "json", "access_file": str(tmp_path / "no" / "a.log")}, "is no directory"), ({"access": "xml"}, "combined"),
                       ({"access": "json", "access_file": str(locked)}, "cannot be written (Permission denied)")):
        larder.write_config(log=log)
        checked = subprocess.run([*unprivileged, LARDERD, "--check", "--config", str(larder.config)], capture_output=True, text=True, timeout=60 * SLOW)
        assert checked.returncode == 2 and words in checked.stdout + checked.stderr, (log, checked)
