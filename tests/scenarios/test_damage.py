# SPDX-License-Identifier: MIT
"""Pages that rot in each environment, while larderd is down and while it runs: it serves right bytes, and says what it
lost."""

import os
import random

import pytest

from client import Cut, eventually, get
from content import Content, KiB, MiB
from damage import ENVIRONMENTS, KINDS, DataFile
from larder import SLOW

CONTENTS = {f"/{n}.pkg": Content(f"d{n}", size) for n, size in enumerate(
    [100, 2 * KiB, 70 * KiB, 300 * KiB, MiB, 3 * MiB + 1, 6 * MiB] + [1000 + n for n in range(30)])}


# All of them with `./test.sh faults`.
ALL = bool(os.environ.get("LARDER_FAULTS_ALL"))
RUNNING = ["root", "tree page", "free list", "value head", "truncated"] if ALL else ["root", "tree page", "value head"]


def fill(site):
    for path, content in CONTENTS.items():
        site.origin.put(path, content)
        assert site.larder.download(path, content).good
    site.larder.settle()
    # Something is freed, so that there are free lists.
    for path in ("/3.pkg", "/6.pkg"):
        assert site.larder.command("cache", "evict", f"http://origin.test{path}").returncode == 0
    eventually(lambda: site.larder.report("summary")["requests"] >= len(CONTENTS))


def all_served(site):
    """Each download may be cut when larderd begins anew, and is then asked for again, as clients do."""
    for path, content in CONTENTS.items():
        def served() -> bool:
            got = site.larder.download(path, content)
            assert got.wrong_at is None, path
            return got.good
        eventually(served, timeout=30 * SLOW)


def reports_answer(site):
    def answered() -> bool:
        try:
            site.larder.report("versions")
            site.larder.report("devices")
            site.larder.report("traffic")
            return True
        except (OSError, EOFError, Cut, AssertionError):
            return False
    eventually(answered, timeout=30 * SLOW)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_rotted_while_larderd_was_down(site, environment, kind):
    fill(site)
    site.larder.stop()
    if not DataFile(site.larder.directory / "state" / environment).spoil(kind, random.Random(f"{environment} {kind}")):
        pytest.skip(f"{environment} has no {kind}")
    log = len(site.larder.log)
    site.larder.start()
    all_served(site)
    reports_answer(site)
    all_served(site)
    assert "begins anew" not in site.larder.log[log:] or kind in ("bits",)
    status = site.larder.status()
    assert not status["store"]["broken"] and not status["ledger"]["broken"]
    if kind in ("zeros", "truncated", "head", "root", "tree page", "free list"):
        assert (status["ledger"] if environment == "ledger" else status["store"])["set_aside"], status
    if kind == "value" and environment in ("chunks", "small"):
        assert site.larder.number("corrupt_chunks") > 0


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("kind", RUNNING)
def test_what_rots_under_a_running_larderd(site, environment, kind):
    fill(site)
    if not DataFile(site.larder.directory / "state" / environment).spoil(kind, random.Random(f"{environment} {kind}")):
        pytest.skip(f"{environment} has no {kind}")
    for path in ("/3.pkg", "/6.pkg"):
        site.larder.download(path, CONTENTS[path])
    all_served(site)
    reports_answer(site)
    fresh = Content("fresh", 5 * MiB)
    site.origin.put("/fresh.pkg", fresh)
    eventually(lambda: site.larder.download("/fresh.pkg", fresh).good, timeout=30 * SLOW)
    all_served(site)
    # A restart after it finds everything in order.
    eventually(lambda: get(site.larder.admin, "/readyz").status == 200, timeout=30 * SLOW)
    site.larder.stop()
    site.larder.start()
    all_served(site)
    assert not site.larder.status()["store"]["broken"] and not site.larder.status()["ledger"]["broken"]


@pytest.mark.parametrize("seed", range(4))
def test_a_page_that_is_found_damaged_while_larderd_stops_keeps_it_from_nothing(site, seed):
    fill(site)
    if not DataFile(site.larder.directory / "state" / "ledger").spoil("tree page", random.Random(seed)):
        pytest.skip("the ledger has no such page")
    site.larder.download("/3.pkg", CONTENTS["/3.pkg"])
    site.larder.stop()
    site.larder.start()
    all_served(site)
    reports_answer(site)
    assert not site.larder.status()["ledger"]["broken"]
