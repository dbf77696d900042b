# SPDX-License-Identifier: MIT
"""No room is no failure: what cannot be kept is passed on."""

import os
import subprocess

import pytest

from client import Connection, all_of, eventually
from content import Content, MiB
from larder import Larder


def disk_bytes(directory) -> int:
    return sum(path.stat().st_blocks * 512 for path in directory.rglob("*") if path.is_file())


@pytest.mark.larder(storage={"cache_size": "64 MiB"})
def test_an_object_larger_than_the_cache_passes_whole_and_is_shared(site):
    content = Content("large", 200 * MiB)
    site.origin.put("/large.ipsw", content)
    assert all(got.good for got in all_of([site.larder.in_background("/large.ipsw", content) for _ in range(3)]))
    assert site.larder.number("bytes_held") <= 64 * MiB


@pytest.mark.larder(storage={"cache_size": "64 MiB"})
def test_what_was_asked_longest_ago_makes_room(site):
    contents = {f"/{n}.pkg": Content(f"n{n}", 10 * MiB) for n in range(12)}
    for path, content in contents.items():
        site.origin.put(path, content)
        assert site.larder.download(path, content).good
        assert site.larder.number("bytes_held") <= 64 * MiB
    last = "/11.pkg"
    before = site.origin.bytes_sent(last)
    assert site.larder.download(last, contents[last]).good
    assert site.origin.bytes_sent(last) == before
    assert site.larder.number("evicted_objects") > 0
    assert site.larder.download("/0.pkg", contents["/0.pkg"]).good
    assert disk_bytes(site.larder.directory / "state") < 160 * MiB


@pytest.mark.larder(storage={"cache_size": "64 MiB"})
def test_an_object_being_sent_is_spared_by_eviction(site):
    content = Content("used", 30 * MiB)
    site.origin.put("/used.pkg", content)
    assert site.larder.download("/used.pkg", content).good
    with Connection(site.larder.http, receive_buffer=8192) as slow:
        slow.request(site.larder.cache_url("origin.test", "/used.pkg"))
        head = slow.head()
        for n in range(6):
            other = Content(f"other{n}", 20 * MiB)
            site.origin.put(f"/{n}.pkg", other)
            assert site.larder.download(f"/{n}.pkg", other).good
        at = 0
        for data in slow.body(head):
            assert content.first_difference(at, data) is None
            at += len(data)
        assert at == content.size


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_passes_and_recovers(tmp_path, origin):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", disk], capture_output=True).returncode != 0:
        pytest.skip("this container may not mount")
    try:
        content = Content("large", 120 * MiB)
        origin.put("/a.pkg", content)
        with Larder(tmp_path, origins={"origin.test": origin}, storage={"path": disk / "state", "cache_size": "10 GiB", "reserve": "16 MiB"}) as larder:
            filler = disk / "filler"
            with open(filler, "wb") as file:
                file.write(b"\1" * 100 * MiB)
            assert larder.download("/a.pkg", content).good
            assert larder.download("/a.pkg", content).good
            filler.unlink()
            small = Content("small", 20 * MiB)
            origin.put("/b.pkg", small)

            def kept() -> bool:
                before = origin.bytes_sent("/b.pkg")
                assert larder.download("/b.pkg", small).good
                return origin.bytes_sent("/b.pkg") == before

            eventually(kept)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
