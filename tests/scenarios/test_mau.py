# SPDX-License-Identifier: MIT
"""Microsoft AutoUpdate through its update cache: manifests, full packages and deltas, by name and by what manifests say."""

import shutil
import subprocess

import pytest

from client import Cut, eventually, get
from content import Content, MiB
from larder import Larder

CDN = "res.public.onecdn.static.microsoft"
TEAMS = "installer.teams.static.microsoft"
ONEDRIVE = "oneclient.sfx.ms"
CURRENT = "/mro1cdnstorage/C1297A47-86C4-4C1F-97FA-950631F94777/MacAutoupdate/"
FULL = "Microsoft_Outlook_16.109.26053122_Updater.pkg"
DELTA = "Outlook_16.107.26030937_to_16.109.26053122_BinaryDelta.pkg"
# Bytes a second of one connection to the CDN. Without it, what the kernels of a loopback hold when a response is broken off
# is most of the file.
LINE = 24 * MiB

pytestmark = pytest.mark.larder(vendors=("microsoft",), hosts=(CDN, TEAMS, ONEDRIVE))


def plist(*entries: dict[str, str]) -> bytes:
    dicts = "".join("<dict>" + "".join(f"<key>{key}</key><string>{value}</string>" for key, value in sorted(entry.items())) + "</dict>"
                    for entry in entries)
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" '
            f'"http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0"><array>{dicts}</array></plist>\n').encode()


def outlook() -> bytes:
    base = f"https://{CDN}{CURRENT}"
    return plist(
        {"Application ID": "OPIM2019", "Baseline Version": "16.107.26030937", "BinaryUpdaterLocation": base + DELTA,
         "FullUpdaterLocation": base + FULL, "Location": base + DELTA.replace("BinaryDelta", "Delta"),
         "Payload": DELTA.replace("BinaryDelta", "Delta"), "Title": "Microsoft Outlook Update 16.109.3 (26053122)",
         "Update Version": "16.109.26053122"},
        {"Application ID": "OPIM2019", "Location": base + FULL, "Payload": FULL,
         "Title": "Microsoft Outlook Update 16.109.3 (26053122)", "Update Version": "16.109.26053122"})


def one_app(app_id: str, title: str, version: str, location: str) -> bytes:
    return plist({"Application ID": app_id, "Location": location, "Payload": location.rsplit("/", 1)[1], "Title": title, "Update Version": version})


def publish(origin, app_id: str, manifest: bytes, version: str):
    origin.put(f"{CURRENT}0409{app_id}.xml", manifest)
    origin.put(f"{CURRENT}0409{app_id}.cat", b"signature of " + version.encode())
    origin.put(f"{CURRENT}0409{app_id}-chk.xml", b"<plist><dict><key>Update Version</key><string>" + version.encode() + b"</string></dict></plist>")


def mau(larder, name: str, **keywords):
    return get(larder.http, f"/mau/Current/{name}", **keywords)


@pytest.mark.parametrize("name", ["0409OPIM2019.xml", "0409OPIM2019.cat", "0409OPIM2019-chk.xml"])
def test_a_manifest_file_comes_unchanged(site, name):
    publish(site.origin, "OPIM2019", outlook(), "16.109.26053122")
    answer = mau(site.larder, name)
    assert answer.status == 200
    assert answer.body == site.origin.pages[CURRENT + name].content.read()


def test_outlook_in_full_reaches_two_devices_and_the_report(site):
    content = Content("outlook", 12 * MiB)
    publish(site.origin, "OPIM2019", outlook(), "16.109.26053122")
    site.origin.put(CURRENT + FULL, content)
    for token in ("MAC1", "MAC2"):
        assert get(site.larder.http, f"/d/{token}/mau/Current/{FULL}").body == content.read()
    assert site.origin.bytes_sent(CURRENT + FULL) == content.size
    row = eventually(lambda: next((row for row in site.larder.report("versions") if row["product"] == "Microsoft Outlook"
                                   and row["devices_complete"] == 2), None))
    assert row["version"] == "16.109.26053122"


