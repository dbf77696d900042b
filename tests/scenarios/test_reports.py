# SPDX-License-Identifier: MIT
"""Which device has fetched which version of what: on the record, by token and by address."""

import json

import pytest

from client import Connection, eventually, get
from content import Content, KiB, MiB

HOST = "updates.cdn-apple.com"
PATH = "/2026SummerFCS/4054a88c-e206-4849-817b-8a6263d42ddb/iPhone12,1_26.6.2_23G90_Restore.ipsw"
CONTENT = Content("ipsw", 6 * MiB)

pytestmark = pytest.mark.larder(vendors=("apple",), hosts=(HOST,))


def ask(larder, token: str, **keywords):
    return get(larder.http, f"/d/{token}{PATH}?source={HOST}&sourceScheme=https", **keywords)


def row_of(larder, product: str = "iOS"):
    return next((row for row in larder.report("versions") if row["product"] == product), None)


def test_two_devices_by_token_have_fetched_the_version(site):
    site.origin.put(PATH, CONTENT)
    for token in ("C02XK1JGH7L2", "F9FZX0AAAA01"):
        assert ask(site.larder, token).body == CONTENT.read()
    row = eventually(lambda: (row := row_of(site.larder)) and row["devices_complete"] == 2 and row)
    assert (row["product"], row["version"], row["build"], row["devices_partly"]) == ("iOS", "26.6.2", "23G90", 0)
    assert row["bytes_sent"] == 2 * CONTENT.size
    devices = {device["id"]: device for device in site.larder.report("devices")}
    assert {"C02XK1JGH7L2", "F9FZX0AAAA01"} <= set(devices)
    assert devices["C02XK1JGH7L2"]["bytes_sent"] == CONTENT.size
    assert devices["C02XK1JGH7L2"]["evidence"] == "token"


def test_a_version_fetched_in_pieces_is_complete_when_the_last_piece_is_in(site):
    site.origin.put(PATH, CONTENT)
    half = CONTENT.size // 2
    ask(site.larder, "T1", fields={"Range": f"bytes={half}-"})
    row = eventually(lambda: row_of(site.larder))
    assert (row["devices_complete"], row["devices_partly"]) == (0, 1)
    ask(site.larder, "T1", fields={"Range": f"bytes=0-{half - 1}"})
    row = eventually(lambda: (row := row_of(site.larder))["devices_complete"] == 1 and row)
    assert row["devices_partly"] == 0


def test_a_client_that_leaves_halfway_has_not_fetched(site):
    content = Content("big", 64 * MiB)
    site.origin.put(PATH, content)
    ask(site.larder, "WHOLE")
    with Connection(site.larder.http, receive_buffer=8192) as leaving:
        leaving.request(f"/d/HALF{PATH}?source={HOST}&sourceScheme=https")
        leaving.head()
        leaving.read_some(100 * KiB)
        leaving.reset()
    row = eventually(lambda: (row := row_of(site.larder)) and row["devices_partly"] == 1 and row)
    assert row["devices_complete"] == 1


def test_devices_without_a_token_are_their_addresses(site):
    site.origin.put(PATH, CONTENT)
    for source in ("127.0.0.11", "127.0.0.12"):
        assert get(site.larder.http, f"{PATH}?source={HOST}&sourceScheme=https", source=source).status == 200
    addresses = eventually(lambda: (found := {d["address"] for d in site.larder.report("devices")}) >= {"127.0.0.11", "127.0.0.12"} and found)
    assert addresses


def test_the_summary_balances_with_what_was_sent_and_fetched(site):
    site.origin.put(PATH, CONTENT)
    for token in ("A", "B", "C", "D"):
        ask(site.larder, token)
    summary = eventually(lambda: (s := site.larder.report("summary"))["requests"] == 4 and s)
    assert summary["bytes_sent"] == 4 * CONTENT.size
    assert summary["bytes_from_origin"] - summary["bytes_from_origin_own"] == CONTENT.size
    assert summary["hit_ratio_bytes"] == pytest.approx(0.75, abs=0.01)
    traffic = site.larder.report("traffic")
    assert sum(row["requests"] for row in traffic) == summary["requests"]
    assert sum(row["bytes_sent"] for row in traffic) == summary["bytes_sent"]


