# SPDX-License-Identifier: MIT
"""The administrator's page in a browser, before a real daemon that has served a small school."""

import csv
import dataclasses
import io
import os
import pathlib
import re
import urllib.parse

import pytest

from browser import ENTER, TAB, Browser
from client import InBackground, eventually, get
from content import Content, MiB
from larder import Larder
from origin import Origin
from origin_faults import Stall

HOST = "updates.cdn-apple.com"
LOOK = (pathlib.Path(__file__).parent / "page_look.js").read_text()
TOKEN = "correct-horse-battery-staple"
FIRST_VIEW = 250 * 1000  # bytes

# Nothing of this may ever run, or break the page.
MARKUP = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
LONG = "W" * 200
INVENTORY = f'''Serial Number,Device Name,Group
MAC001,"{MARKUP.replace('"', '""')}","=cmd|' /C calc'!A0"
MAC002,{LONG},{LONG}
NEVER1,"javascript:window.pwned=1",staff
'''
VIEWS = ["", "devices", "device/MAC001", "versions", "release/macOS/26.6", "releases", "lagging", "traffic", "store", "profiles?kinds=mau,wifi-pac",
         "problems", "changes", "device/" + urllib.parse.quote(MARKUP, safe=""), "release/" + urllib.parse.quote(MARKUP, safe="") + "/1", "nonsense/%ff/" + LONG]


def path_of(name: str) -> str:
    return f"/2026SummerFCS/4054a88c-e206-4849-817b-8a6263d42ddb/{name}_Restore.ipsw"


@dataclasses.dataclass
class School:
    origin: Origin
    larder: Larder
    browser: Browser

    @property
    def address(self) -> str:
        return "http://%s:%d/" % self.larder.admin

    def fetch(self, token: str, name: str, **keywords):
        return get(self.larder.http, f"/d/{token}{path_of(name)}?source={HOST}&sourceScheme=https", **keywords)

    def open(self, view: str = "", width: int = 1600, theme: str = "light"):
        """A view as if its address had just been typed."""
        self.browser.look(width, theme=theme)
        self.browser.go("about:blank")
        self.browser.go(self.address + "#/" + view)
        self.settled()

    def settled(self):
        eventually(lambda: self.browser.run("return document.querySelector('#view h1') !== null || !document.querySelector('#ask-token').hidden"))

    def keep_picture(self, view: str, width: int, theme: str):
        """For eyes: LARDER_PICTURES names a directory to keep them in."""
        if directory := os.environ.get("LARDER_PICTURES"):
            name = re.sub(r"[^A-Za-z0-9]+", "-", view)[:40] or "overview"
            (pathlib.Path(directory) / f"{name}-{width}-{theme}.png").write_bytes(self.browser.picture())

    def axe(self) -> list[str]:
        """The serious findings of axe-core, where LARDER_AXE names its axe.min.js (npm pack axe-core)."""
        script = os.environ.get("LARDER_AXE")
        if not script:
            return []
        self.browser.run(pathlib.Path(script).read_text() + "; window.axe = axe")
        found = self.browser.promised("return (await axe.run()).violations.map((v) => [v.impact, v.id, v.nodes.map((n) => n.target.join(' '))])")
        return [finding for finding in found if finding[0] in ("serious", "critical")]

    def rows(self, table: str) -> list[str]:
        return self.browser.run(f"return [...document.querySelectorAll('[data-table=\"{table}\"] tbody tr')].map((row) => row.cells[0].innerText)")


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    with Origin() as origin:
        larder = Larder(tmp_path_factory.mktemp("school"), origins={HOST: origin}, vendors=("apple",),
                        hooks=({"url": "http://127.0.0.1:1/services/very-secret", "events": ["disk", "origin_down"]},))
        with larder:
            larder_school(origin, larder)
            browser = Browser(tmp_path_factory.mktemp("downloads"))
            try:
                yield School(origin, larder, browser)
            finally:
                browser.close()


