# SPDX-License-Identifier: MIT
"""Every change by the API is on record: who, from where, what, and how it ended."""

import csv
import io
import json

import pytest

from client import eventually
from content import Content, MiB

HOST = "updates.cdn-apple.com"

pytestmark = pytest.mark.larder(vendors=("apple",), hosts=(HOST,))


def changes(larder, **query) -> list[dict]:
    return larder.api("audit?" + "&".join(f"{key}={value}" for key, value in query.items()))["items"]


def test_each_order_is_on_record_and_survives_a_kill(site, tmp_path):
    larder = site.larder
    url = f"http://{HOST}/a.pkg"
    site.origin.put("/a.pkg", Content("a", MiB))
    assert larder.command("prefetch", url).returncode == 0
    url = larder.objects()[0]["url"]
    listed = tmp_path / "devices.csv"
    listed.write_text("serial,name\nC02XY,ana\n")
    for words, code in ((("cache", "pin", url), 0), (("cache", "unpin", url), 0), (("cache", "verify"), 0), (("cache", "evict", url), 0),
                        (("cache", "evict", url), 1), (("devices", "import", str(listed), "--dry-run"), 0),
                        (("devices", "erase", "C02XY"), 1), (("ledger", "repair"), 0)):
        assert larder.command(*words).returncode == code, words
    rows = changes(larder)
    assert [(row["what"].removeprefix("POST /api/v1/"), row["status"]) for row in reversed(rows)] == [
        ("start", 0), ("cache/prefetch", 202), ("cache/pin", 200), ("cache/unpin", 200), ("cache/verify", 202), ("cache/evict", 200),
        ("cache/evict", 404), ("devices/import", 200), ("devices/erase", 404), ("ledger/totals", 200)]
    assert {row["who"] for row in rows} == {"no_token", "larderd"} and {row["address"] for row in rows} == {"127.0.0.1", ""}
    assert any("?dry_run=true" in row["order"] for row in rows) and "C02XY" not in json.dumps(rows)
    larder.kill()
    larder.start()
    eventually(lambda: len(changes(larder)) == len(rows) + 1)
    assert changes(larder)[1:] == rows
    checked = larder.command("audit", "check")
    assert checked.returncode == 0 and "whole" in checked.stdout
    answer = larder.api_raw("/api/v1/audit?format=csv")
    assert len(list(csv.DictReader(io.StringIO(answer.body.decode())))) == len(rows) + 1
    shown = larder.command("audit", "list", "--limit", "3")
    assert shown.returncode == 0 and "ledger/totals" in shown.stdout and "--cursor" in shown.stdout


def test_a_reload_is_on_record_and_an_edited_line_shows(site):
    larder = site.larder
    larder.signal(1)
    eventually(lambda: changes(larder)[0]["what"] == "reload")
    larder.stop()
    assert [row["what"] for row in map(json.loads, (larder.directory / "state" / "audit.jsonl").read_text().splitlines())] == ["start", "reload", "stop"]
    file = larder.directory / "state" / "audit.jsonl"
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text(file.read_text().replace('"what":"start"', '"what":"stard"', 1))
    larder.start()
    checked = larder.command("audit", "check")
    assert checked.returncode == 1 and "BROKEN" in checked.stdout
    assert {row["order"] for row in changes(larder)} == {"larderd " + larder.status()["version"]}
    shown = larder.command("audit", "list", "--cursor", "12")
    assert shown.returncode == 1 and "begin without it" in shown.stderr


def test_whoever_is_refused_is_on_record_too(site, tmp_path):
    larder = site.larder
    token = tmp_path / "token"
    token.write_text("correct-horse-battery-staple\n")
    token.chmod(0o600)
    larder.write_config(access={"admin_token_file": token})
    larder.restart()
    right = {"Authorization": "Bearer correct-horse-battery-staple"}
    for fields, status in (({}, 401), ({"Authorization": "Bearer wrong-horse-battery-staple"}, 401), ({**right, "Origin": "http://evil.example"}, 403)):
        assert larder.api_raw("/api/v1/cache/verify", method="POST", fields=fields).status == status
    rows = eventually(lambda: len(rows := json.loads(larder.api_raw("/api/v1/audit", fields=right).body)["items"]) >= 6 and rows)
    assert [(row["who"], row["status"]) for row in rows[:3]] == [("nobody", 403), ("nobody", 401), ("nobody", 401)]
    assert "horse" not in json.dumps(rows)
    assert larder.api_raw("/api/v1/audit").status == 401
    refused = larder.api_raw("/api/v1/cache/evict", method="POST", fields={**right, "Content-Length": str(1 << 30)})
    assert refused.status == 413
    row = eventually(lambda: (row := json.loads(larder.api_raw("/api/v1/audit", fields=right).body)["items"][0])["status"] == 413 and row)
    assert (row["who"], row["what"]) == ("admin_token", "POST /api/v1/cache/evict")