def test_pages_of_errors_and_larders_own_save_nothing(site):
    larder = site.larder
    for _ in range(5):
        assert get(larder.http, "http://evil.example/x.pkg", host="evil.example").status == 403
        assert get(larder.http, f"/nowhere.pkg?source={HOST}&sourceScheme=https").status == 404
        assert get(larder.http, "/d/MAC1/proxy.pac").status == 200
    summary = eventually(lambda: (summary := larder.report("summary"))["requests"] == 15 and summary)
    assert summary["bytes_sent"] > 0 and summary["saved_bytes"] == 0 and summary["hit_ratio_bytes"] == 0
    site.origin.put(PATH, CONTENT)
    for token in ("A", "B"):
        assert ask(larder, token).status == 200
    summary = eventually(lambda: (summary := larder.report("summary"))["requests"] == 17 and summary)
    assert summary["saved_bytes"] == CONTENT.size and summary["hit_ratio_bytes"] == pytest.approx(0.5, abs=0.01)
    for by in ("hour", "day", "product", "entrance", "origin", "network"):
        assert sum(row["saved_bytes"] for row in larder.report("traffic", by=by)) == CONTENT.size, by
    assert sum(row["saved_bytes"] for row in larder.report("traffic")) == CONTENT.size
    printed = larder.command("report", "traffic", "--by", "entrance").stdout
    assert "SAVED" in printed and "6.0 MiB" in printed


def test_the_user_of_a_proxy_is_the_device(site):
    site.origin.put(PATH, CONTENT)
    # "SERIAL7:" as Basic credentials.
    answer = get(site.larder.http, f"http://{HOST}{PATH}", host=HOST, fields={"Proxy-Authorization": "Basic U0VSSUFMNzo="})
    assert answer.status == 200
    eventually(lambda: "SERIAL7" in {device["id"] for device in site.larder.report("devices")})
    assert all("proxy-authorization" not in asked.fields for asked in site.origin.asked())


def test_one_device_tells_its_products(site):
    site.origin.put(PATH, CONTENT)
    ask(site.larder, "ONE")
    eventually(lambda: row_of(site.larder))
    detail = site.larder.api("reports/devices/ONE")
    text = json.dumps(detail)
    assert "26.6.2" in text and "23G90" in text
    assert site.larder.api_raw("/api/v1/reports/devices/NOBODY").status == 404


def test_reports_come_as_csv_too(site):
    site.origin.put(PATH, CONTENT)
    ask(site.larder, "CSV")
    eventually(lambda: row_of(site.larder))
    answer = site.larder.api_raw("/api/v1/reports/versions?format=csv")
    assert answer["Content-Type"].startswith("text/csv")
    lines = answer.body.decode().splitlines()
    assert lines[0].startswith("product,version,build")
    assert any("26.6.2" in line for line in lines[1:])


def test_the_command_prints_what_the_api_says(site):
    site.origin.put(PATH, CONTENT)
    ask(site.larder, "CMD")
    eventually(lambda: row_of(site.larder))
    printed = site.larder.command("--json", "report", "versions")
    assert printed.returncode == 0, printed.stderr
    assert any(row["version"] == "26.6.2" for row in json.loads(printed.stdout)["items"])
    table = site.larder.command("report", "versions")
    assert table.returncode == 0 and "26.6.2" in table.stdout
    assert site.larder.command("report", "nonsense").returncode == 2
    assert site.larder.command("status").returncode == 0


def test_metrics_are_prometheus_text(larder):
    answer = larder.api_raw("/metrics")
    assert answer.status == 200
    assert "text/plain" in answer["Content-Type"]
    assert b"# TYPE larder_" in answer.body