@pytest.mark.skipif(not shutil.which("aria2c"), reason="aria2 is not installed")
def test_a_downloader_with_sixteen_connections_gets_the_right_bytes_once(site, tmp_path):
    publish(site.origin, "OPIM2019", outlook(), "16.109.26053122")
    contents = {FULL: Content(FULL, 400 * MiB), DELTA: Content(DELTA, 40 * MiB)}
    for name, content in contents.items():
        site.origin.put(CURRENT + name, content, rate=LINE)
        for run in range(2):
            target = tmp_path / f"run{run}"
            subprocess.run(["aria2c", "-q", "-x16", "-s16", "-k1M", "--file-allocation=none", "--allow-overwrite=true", "-d", target, "-o", "a.pkg",
                            "http://%s:%d/mau/Current/%s" % (*site.larder.http, name)], check=True, timeout=120)
            assert content.first_difference(0, (target / "a.pkg").read_bytes()) is None
            assert (target / "a.pkg").stat().st_size == content.size
    assert sum(site.origin.bytes_sent(CURRENT + name) for name in contents) <= 1.05 * sum(content.size for content in contents.values())


def test_a_delta_counts_for_the_version_it_leads_to(site):
    content = Content("delta", 3 * MiB)
    publish(site.origin, "OPIM2019", outlook(), "16.109.26053122")
    site.origin.put(CURRENT + DELTA, content)
    assert get(site.larder.http, f"/d/MAC3/mau/Current/{DELTA}").body == content.read()
    row = eventually(lambda: next((row for row in site.larder.report("versions") if row["product"] == "Microsoft Outlook"), None))
    assert (row["version"], row["devices_complete"]) == ("16.109.26053122", 1)


def test_names_that_say_nothing_are_found_through_their_manifest(site):
    teams_path, onedrive_path = "/production-osx/25306.805.4102.7211/MicrosoftTeams.pkg", "/Mac/Installers/25.206.1021.0003/universal/OneDrive.pkg"
    teams, onedrive = Content("teams", 5 * MiB), Content("onedrive", 4 * MiB)
    publish(site.origin, "TEAMS21", one_app("TEAMS21", "Microsoft Teams Update", "25306.805.4102.7211", f"https://{TEAMS}{teams_path}"), "25306.805.4102.7211")
    publish(site.origin, "ONDR18", one_app("ONDR18", "OneDrive Update", "25.206.1021", f"https://{ONEDRIVE}{onedrive_path}"), "25.206.1021")
    site.origin.put(teams_path, teams)
    site.origin.put(onedrive_path, onedrive)
    for manifest in ("0409TEAMS21.xml", "0409ONDR18.xml"):
        assert mau(site.larder, manifest).status == 200
    assert eventually(lambda: (answer := mau(site.larder, "MicrosoftTeams.pkg")).status == 200 and answer).body == teams.read()
    assert eventually(lambda: (answer := mau(site.larder, "OneDrive.pkg")).status == 200 and answer).body == onedrive.read()
    products = eventually(lambda: (found := {row["product"]: row["version"] for row in site.larder.report("versions")}) and len(found) >= 2 and found)
    assert any("Teams" in product for product in products)
    assert any("OneDrive" in product for product in products)


def test_a_missing_package_is_a_404_and_not_an_error_page(site):
    answer = mau(site.larder, "Microsoft_Word_16.1.1_Updater.pkg")
    assert answer.status == 404


def test_an_unknown_channel_is_refused(larder):
    assert get(larder.http, "/mau/Nonsense/0409OPIM2019.xml").status in (400, 404)


def test_the_layout_of_older_mirrors_is_understood(site):
    publish(site.origin, "OPIM2019", outlook(), "16.109.26053122")
    content = Content("outlook", 2 * MiB)
    site.origin.put(CURRENT + FULL, content)
    manifest = get(site.larder.http, "/x/MAU/cache/collateral/Production/0409OPIM2019.xml")
    assert manifest.body == outlook()
    assert get(site.larder.http, f"/x/MAU/cache/{FULL}").body == content.read()
    assert get(site.larder.http, f"/mau/Current/OPIM2019/{FULL}").body == content.read()
    assert get(site.larder.http, f"/mau/Current//{FULL}").body == content.read()


def test_a_new_release_shows_on_request(site):
    publish(site.origin, "OPIM2019", outlook(), "16.109.26053122")
    assert mau(site.larder, "0409OPIM2019.xml").body == outlook()
    newer = outlook().replace(b"16.109.26053122", b"16.113.26100421")
    publish(site.origin, "OPIM2019", newer, "16.113.26100421")
    assert eventually(lambda: mau(site.larder, "0409OPIM2019.xml").body == newer)



# ---- generations ----

OLD, NEW, NEWEST = "16.108.26041219", "16.109.26053122", "16.110.26061317"
SET = ("0409OPIM2019-chk.xml", "0409OPIM2019.xml", "0409OPIM2019.cat")


