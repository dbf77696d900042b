# SPDX-License-Identifier: MIT
"""kill -9 at any moment loses nothing that was kept, and never makes a wrong byte."""

import random

import pytest

from client import Connection, eventually
from content import Content, MiB
from larder import Larder
from origin import Stall

SIZE = 64 * MiB
CONTENT = Content("a", SIZE)


def held(larder) -> int:
    return larder.number("bytes_held")


def test_an_interrupted_fill_goes_on_where_it_stood(site):
    page = site.origin.put("/a.pkg", CONTENT, fault=[Stall(at=SIZE // 2)])
    before = site.larder.in_background("/a.pkg", CONTENT)
    eventually(lambda: held(site.larder) >= SIZE // 2 - 2 * MiB)
    kept = held(site.larder)
    site.larder.kill()
    assert before.result().cut is not None
    assert before.result().wrong_at is None
    site.larder.start()
    already = site.origin.bytes_sent("/a.pkg")
    assert site.larder.download("/a.pkg", CONTENT).good
    assert site.origin.bytes_sent("/a.pkg") - already <= SIZE - kept + MiB
    resumed = site.origin.asked("/a.pkg")[1]
    assert resumed.range[0] >= kept - MiB
    assert resumed.fields["if-range"] == page.etag


def test_an_object_that_changed_meanwhile_starts_over_and_is_never_blended(site):
    site.origin.put("/a.pkg", CONTENT, fault=[Stall(at=SIZE // 2)])
    before = site.larder.in_background("/a.pkg", CONTENT)
    eventually(lambda: held(site.larder) >= SIZE // 2 - 2 * MiB)
    site.larder.kill()
    before.result()
    newer = Content("newer", SIZE)
    site.origin.put("/a.pkg", newer)
    site.larder.start()
    # The first one may be given what was held of the old version and then be cut, or the new one whole.
    eventually(lambda: site.larder.download("/a.pkg", newer).good)


@pytest.mark.parametrize("seed", range(5))
def test_killed_at_a_moment_of_chance_everything_is_right_afterwards(site, seed):
    chance = random.Random(seed)
    contents = {f"/{n}.pkg": Content(f"{seed}-{n}", chance.choice([300_000, MiB, 3 * MiB + 1, 17 * MiB])) for n in range(8)}
    for path, content in contents.items():
        site.origin.put(path, content, rate=40 * MiB)
    total = sum(content.size for content in contents.values())
    for _ in range(3):
        running = [site.larder.in_background(path, content) for path, content in contents.items()]
        goal = site.origin.bytes_sent() + chance.randrange(1, total // 4)
        site.origin.wait_for(lambda origin: origin.bytes_sent() >= goal or all(download.done() for download in running))
        site.larder.kill()
        for download in running:
            assert download.result().wrong_at is None
        site.larder.start()
    for path, content in contents.items():
        assert site.larder.download(path, content).good
    # Each kill may lose what was not yet committed: a few chunks of each running fill.
    assert site.origin.bytes_sent() <= total + 3 * 32 * MiB


def test_complete_objects_survive_and_are_verified(site):
    site.origin.put("/a.pkg", CONTENT)
    assert site.larder.download("/a.pkg", CONTENT).good
    eventually(lambda: site.larder.number("objects_complete") == 1)
    site.larder.kill()
    site.larder.start()
    site.origin.stop()
    assert site.larder.download("/a.pkg", CONTENT).good


def test_fetches_on_the_record_survive(site):
    content = Content("r", 100_000)
    site.origin.put("/r.pkg", content)
    for n in range(20):
        assert site.larder.get("/r.pkg", source=f"127.0.0.{n + 2}").body == content.read()
    eventually(lambda: site.larder.report("summary")["requests"] == 20, timeout=10)
    site.larder.kill()
    site.larder.start()
    assert site.larder.report("summary")["requests"] == 20
    assert site.larder.report("summary")["bytes_sent"] == 20 * content.size


def test_a_broken_environment_is_set_aside_and_the_daemon_serves(site):
    site.origin.put("/a.pkg", CONTENT)
    assert site.larder.download("/a.pkg", CONTENT).good
    site.larder.stop()
    files = [path for path in (site.larder.directory / "state").rglob("data.mdb")]
    assert len(files) >= 3
    for path in files:
        path.write_bytes(b"\xA5" * 65536)
    site.larder.start()
    assert site.larder.download("/a.pkg", CONTENT).good
    assert site.larder.status()
    assert list((site.larder.directory / "state").rglob("*.broken-*"))


def test_a_second_daemon_on_the_same_store_is_refused_and_harms_nothing(site, tmp_path):
    site.origin.put("/a.pkg", CONTENT)
    with pytest.raises(AssertionError, match="larderd ended with"):
        Larder(tmp_path / "second", storage={"path": site.larder.directory / "state"}).start()
    assert site.larder.download("/a.pkg", CONTENT).good


def test_a_client_cut_by_the_crash_sees_no_clean_end(site):
    site.origin.put("/a.pkg", CONTENT, fault=[Stall(at=SIZE // 2)])
    with Connection(site.larder.http) as connection:
        connection.request(site.larder.cache_url("origin.test", "/a.pkg"))
        head = connection.head()
        assert int(head["Content-Length"]) == SIZE
        site.larder.kill()
    site.larder.start()
