# SPDX-License-Identifier: MIT
"""What an administrator asks of a Larder that has served: what went wrong, how a version spreads, what one device did,
by which origin and network, of which group, and whether the sums are right."""

import csv
import io
import json
import urllib.parse

import pytest

from client import eventually, get
from content import Content, MiB
from origin_faults import Answer

HOST = "updates.cdn-apple.com"
PATHS = {version: f"/2026SummerFCS/4054a88c-e206-4849-817b-8a6263d42ddb/UniversalMac_{version}_{build}_Restore.ipsw"
         for version, build in (("26.5", "25F71"), ("26.6", "25G60"))}

pytestmark = pytest.mark.larder(vendors=("apple",), hosts=(HOST,))


def fetch(larder, token: str, version: str):
    return get(larder.http, f"/d/{token}{PATHS[version]}?source={HOST}&sourceScheme=https")


@pytest.fixture
def served(site, tmp_path):
    """MAC1 has both versions, MAC2 and MAC3 the older one; MAC1 is of the staff."""
    for version, path in PATHS.items():
        site.origin.put(path, Content(version, 2 * MiB))
    for token, version in (("MAC1", "26.5"), ("MAC2", "26.5"), ("MAC3", "26.5"), ("MAC1", "26.6")):
        assert fetch(site.larder, token, version).status == 200
    listed = tmp_path / "devices.csv"
    listed.write_text("serial,name,group\nMAC1,ana,Staff\nMAC2,ben,Pupils\n")
    assert site.larder.command("devices", "import", str(listed)).returncode == 0
    eventually(lambda: site.larder.report("summary")["requests"] == 4)
    return site


def rows_of_csv(larder, report: str, query: str = "") -> list[dict]:
    answer = larder.api_raw(f"/api/v1/reports/{report}?format=csv{query}")
    assert answer.status == 200 and answer["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.body.decode())))


def test_how_a_version_spreads_is_one_question(served):
    rows = served.larder.report("adoption", product="macOS")
    assert [(row["version"], row["devices_new"], row["devices_complete"]) for row in rows] == [("26.5", 3, 3), ("26.6", 1, 1)]
    assert len(served.larder.report("adoption", product="macOS", version="26.6")) == 1
    assert [row["devices_complete"] for row in served.larder.report("adoption", product="macOS", group="Pupils")] == [1]
    assert [row["version"] for row in rows_of_csv(served.larder, "adoption", "&product=macOS")] == ["26.5", "26.6"]
    shown = served.larder.command("report", "adoption", "--product", "macOS")
    assert shown.returncode == 0 and "26.6" in shown.stdout and "DEVICES" in shown.stdout


def test_each_report_tells_of_one_group(served):
    larder = served.larder
    assert larder.report("summary", group="Staff")["requests"] == 2
    assert larder.report("summary", group="Staff")["devices"] == 1
    assert {row["version"]: row["devices_complete"] for row in larder.report("versions", group="Pupils")} == {"26.5": 1}
    assert sum(row["requests"] for row in larder.report("traffic", group="Staff")) == 2
    assert sum(row["requests"] for row in larder.report("traffic", group="Staff", by="origin")) == 2
    assert len(larder.report("fetches", group="Pupils")) == 1
    assert larder.report("summary", group="Nobody")["requests"] == 0
    assert larder.report("versions", group="Nobody") == larder.report("fetches", group="Nobody") == []
    shown = larder.command("report", "summary", "--group", "Staff")
    assert shown.returncode == 0 and "requests" in shown.stdout


def test_the_newest_a_device_has_of_each_product(served):
    devices = {row["id"]: row for row in served.larder.report("devices")}
    assert devices["MAC1"]["newest"] == [{"product": "macOS", "version": "26.6", "build": "25G60"}]
    assert devices["MAC2"]["newest"] == [{"product": "macOS", "version": "26.5", "build": "25F71"}]
    assert {row["id"]: row["newest"] for row in rows_of_csv(served.larder, "devices")}["MAC1"] == "macOS 26.6 25G60"
    assert served.larder.api("reports/devices/MAC1")["newest"] == devices["MAC1"]["newest"]


def test_the_whole_history_of_a_device_comes_in_pages(served):
    larder = served.larder
    for _ in range(5):
        assert fetch(larder, "MAC2", "26.5").status == 200
    eventually(lambda: larder.report("summary", device="MAC2")["requests"] == 6)
    seen, cursor = [], ""
    while cursor is not None:
        page = larder.api(f"reports/fetches?device=MAC2&limit=4&cursor={cursor}")
        seen += page["items"]
        cursor = page["next_cursor"]
    assert len(seen) == 6 and {row["device"] for row in seen} == {"MAC2"}
    assert seen == sorted(seen, key=lambda row: row["time"], reverse=True)
    assert len(rows_of_csv(larder, "fetches", "&device=MAC2")) == 6
    assert larder.report("fetches", device="MAC2", product="iOS") == []
    broken = larder.api_raw("/api/v1/reports/fetches?device=MAC2&cursor=00112233445566778899aabbccddeeff")
    assert broken.status == 400 and b"begin without it" in broken.body


def test_traffic_by_origin_and_by_network(served):
    larder = served.larder
    by_origin = larder.report("traffic", by="origin")
    assert [(row["origin"], row["requests"]) for row in by_origin if row["requests"]] == [(HOST, 4)]
    by_network = {row["network"]: row["requests"] for row in larder.report("traffic", by="network")}
    assert by_network["127.0.0.0/24"] == 4
    shown = larder.command("report", "traffic", "--by", "network")
    assert shown.returncode == 0 and "127.0.0.0/24" in shown.stdout and "NETWORK" in shown.stdout


def test_what_went_wrong_is_told_with_an_example_and_what_to_do(served):
    larder = served.larder
    for _ in range(3):
        assert get(larder.http, "http://evil.example/malware.pkg", host="evil.example").status == 403
    gone = PATHS["26.6"].replace("25G60", "25G99")
    served.origin.put(gone, Content("gone", MiB), fault=Answer(500))
    assert get(larder.http, f"/d/MAC3{gone}?source={HOST}&sourceScheme=https").status >= 500
    rows = eventually(lambda: len(rows := larder.report("problems")) >= 2 and rows)
    refused = next(row for row in rows if row["kind"] == "refused")
    assert (refused["origin"], refused["count"], refused["status"], refused["entrance"]) == ("evil.example", 3, 403, "proxy")
    assert refused["url"] == "http://evil.example/" and "origins.host" in refused["remedy"]
    failed = next(row for row in rows if row["kind"] == "failed")
    assert (failed["origin"], failed["device"]) == (HOST, "MAC3") and "larder doctor" in failed["remedy"]
    assert [row["kind"] for row in larder.report("problems", device="MAC3")] == ["failed"]
    assert {row["kind"] for row in rows_of_csv(larder, "problems")} >= {"refused", "failed"}
    shown = larder.command("report", "problems")
    assert shown.returncode == 0 and "evil.example" in shown.stdout and "->" in shown.stdout
    tomorrow = urllib.parse.quote("2199-01-01T00:00:00Z")
    assert [row for row in larder.report("problems", **{"from": tomorrow}) if row["kind"] in ("refused", "failed")] == []


def test_the_sums_are_checked_and_repaired_on_request(served):
    checked = json.loads(served.larder.command("--json", "ledger", "check").stdout)
    assert checked["fetches"] >= 4 and checked["wrong"] == [] and checked["rows"] > 10
    repaired = served.larder.command("ledger", "repair")
    assert repaired.returncode == 0 and "all are right" in repaired.stdout
    assert served.larder.report("summary")["requests"] == 4