def larder_school(origin, larder):
    """Twelve Macs, of which eight have the newer version; a phone; a name that is no update."""
    for number, name in enumerate(["UniversalMac_26.5_25F71", "UniversalMac_26.6_25G60", "iPhone12,1_26.6.2_23G90"]):
        origin.put(path_of(name), Content(name, (number + 2) * MiB))
    agent = {"User-Agent": MARKUP + LONG}
    for number in range(12):
        token = f"MAC{number:03d}"
        for name in ["UniversalMac_26.5_25F71"] + (["UniversalMac_26.6_25G60"] if number < 8 else []):
            assert get(larder.http, f"/d/{token}{path_of(name)}?source={HOST}&sourceScheme=https", fields=agent).status == 200
    get(larder.http, f"/d/PHONE1{path_of('iPhone12,1_26.6.2_23G90')}?source={HOST}&sourceScheme=https")
    origin.put("/%3Cscript%3Ewindow.pwned=1%3C/script%3E.pkg", Content("odd", MiB))
    get(larder.http, f"/%3Cscript%3Ewindow.pwned=1%3C/script%3E.pkg?source={HOST}", fields=agent)
    imported = larder.api_raw("/api/v1/devices/import", method="POST", body=INVENTORY.encode(), fields={"Content-Type": "text/csv", **agent})
    assert imported.status == 200, imported.body
    eventually(lambda: len(larder.report("devices")) >= 14)
    larder.settle()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_sound_wide_and_narrow_light_and_dark(school, view):
    school.browser.errors()
    for width, theme in ((1600, "light"), (360, "dark")):
        school.open(view, width, theme)
        assert school.browser.run(LOOK) == []
        assert school.axe() == []
        school.keep_picture(view, width, theme)
        school.browser.look(width, theme="dark" if theme == "light" else "light")
        assert school.browser.run(LOOK) == []
        assert school.browser.run("return window.pwned ?? null") is None
    missing = [error for error in school.browser.errors() if "404" not in error]
    assert missing == []
    assert all(name.startswith(school.address) for name in school.browser.run("return performance.getEntriesByType('resource').map((e) => e.name)"))


def test_the_first_view_tells_health_savings_the_new_version_and_who_lags_and_is_small(school):
    school.browser.cdp("Network.clearBrowserCache")
    school.open()
    text = school.browser.text()
    assert "All is well." in text and school.browser.text("#state") == "all is well"
    digest = school.browser.text('[data-key="digest"]')
    assert digest.startswith("4 devices lag, 1 device of the inventory has never asked.") and "macOS 26.6 is on 8 of 12 devices" in digest
    summary = school.larder.report("summary")
    assert school.browser.text('[data-key="requests"]') == str(summary["requests"])
    assert school.browser.text('[data-key="ratio"]') == f"{summary['hit_ratio_bytes'] * 100:.1f} %"
    assert "macOS 26.6" in school.rows("newest")
    assert "8 of 12" in school.browser.text('[data-table="newest"]')
    assert "javascript:window.pwned=1" in school.rows("behind")
    charts = "return [...document.querySelectorAll('canvas')].filter((c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((v) => v > 0)).length"
    eventually(lambda: school.browser.run(charts) == 2)
    sizes = "return performance.getEntries().filter((e) => e.transferSize).reduce((sum, e) => sum + e.transferSize, 0)"
    assert 30_000 < school.browser.run(sizes) < FIRST_VIEW


def test_bars_and_lines_have_the_colours_of_the_theme(school):
    drawn = """return Object.values(globalThis.Chart?.instances ?? {}).flatMap((chart) => chart.data.datasets.flatMap((series, at) =>
      chart.getDatasetMeta(at).data.map((element) => element.options.backgroundColor)))"""
    accents = {}
    for theme in ("light", "dark"):
        school.open("", 1600, theme)
        accents[theme] = school.browser.run("return getComputedStyle(document.documentElement).getPropertyValue('--accent').trim()")
        colours = eventually(lambda: school.browser.run(drawn))
        assert accents[theme] in colours and not any("rgba" in colour for colour in colours)
    school.browser.look(1600, theme="light")
    eventually(lambda: accents["light"] in school.browser.run(drawn) and accents["dark"] not in school.browser.run(drawn))


def test_a_device_says_that_it_lags_and_the_changes_are_in_words(school):
    school.open("device/MAC008", 360)
    assert "macOS 26.5 where 26.6 is the newest" in school.browser.text(".facts .bad")
    school.open("device/MAC001")
    assert "not as far as is known" in school.browser.text(".facts")
    school.open("changes")
    text = school.browser.text('[data-table="changes"]')
    assert "import a list of devices" in text and "larderd itself" in text and MARKUP in text


