# SPDX-License-Identifier: MIT
"""Apple's catalogues teach which product a file belongs to."""

import datetime
import gzip
import json

import pytest

from client import eventually, get
from content import Content, MiB
from larder import Larder

SCAN, CDN, DIST = "swscan.apple.com", "swcdn.apple.com", "swdist.apple.com"
KEY = "042-99999"
FOLDER = f"/content/downloads/26/09/{KEY}-A_114Q05ZS90/yudaal746aeavnzu5qdhk26uhlphm3r79u/"
CATALOGUE = "/content/catalogs/others/index-14.merged-1.sucatalog"

pytestmark = pytest.mark.larder(vendors=("apple",), hosts=(SCAN, CDN, DIST))

DIST_TEXT = b"""<?xml version="1.0" encoding="UTF-8"?>
<installer-gui-script minSpecVersion="2">
  <title>SU_TITLE</title>
  <auxinfo><dict><key>BUILD</key><string>23G90</string><key>VERSION</key><string>14.6.1</string></dict></auxinfo>
  <localization><strings language="English"><![CDATA["SU_TITLE" = "macOS Sonoma";]]></strings></localization>
</installer-gui-script>
"""


def catalogue() -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>CatalogVersion</key><integer>2</integer>
<key>IndexDate</key><date>2026-08-07T22:05:09Z</date>
<key>Products</key><dict><key>{KEY}</key><dict>
  <key>Packages</key><array><dict>
    <key>Size</key><integer>{6 * MiB}</integer>
    <key>URL</key><string>https://{CDN}{FOLDER}InstallAssistant.pkg</string>
  </dict></array>
  <key>PostDate</key><date>2026-08-07T18:00:00Z</date>
  <key>Distributions</key><dict><key>English</key><string>https://{DIST}{FOLDER}{KEY}.English.dist</string></dict>
