# SPDX-License-Identifier: MIT
"""Updates that an administrator brings into the store before a device asks: by URL, by product and version."""

import json

import pytest

from client import eventually, get
from content import Content, MiB
from origin_faults import Answer

HOST = "updates.cdn-apple.com"
PATH = "/2026SummerFCS/4054a88c-e206-4849-817b-8a6263d42ddb/iPhone12,1_26.6.2_23G90_Restore.ipsw"
CDN = "res.public.onecdn.static.microsoft"
CURRENT = "/mro1cdnstorage/C1297A47-86C4-4C1F-97FA-950631F94777/MacAutoupdate/"
CONTENT = Content("ipsw", 3 * MiB)

pytestmark = pytest.mark.larder(vendors=("apple", "microsoft"), hosts=(HOST, CDN))


def prefetched(larder, *words, code=0):
    run = larder.command("--json", "prefetch", *words)
    assert run.returncode == code, run.stderr
    return json.loads(run.stdout)["items"]


def test_a_url_is_there_when_the_first_device_asks(site):
    site.origin.put(PATH, CONTENT)
    (item,) = prefetched(site.larder, f"https://{HOST}{PATH}")
    assert (item["state"], item["product"], item["version"], item["bytes_done"]) == ("fetched", "iOS", "26.6.2", CONTENT.size)
    answer = get(site.larder.http, f"/d/T1{PATH}?source={HOST}&sourceScheme=https")
    assert answer["Cache-Status"] == "larder; hit"
    assert answer.body == CONTENT.read()
    assert len(site.origin.asked(PATH)) == 1
    # It was Larder's own wish, and nobody's fetch.
    summary = eventually(lambda: (report := json.loads(site.larder.command("--json", "report", "summary").stdout))["requests"] and report)
    assert (summary["requests"], summary["bytes_from_origin_own"]) == (1, CONTENT.size)
    assert prefetched(site.larder, f"https://{HOST}{PATH}")[0]["state"] == "held"


def test_a_product_by_its_newest_version(site):
    package = "Microsoft_Word_16.113.26100421_Updater.pkg"
    base = f"https://{CDN}{CURRENT}"
    entry = {"Application ID": "MSWD2019", "Location": base + package, "FullUpdaterLocation": base + package, "Payload": package,
             "Title": "Microsoft Word Update 16.113 (26100421)", "Update Version": "16.113.26100421"}
    site.origin.put(CURRENT + "0409MSWD2019.xml", ('<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><array><dict>' + "".join(
        f"<key>{key}</key><string>{value}</string>" for key, value in entry.items()) + "</dict></array></plist>").encode())
    site.origin.put(CURRENT + package, b"xar!" + Content("word", MiB).read())
    assert get(site.larder.http, "/mau/Current/0409MSWD2019.xml").status == 200
    items = eventually(lambda: (run := site.larder.command("--json", "prefetch", "--product", "Microsoft Word")).returncode == 0
                       and json.loads(run.stdout)["items"])
    assert [(item["state"] in ("fetched", "held"), item["version"]) for item in items] == [(True, "16.113.26100421")]
    refused = site.larder.command("prefetch", "--product", "Microsoft Wort")
    assert refused.returncode == 1 and "no catalogue that Larder has seen lists the product" in refused.stderr


def test_what_cannot_be_fetched_says_why(site):
    site.origin.put(PATH, CONTENT, fault=[Answer(404, {}, b"no\n")] * 3)
    run = site.larder.command("prefetch", f"https://{HOST}{PATH}")
    assert run.returncode == 1
    assert "404" in run.stderr and "failed" in run.stdout
    for words, why in ((["https://elsewhere.example/a"], "no host of origins.vendors"), (["nonsense"], "is no URL"), ([], "must name urls")):
        refused = site.larder.command("prefetch", *words)
        assert refused.returncode == 1, words
        assert why in refused.stderr
    assert site.larder.command("prefetch", "--version", "1").returncode == 2
