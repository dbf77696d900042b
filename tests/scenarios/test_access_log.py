# SPDX-License-Identifier: MIT
"""The access log: a line for each request by every entrance, in a form other programs read, rotated without a loss."""

import json
import os
import re
import subprocess

import pytest

from client import eventually, get
from content import Content, MiB
from larder import LARDERD, SLOW

HOST = "updates.cdn-apple.com"
COMBINED = re.compile(r'^(\S+) - (\S+) \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "(GET|CONNECT) (\S+) HTTP/1\.1" (\d{3}) (\d+) "-" "-"$')

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
    assert {(row[2], row[5], row[6]) for row in rows} >= {("C02XY", "200", str(MiB)), ("-", "200", str(MiB))}
    assert any(row[5] == "403" and row[4] == "http://evil.example/" for row in rows)
    assert "secret" not in "".join(found)


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
    assert get(site.larder.http, f"/d/C02SECRET/a.pkg?source={HOST}&sourceScheme=https").status == 200
    found = eventually(lambda: lines(file))
    assert "C02SECRET" not in "".join(found) and "127.0.0.1" not in "".join(found)


def test_a_full_disk_costs_lines_and_no_request(site, tmp_path):
    site.origin.put("/a.pkg", Content("a", MiB))
    site.larder.write_config(log={"access": "combined", "access_file": "/dev/full"})
    site.larder.restart()
    assert get(site.larder.http, f"/a.pkg?source={HOST}&sourceScheme=https").status == 200
    problems = eventually(lambda: [text for text in site.larder.status()["problems"] if "access log" in text])
    assert "/dev/full" in problems[0] and "missing" in problems[0]


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