</dict></dict>
</dict></plist>
""".encode()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_file_of_a_catalogue_is_reported_with_its_product(site, packed):
    content = Content("assistant", 6 * MiB)
    name = CATALOGUE + (".gz" if packed else "")
    site.origin.put(name, gzip.compress(catalogue()) if packed else catalogue())
    site.origin.put(FOLDER + "InstallAssistant.pkg", content)
    site.origin.put(f"{FOLDER}{KEY}.English.dist", DIST_TEXT)
    assert get(site.larder.http, f"{name}?source={SCAN}&sourceScheme=https").status == 200
    assert get(site.larder.http, f"{FOLDER}{KEY}.English.dist?source={DIST}&sourceScheme=https").body == DIST_TEXT

    # A catalogue is read after it is served: what is fetched from then on is known.
    def row():
        assert get(site.larder.http, f"/d/MAC9{FOLDER}InstallAssistant.pkg?source={CDN}&sourceScheme=https").body == content.read()
        return next((row for row in site.larder.report("versions") if row["version"] == "14.6.1"), None)

    found = eventually(row)
    assert found["product"].startswith("macOS")
    assert found["build"] == "23G90"
    assert found["devices_complete"] == 1
    assert site.origin.bytes_sent(FOLDER + "InstallAssistant.pkg") == content.size


def test_what_a_catalogue_leaves_out_is_fetched_when_a_device_asks_for_the_product(site):
    content = Content("assistant", 6 * MiB)
    site.origin.put(CATALOGUE, catalogue())
    site.origin.put(FOLDER + "InstallAssistant.pkg", content, rate=6 * MiB)
    site.origin.put(f"{FOLDER}{KEY}.English.dist", DIST_TEXT)
    assert get(site.larder.http, f"{CATALOGUE}?source={SCAN}&sourceScheme=https").status == 200
    eventually(lambda: "read the catalogue" in site.larder.log)
    assert site.origin.asked(f"{FOLDER}{KEY}.English.dist") == []
    # Even the first fetch is on record with its version.
    assert get(site.larder.http, f"/d/MAC9{FOLDER}InstallAssistant.pkg?source={CDN}&sourceScheme=https").body == content.read()
    row = eventually(lambda: next(iter(row for row in site.larder.report("versions") if row["product"].startswith("macOS")), None))
    assert (row["version"], row["build"], row["devices_complete"]) == ("14.6.1", "23G90", 1)
    for _ in range(3):
        get(site.larder.http, f"/d/MAC8{FOLDER}InstallAssistant.pkg?source={CDN}&sourceScheme=https")
    assert len(site.origin.asked(f"{FOLDER}{KEY}.English.dist")) == 1


def test_catalogues_of_a_directory_are_known_from_the_start(site, tmp_path):
    for host, path, document in ((SCAN, CATALOGUE, catalogue()), (DIST, f"{FOLDER}{KEY}.English.dist", DIST_TEXT),
                                 (SCAN, "/content/catalogs/others/index-15.merged-1.sucatalog", b"no catalogue"), (SCAN, "/notes.txt", b"not read")):
        file = tmp_path / "catalogues" / (host + path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(document)
    content = Content("assistant", 6 * MiB)
    site.origin.put(FOLDER + "InstallAssistant.pkg", content)
    with Larder(tmp_path / "own", origins={CDN: site.origin}, vendors=("apple",), updates={"catalogues": tmp_path / "catalogues"}) as larder:
        eventually(lambda: "index-15.merged-1.sucatalog: " in larder.log)
        assert get(larder.http, f"/d/MAC9{FOLDER}InstallAssistant.pkg?source={CDN}&sourceScheme=https").body == content.read()
        row = eventually(lambda: next((row for row in larder.report("versions") if row["version"] == "14.6.1"), None))
        assert (row["build"], row["devices_complete"]) == ("23G90", 1)
        told = larder.command("what", f"http://{CDN}{FOLDER}InstallAssistant.pkg").stdout
        assert "macOS Sonoma" in told and "14.6.1" in told and "known by" in told and CATALOGUE in told


def test_catalogues_that_no_device_fetches_are_polled(tmp_path, site):
    pmv = b'{"PublicAssetSets": {"macOS": [{"ProductVersion": "26.6.2", "Build": "25G83", "SupportedDevices": ["J152FAP"]}]}}'
    site.origin.put("/v2/pmv", pmv)
    poll = ["https://gdmf.apple.com/v2/pmv", "https://gdmf.apple.com/v2/other", "https://example.org/x.sucatalog"]
    with Larder(tmp_path / "own", origins={"gdmf.apple.com": site.origin}, vendors=("apple",), updates={"poll": poll}) as larder:
        eventually(lambda: "read the catalogue https://gdmf.apple.com/v2/pmv: 0 files and 1 builds" in larder.log)
        assert larder.log.count("updates.poll: ") == 2
        larder.restart()
        # Known again from the store, and asked for only if it has changed.
        site.origin.wait_for(lambda o: len(o.asked("/v2/pmv")) == 2)
        assert site.origin.asked("/v2/pmv")[1].fields["if-none-match"]


def test_releases_are_as_old_as_apple_says_and_devices_lag_by_them(tmp_path, site):
    def entry(version: str, build: str, days: int) -> dict:
        posted = datetime.date.today() - datetime.timedelta(days=days)
        return {"ProductVersion": version, "Build": build, "PostingDate": posted.isoformat(), "SupportedDevices": ["J152FAP"]}

    site.origin.put("/v2/pmv", json.dumps({"PublicAssetSets": {"macOS": [entry("26.6.2", "25G83", 3), entry("26.6.1", "25G76", 20)]}}).encode())
    site.origin.put(CATALOGUE, catalogue())
    site.origin.put(f"{FOLDER}{KEY}.English.dist", DIST_TEXT)
    origins = {host: site.origin for host in ("gdmf.apple.com", SCAN, DIST)}
    with Larder(tmp_path / "own", origins=origins, vendors=("apple",), updates={"poll": ["https://gdmf.apple.com/v2/pmv"]}) as larder:
        agent = {"User-Agent": "com.apple.appstored/1.0 macOS/26.6 model/Mac14,2 hwp/t8112 build/25G70 (6; dt:236) AMS/1"}
        assert get(larder.http, f"/d/MAC7{CATALOGUE}?source={SCAN}&sourceScheme=https", fields=agent).status == 200
        rows = eventually(lambda: [row for row in larder.report("releases") if row["product"] == "macOS"])
        assert [(row["version"], row["current"]) for row in rows] == [("26.6.2", True), ("26.6.1", False)]
        assert rows[0]["released"][:10] == (datetime.date.today() - datetime.timedelta(days=3)).isoformat()
        assert get(larder.http, f"{FOLDER}{KEY}.English.dist?source={DIST}&sourceScheme=https").body == DIST_TEXT
        posted = eventually(lambda: [row for row in larder.report("releases") if row["version"] == "14.6.1"])[0]
        assert posted["released"] == "2026-08-07T18:00:00Z"
        lag = eventually(lambda: larder.report("lagging"))[0]
        assert (lag["device"], lag["version"], lag["newest_version"], lag["releases_behind"]) == ("MAC7", "26.6", "26.6.2", 2)
        assert lag["days_behind"] in (19, 20)


def test_a_catalogue_that_is_no_catalogue_teaches_nothing_and_harms_nothing(site):
    site.origin.put(CATALOGUE, b"<html>temporarily unavailable</html>")
    assert get(site.larder.http, f"{CATALOGUE}?source={SCAN}&sourceScheme=https").body == b"<html>temporarily unavailable</html>"
    site.origin.put(FOLDER + "InstallAssistant.pkg", Content("a", MiB))
    assert get(site.larder.http, f"{FOLDER}InstallAssistant.pkg?source={CDN}&sourceScheme=https").status == 200