def test_devices_of_a_list_and_who_is_behind(site, tmp_path):
    older = PATH.replace("26.6.2_23G90", "26.6.1_23G80")
    site.origin.put(PATH, CONTENT)
    site.origin.put(older, Content("older", MiB))
    listed = tmp_path / "devices.csv"
    listed.write_text("Device name;Serial number;Device category\nana's iPhone;c02xk1jgh7l2;Staff\nspare;NEVERSEEN1;Lab\n;;\n")
    assert ask(site.larder, "F9FZX0AAAA01").status == 200
    assert get(site.larder.http, f"/d/C02XK1JGH7L2{older}?source={HOST}&sourceScheme=https").status == 200
    eventually(lambda: len([row for row in site.larder.report("versions") if row["devices_complete"]]) == 2)

    def imported(*words):
        run = site.larder.command("devices", "import", str(listed), "--json", *words)
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    assert imported("--dry-run")["devices_new"] == 2
    assert imported()["devices_new"] == 2
    assert imported()["devices_unchanged"] == 2

    named = {device["id"]: device for device in site.larder.report("devices")}["C02XK1JGH7L2"]
    assert (named["serial"], named["name"], named["group"]) == ("C02XK1JGH7L2", "ana's iPhone", "Staff")
    rows = {row["device"]: row for row in site.larder.report("lagging")}
    assert set(rows) == {"C02XK1JGH7L2", "NEVERSEEN1"}
    assert (rows["C02XK1JGH7L2"]["version"], rows["C02XK1JGH7L2"]["newest_version"]) == ("26.6.1", "26.6.2")
    assert rows["C02XK1JGH7L2"]["releases_behind"] == 1
    assert (rows["NEVERSEEN1"]["product"], rows["NEVERSEEN1"]["last_seen"]) == ("", None)
    shown = site.larder.command("report", "lagging", "--group", "Staff").stdout
    assert "ana's iPhone" in shown and "spare" not in shown

    listed.write_text("Device name\nana\n")
    refused = site.larder.command("devices", "import", str(listed))
    assert refused.returncode == 1
    assert "line 1: no column is headed \"Serial number\"" in refused.stderr


def test_who_fetched_its_pac_is_known_when_it_asks_by_the_proxy(site):
    site.origin.put(PATH, CONTENT)
    assert get(site.larder.http, "/d/C02XK1JGH7L2/proxy.pac").status == 200
    eventually(lambda: [row["id"] for row in site.larder.report("devices")] == ["C02XK1JGH7L2"])
    assert get(site.larder.http, f"http://{HOST}{PATH}", host=HOST).body == CONTENT.read()
    device = eventually(lambda: next((row for row in site.larder.report("devices") if row["bytes_sent"] >= CONTENT.size), None))
    assert (device["id"], device["evidence"], device["requests"]) == ("C02XK1JGH7L2", "token", 2)
    assert [row["id"] for row in site.larder.report("devices")] == ["C02XK1JGH7L2"]


def test_a_device_is_forgotten_on_request(site):
    site.origin.put(PATH, CONTENT)
    larder = site.larder
    for token in ("C02STAYS", "C02GOES"):
        assert ask(larder, token).body == CONTENT.read()
    eventually(lambda: [row for row in larder.report("versions") if row["devices_complete"] == 2])
    told = larder.command("devices", "erase", "C02GOES", "--dry-run")
    assert told.returncode == 0 and "would forget" in told.stdout and "C02GOES" in told.stdout
    assert json.loads(larder.command("--json", "devices", "erase", "C02GOES").stdout) == {
        "dry_run": False, "serial": "", "ids": ["C02GOES"], "requests": 1}
    assert [row["id"] for row in larder.report("devices")] == ["C02STAYS"]
    assert larder.report("versions")[0]["devices_complete"] == 1
    assert larder.report("summary")["requests"] == 2
    again = larder.command("devices", "erase", "C02GOES")
    assert again.returncode == 1 and "nothing is on record" in again.stderr
    for body in (b"", b"{}", b'{"id": 1}', b'{"id": "a", "b": 1}', b"[]"):
        assert larder.api_raw("/api/v1/devices/erase", method="POST", body=body).status == 400
    assert larder.api_raw("/api/v1/devices/erase?dry_run=perhaps", method="POST", body=b'{"id": "C02STAYS"}').status == 400