def outlook_of(version: str) -> bytes:
    return outlook().replace(NEW.encode(), version.encode())


def release(origin, version: str):
    publish(origin, "OPIM2019", outlook_of(version), version)


def seen(larder, device: str = "") -> str:
    """The version a client sees; its three files are of one set."""
    prefix = f"/d/{device}" if device else ""
    pointer, manifest, signature = (get(larder.http, f"{prefix}/mau/Current/{name}") for name in SET)
    assert (pointer.status, manifest.status, signature.status) == (200, 200, 200)
    version = signature.body.removeprefix(b"signature of ").decode()
    assert version.encode() in pointer.body and manifest.body == outlook_of(version)
    return version


def test_a_newer_release_is_seen_at_once_and_an_edge_that_goes_back_is_not(site):
    release(site.origin, OLD)
    assert seen(site.larder) == OLD
    release(site.origin, NEW)
    assert seen(site.larder) == NEW
    for _ in range(3):
        release(site.origin, OLD)
        assert seen(site.larder) == NEW
        release(site.origin, NEW)
        assert seen(site.larder) == NEW
    release(site.origin, NEWEST)
    assert seen(site.larder) == NEWEST


@pytest.mark.parametrize("early", SET)
def test_a_release_that_is_half_there_is_not_seen(site, early):
    release(site.origin, OLD)
    assert seen(site.larder) == OLD
    half = {name: site.origin.pages[CURRENT + name] for name in SET}
    release(site.origin, NEW)
    for name in SET:
        if name != early:
            site.origin.pages[CURRENT + name] = half[name]
    for _ in range(3):
        assert seen(site.larder) == OLD
    release(site.origin, NEW)
    assert seen(site.larder) == NEW


def test_a_client_in_the_middle_of_a_set_gets_the_rest_of_it(site):
    release(site.origin, OLD)
    assert get(site.larder.http, f"/d/EARLY/mau/Current/{SET[0]}").status == 200
    release(site.origin, NEW)
    assert seen(site.larder, "LATE") == NEW
    assert get(site.larder.http, f"/d/EARLY/mau/Current/{SET[1]}").body == outlook_of(OLD)
    assert get(site.larder.http, f"/d/EARLY/mau/Current/{SET[2]}").body == b"signature of " + OLD.encode()
    assert seen(site.larder, "EARLY") == NEW


def test_an_error_page_is_no_manifest(site):
    release(site.origin, OLD)
    assert seen(site.larder) == OLD
    site.origin.put(CURRENT + SET[1], b"<!DOCTYPE html><html><body>400 Bad Request</body></html>")
    assert seen(site.larder) == OLD


def test_a_page_is_no_package(site):
    release(site.origin, NEW)
    page = b"<!DOCTYPE html><html><body>Access denied</body></html>"
    site.origin.put(CURRENT + DELTA, page, fields={"Content-Type": "text/html; charset=utf-8"})
    answer = mau(site.larder, DELTA)
    assert (answer.status, answer["Location"]) == (307, f"https://{CDN}{CURRENT}{DELTA}")
    site.origin.put(CURRENT + FULL, page)
    try:
        assert mau(site.larder, FULL).status != 200
    except Cut:
        pass
    # A refused object leaves the store a moment after its readers.
    eventually(lambda: not any(listed["url"].endswith(".pkg") for listed in site.larder.objects()))


def test_what_was_published_survives_a_restart_and_an_origin_that_is_gone(site):
    release(site.origin, NEW)
    tag = mau(site.larder, SET[1])["ETag"]
    assert seen(site.larder) == NEW
    site.larder.stop()
    for name in SET:
        del site.origin.pages[CURRENT + name]
    site.larder.start()
    assert seen(site.larder) == NEW
    assert mau(site.larder, SET[1])["ETag"] == tag
    release(site.origin, OLD)
    assert seen(site.larder) == NEW


def test_manifests_know_conditions_ranges_and_head(site):
    release(site.origin, NEW)
    whole = mau(site.larder, SET[1])
    assert mau(site.larder, SET[1], fields={"If-None-Match": whole["ETag"]}).status == 304
    part = mau(site.larder, SET[1], fields={"Range": "bytes=10-19"})
    assert (part.status, part.body) == (206, whole.body[10:20])
    head = mau(site.larder, SET[1], method="HEAD")
    assert (head.status, head.body, head["Content-Length"]) == (200, b"", str(len(whole.body)))


