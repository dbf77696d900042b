# SPDX-License-Identifier: MIT
"""No path leads out of its entrance: neither to the machine's files, nor to another channel, host or directory of an origin."""

import pytest

from client import get
from content import Content
from test_mau import CDN, CURRENT

pytestmark = pytest.mark.larder(vendors=("microsoft",), hosts=(CDN,))

# Ways to write "the directory above", as servers before this one have believed them.
CLIMBS = ["..", "%2e%2e", "%2E%2e", ".%2e", "%2e.", "..%2f..", "..%5c..", "..\\..", "%252e%252e", "..;", "..%00", "%c0%ae%c0%ae", "....//"]
SECRET = "MacAutoupdate-secret"


def asked_outside(origin) -> list[str]:
    """What the CDN was asked for that does not lie straight in the channel's directory."""
    return [asked.target for asked in origin.asked(method=None)
            if not asked.target.startswith(CURRENT) or "/" in asked.target[len(CURRENT):].split("?")[0]]


@pytest.mark.parametrize("climb", CLIMBS)
def test_an_update_cache_path_stays_in_its_channel(site, climb):
    site.origin.put("/mro1cdnstorage/secret", SECRET.encode())
    site.origin.put("/secret", SECRET.encode())
    for path in (f"/mau/Current/{climb}/secret", f"/mau/Current/{climb}/{climb}/secret", f"/mau/{climb}/secret", f"/mau/Current/OPIM2019/{climb}/secret",
                 f"/mau/Current/p/{climb}/{climb}/secret", f"/MAU/cache/{climb}/secret", f"/MAU/cache/collateral/{climb}/secret",
                 f"/MAU/cache/collateral/Production/{climb}", f"/mau/Current/{climb}"):
        answer = get(site.larder.http, path)
        assert answer.status in (400, 403, 404, 421), path
        assert SECRET.encode() not in answer.body, path
    assert asked_outside(site.origin) == []


@pytest.mark.parametrize("climb", CLIMBS)
def test_a_device_token_is_no_path(site, climb):
    """What stands for the token is a name of at most 64 plain characters, whatever it decodes to; dots alone reach nothing."""
    site.origin.put("/secret", SECRET.encode())
    for path in (f"/d/{climb}/secret", f"/d/{climb}/{climb}/secret", f"/d/C02XK1{climb}/secret", f"/d/C02XK1/{climb}/secret", f"/d/{climb}/mau/Current/{climb}/secret",
                 f"/d/C02XK1/mau/Current/{climb}/secret"):
        answer = get(site.larder.http, path)
        assert answer.status in (400, 403, 404, 421), path
        assert SECRET.encode() not in answer.body, path
    assert asked_outside(site.origin) == []


@pytest.mark.parametrize("path", ["/etc/passwd", "/mau/Current//etc/passwd", "/d/x//etc/passwd", "/mau/Current/%2fetc%2fpasswd", "/profiles/../../etc/passwd",
                                  "/proxy.pac/../etc/passwd", "/mau/../../../../etc/passwd", "/state/index/data.mdb", "//etc/passwd", "/./etc/./passwd"])
def test_the_machine_s_files_are_nowhere(site, path):
    answer = get(site.larder.http, path)
    assert answer.status in (400, 404, 421)
    assert b"root:" not in answer.body
    assert b"root:" not in get(site.larder.admin, path, fields={"Host": "localhost"}).body


def test_a_climb_within_an_origin_is_folded_into_one_name(site):
    """A path of the origin's own: what it is folded to is the name it is kept under, so that no two spellings differ."""
    content = Content("a", 4096)
    site.origin.put("/mro1cdnstorage/a.pkg", content)
    for path in ("/mro1cdnstorage/a.pkg", "/mro1cdnstorage/x/../a.pkg", "/mro1cdnstorage/./a.pkg", "/mro1cdnstorage/%61.pkg"):
        assert site.larder.download(path, content, host=CDN).good, path
    assert [asked.target for asked in site.origin.asked()] == ["/mro1cdnstorage/a.pkg"]
    assert get(site.larder.http, site.larder.cache_url(CDN, "/../../../../etc/passwd")).status == 404
