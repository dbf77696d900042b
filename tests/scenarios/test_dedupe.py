# SPDX-License-Identifier: MIT
"""The same bytes under several names are kept once."""

import pytest

from client import eventually, get
from content import Content, MiB

CONTENT = Content("same", 20 * MiB)


@pytest.mark.larder(hosts=("other.test",))
def test_the_same_bytes_under_two_hosts_are_kept_once(site):
    for path in ("/a/one.pkg", "/b/two.pkg"):
        site.origin.put(path, CONTENT)
    assert site.larder.download("/a/one.pkg", CONTENT).good
    eventually(lambda: site.larder.number("objects_complete") == 1)
    once = site.larder.number("bytes_held")
    assert site.larder.download("/b/two.pkg", CONTENT, host="other.test").good
    eventually(lambda: site.larder.number("objects_complete") == 2)
    assert eventually(lambda: site.larder.number("blobs") == 1)
    assert eventually(lambda: site.larder.number("bytes_held") <= once + MiB)
    site.origin.stop()
    assert site.larder.download("/a/one.pkg", CONTENT).good
    assert site.larder.download("/b/two.pkg", CONTENT, host="other.test").good


def test_one_name_of_two_may_go_and_the_bytes_stay(site):
    for path in ("/one.pkg", "/two.pkg"):
        site.origin.put(path, CONTENT)
        assert site.larder.download(path, CONTENT).good
    eventually(lambda: site.larder.number("blobs") == 1)
    site.larder.settle()
    # A success of another method unmakes the object of that name (RFC 9111 4.4).
    assert get(site.larder.http, "http://origin.test/one.pkg", host="origin.test", method="POST", body=b"x").status == 200
    before = site.origin.bytes_sent("/two.pkg")
    assert site.larder.download("/two.pkg", CONTENT).good
    assert site.origin.bytes_sent("/two.pkg") == before