def test_an_application_no_list_knows_is_served(site):
    publish(site.origin, "ZZNEW42", outlook(), NEW)
    assert mau(site.larder, "0409ZZNEW42.xml").body == outlook()
    assert mau(site.larder, "0409ZZNONE1.xml").status == 404


@pytest.mark.larder(vendors=("microsoft",), hosts=(CDN, TEAMS, ONEDRIVE), updates={"holdoff": "1s"})
def test_a_rollback_that_lasts_is_seen(site):
    release(site.origin, NEW)
    assert seen(site.larder) == NEW
    release(site.origin, OLD)
    assert seen(site.larder) == NEW
    assert eventually(lambda: seen(site.larder) == OLD)


@pytest.mark.larder(vendors=("microsoft",), hosts=(CDN, TEAMS, ONEDRIVE), updates={"holdoff": "30d", "holdoffs": ["MSWD2019 9d", "0409opim2019 current 1s"]})
def test_an_application_has_a_holdoff_of_its_own(site):
    release(site.origin, NEW)
    assert seen(site.larder) == NEW
    release(site.origin, OLD)
    assert eventually(lambda: seen(site.larder) == OLD)


@pytest.mark.larder(vendors=("microsoft",), hosts=(CDN, TEAMS, ONEDRIVE), updates={"holdoff": "1s", "holdoffs": ["OPIM2019 Preview 1s", "OPIM2019 9d", "OPIM2019 Nosuch 1s"]})
def test_the_first_holdoff_that_fits_counts(site):
    release(site.origin, NEW)
    assert seen(site.larder) == NEW
    release(site.origin, OLD)
    assert seen(site.larder) == NEW
    assert eventually(lambda: get(site.larder.admin, "/metrics").body.count(b"larder_manifests_held 1"))
    left = [row for row in site.larder.status()["manifests"] if row["held"]]
    assert len(left) == 1
    assert eventually(lambda: 'no channel "Nosuch"' in site.larder.log)


def test_every_release_seen_is_reported_with_who_has_it(site):
    release(site.origin, OLD)
    assert seen(site.larder) == OLD
    release(site.origin, NEW)
    assert seen(site.larder) == NEW
    content = Content("outlook", 2 * MiB)
    site.origin.put(CURRENT + FULL, content)
    assert get(site.larder.http, f"/d/MAC1/mau/Current/{FULL}").body == content.read()
    rows = eventually(lambda: (rows := site.larder.report("releases")) and rows[0]["devices_complete"] == 1 and rows)
    assert [row["version"] for row in rows] == [NEW, OLD]
    newest = rows[0]
    assert (newest["product"], newest["marketing_version"], newest["channel"], newest["current"]) == ("Microsoft Outlook", "16.109.3", "Current", True)
    assert newest["size_bytes"] == content.size and newest["url"] == f"https://{CDN}{CURRENT}{FULL}"
    assert rows[1]["size_bytes"] is None and not rows[1]["current"]
    assert NEW in site.larder.command("report", "releases", "--product", "Microsoft Outlook").stdout
    release(site.origin, OLD)
    assert seen(site.larder) == NEW
    held = next(row for row in site.larder.status()["manifests"] if row["product"] == "Microsoft Outlook")
    assert (held["version"], held["held"]) == (NEW, f"{OLD} is older than {NEW}")
    assert b"larder_manifests_held 1" in get(site.larder.admin, "/metrics").body


def test_what_one_site_knows_is_taken_in_by_another(site, origin, tmp_path):
    release(site.origin, OLD)
    assert seen(site.larder) == OLD
    bundle = tmp_path / "larder.bundle"
    assert site.larder.command("export", str(bundle)).returncode == 0
    other = Larder(tmp_path / "other", origins={}, vendors=("microsoft",))
    other.start()
    try:
        assert other.command("import", str(bundle)).stdout.startswith("applications: 1, of these newer than here: 1")
        # Its origin cannot be reached, and clients get the whole set.
        assert seen(other) == OLD
        assert [row["version"] for row in other.report("releases")] == [OLD]
        assert other.command("import", str(bundle)).stdout.startswith("applications: 1, of these newer than here: 0")
        bundle.write_bytes(bundle.read_bytes()[:-40])
        refused = other.command("import", str(bundle))
        assert refused.returncode == 1 and "reading a bundle of catalogues: it ends too early" in refused.stderr
    finally:
        other.stop()