def test_a_table_filters_and_sorts_and_its_address_can_be_shared(school):
    school.open("devices")
    assert len(school.rows("devices")) == 14
    school.browser.type('[data-table="devices"] input', "mac00")
    eventually(lambda: len(school.rows("devices")) == 10)
    assert "10 of 14" in school.browser.text('[data-table="devices"] .count')
    school.browser.click('[data-table="devices"] thead th:nth-last-child(3) button')
    assert school.browser.count('th[aria-sort="descending"]') == 1
    rows = school.rows("devices")
    address = school.browser.run("return location.href")
    assert "mac00" in address and "bytes_sent" in address
    school.open(address.split("#/")[1])
    assert school.rows("devices") == rows and school.browser.run("return document.querySelector('[type=search]').value") == "mac00"
    school.browser.run("const i = document.querySelector('[type=search]'); i.value = 'nothing like it'; i.dispatchEvent(new Event('input'))")
    assert school.rows("devices") == [] and "0 of 14" in school.browser.text('[data-table="devices"] .count')


def test_every_table_has_a_link_to_its_rows_as_csv(school):
    for view, table, reports in (("devices", "devices", "devices"), ("versions", "versions", "versions"), ("lagging", "lagging", "lagging")):
        school.open(view)
        target = school.browser.run(f"return document.querySelector('[data-table=\"{table}\"] a.csv').href")
        rows = list(csv.DictReader(io.StringIO(school.larder.api_raw(target.removeprefix(school.address[:-1])).body.decode())))
        assert len(rows) == len(school.larder.report(reports)) == len(school.rows(table))
    school.open("device/MAC001")
    school.browser.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(school.browser.downloads))
    school.browser.click('[data-table="fetches"] a.csv')
    saved = pathlib.Path(school.browser.downloads) / "fetches.csv"
    eventually(saved.exists)
    rows = eventually(lambda: list(csv.DictReader(saved.open())))
    assert [row["version"] for row in rows] == ["26.6", "26.5"]


def test_what_runs_shows_by_itself_and_goes_when_it_has_ended(school):
    school.open()
    stall = Stall(at=MiB)
    content = Content("live", 4 * MiB)
    school.origin.put(path_of("UniversalMac_26.7_25H1"), content, fault=stall)
    waiting = [InBackground(school.fetch, token, "UniversalMac_26.7_25H1") for token in ("MAC001", "MAC002")]
    assert stall.reached.wait(30)
    eventually(lambda: school.browser.text('[data-key="clients_waiting"]') == "2")
    assert school.rows("fills") == ["macOS 26.7"]
    assert school.browser.text('[data-key="fills"]') == "1"
    stall.go.set()
    assert all(fetch.result().body == content.read() for fetch in waiting)
    eventually(lambda: "No download is running." in school.browser.text("#fills"))
    eventually(lambda: school.browser.text('[data-key="hit_ratio_bytes"]').endswith("%"))


def test_the_page_is_used_by_keyboard_alone(school):
    school.open()
    focused = "return document.activeElement.textContent"
    school.browser.press(TAB)
    assert school.browser.run(focused) == "To the content"
    school.browser.press(ENTER)
    assert school.browser.run("return document.activeElement.id") == "content"
    school.open()
    for _ in range(30):
        school.browser.press(TAB)
        if school.browser.run(focused) == "Devices":
            break
    school.browser.press(ENTER)
    eventually(lambda: school.browser.run("return document.activeElement.localName + document.activeElement.textContent") == "h1Devices")
    for _ in range(30):
        school.browser.press(TAB)
        if school.browser.run(focused) == "Requests":
            break
    school.browser.press(ENTER)
    assert school.browser.run("return document.activeElement.closest('th').getAttribute('aria-sort')") == "descending"
    outline = school.browser.run("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_a_release_shows_how_it_spread_and_a_profile_is_written_or_refused_in_words(school):
    school.open("release/macOS/26.5")
    assert "12" in school.browser.text(".cards")
    figures = school.browser.run("return [...document.querySelectorAll('figure tbody td')].map((cell) => cell.dataset.title + ': ' + cell.textContent)")
    assert figures[0] == "26.5: 12" and "26.6: 8" in figures
    school.open("profiles?kinds=ddm-enforce")
    school.browser.type('[name="os_version"]', "no version")
    school.browser.click("form.maker > button")
    eventually(lambda: "version" in school.browser.text("#profile .notice"))
    school.open("profiles?kinds=mau")
    school.browser.click("form.maker > button")
    eventually(lambda: "PayloadType" in school.browser.text("#profile pre"))


def test_one_group_is_looked_at_from_view_to_view_until_all_are_again(school):
    school.open("lagging")
    eventually(lambda: "staff" in school.browser.text('[data-table="lagging"]'))
    school.browser.run("[...document.querySelectorAll('[data-table=\"lagging\"] td a')].find((a) => a.textContent === 'staff').click()")
    eventually(lambda: "Only devices of the group staff." in school.browser.text("#view"))
    eventually(lambda: school.rows("lagging") == ["javascript:window.pwned=1 NEVER1"])
    school.browser.run("[...document.querySelectorAll('#views a')].find((a) => a.textContent === 'Devices').click()")
    eventually(lambda: school.browser.text("#view h1") == "Devices")
    assert "group=staff" in school.browser.run("return location.href") and school.rows("devices") == []
    school.browser.click(".group a")
    eventually(lambda: len(school.rows("devices")) >= 14)


def test_what_went_wrong_stands_with_what_to_do(school):
    assert get(school.larder.http, "http://evil.example/" + urllib.parse.quote(MARKUP), host="evil.example").status == 403
    eventually(lambda: school.larder.report("problems"))
    school.open("problems", 360, "dark")
    assert "evil.example refused" in school.rows("problems")[0]
    assert "[[origins.host]]" in school.browser.text('[data-table="problems"]')
    assert school.browser.run(LOOK) == []
    school.open("traffic")
    assert "127.0.0.0/24" in school.rows("by-network") and HOST in school.rows("by-origin")


def test_whom_larder_tells_stands_in_a_table_and_can_be_tried(school):
    school.open("problems", 360)
    assert school.rows("webhooks") == ["1: http://127.0.0.1:1/***"]
    text = school.browser.text('[data-table="webhooks"]')
    assert "not told anything yet" in text and "disk, origin down" in text
    school.browser.run("document.querySelector('[aria-label=\"Test webhook 1\"]').click()")
    eventually(lambda: "connect" in school.browser.text('[data-table="webhooks"] .orders').lower())
    assert "very-secret" not in school.browser.run("return document.documentElement.outerHTML")
    assert school.browser.run(LOOK) == []


def test_an_order_is_given_from_the_store_and_done(school):
    school.open("store")
    school.browser.type('[data-table="objects"] input', "iPhone12")
    eventually(lambda: len(school.rows("objects")) == 1)
    school.browser.click('[data-table="objects"] tbody .orders button')
    eventually(lambda: [o["pinned"] for o in school.larder.objects() if "iPhone12" in o["url"]] == [True])
    eventually(lambda: "pinned" in school.browser.text(".orders [role=status]"))


def test_a_daemon_that_has_gone_is_told_of_and_found_again(school):
    school.open("devices")
    school.larder.stop()
    school.browser.run("dispatchEvent(new HashChangeEvent('hashchange'))")
    eventually(lambda: "larderd does not answer" in school.browser.text("#trouble"))
    assert len(school.rows("devices")) >= 14, "the last numbers stay"
    school.larder.start()
    eventually(lambda: school.browser.run("return document.querySelector('#trouble').hidden"), timeout=60)


def test_without_the_token_nothing_is_seen_and_with_it_everything(school, tmp_path):
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    school.larder.write_config(access={"admin_token_file": token})
    school.larder.restart()
    try:
        school.open("devices")
        assert not school.browser.run("return document.querySelector('#ask-token').hidden")
        assert school.rows("devices") == [] and "MAC00" not in school.browser.text()
        assert school.browser.run(LOOK) == []
        school.browser.type("#token", "wrong-horse-battery-staple" + ENTER)
        eventually(lambda: school.browser.text("#token-answer") == "This token is wrong.")
        school.browser.type("#token", TOKEN + ENTER)
        eventually(lambda: len(school.rows("devices")) >= 14)
        school.browser.click('[data-table="devices"] a.csv')
        saved = pathlib.Path(school.browser.downloads) / "devices.csv"
        eventually(saved.exists)
        school.browser.click("#views a")
        eventually(lambda: school.browser.text('[data-key="clients_waiting"]') == "0")
        school.browser.click("#forget")
        eventually(lambda: not school.browser.run("return document.querySelector('#ask-token').hidden"))
        assert school.browser.run("return sessionStorage.length") == 0
    finally:
        school.larder.write_config(access={"admin_token_file": ""})
        school.larder.restart()
