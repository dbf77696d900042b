# SPDX-License-Identifier: MIT
"""The programs that people really use, by each entrance, in front of nginx: every byte right, put down to the right device,
and from the store the second time."""

import hashlib
import os
import subprocess

import pytest

import larder as larder_
from client import eventually
from content import Content, MiB
from real_origin import RealOrigin

UPDATES, REPOSITORY, VENDOR = "updates.test", "repository.test", "updates.cdn-apple.com"
PACKAGE = "/packages/Word_16.113_Updater.pkg"
CONTENT = Content("package", 6 * MiB)
LARGE, LARGE_CONTENT = "/packages/InstallAssistant.pkg", Content("large", 33 * MiB + 17)
SECONDS = 60 * larder_.SLOW


def run(*words, **keywords) -> subprocess.CompletedProcess:
    """Without the environment's proxies; its failure is the test's."""
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8", **keywords.pop("env", {})}
    done = subprocess.run([str(word) for word in words], capture_output=True, timeout=SECONDS, env=environment, **keywords)
    assert done.returncode == 0, f"{words[0]} ended with {done.returncode}: {done.stderr[-2000:]!r} {done.stdout[-500:]!r}"
    return done


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    with RealOrigin(tmp_path_factory.mktemp("nginx"), [UPDATES, VENDOR]) as origin:
        origin.put(PACKAGE, CONTENT)
        origin.put(LARGE, LARGE_CONTENT)
        yield origin


@pytest.fixture
def larder(tmp_path, origin):
    """Knows the origin by two names: one it speaks TLS to, one it does not."""
    with larder_.Larder(tmp_path / "larder", origins={UPDATES: origin.https, REPOSITORY: origin.http}, sni=True,
                        host_keys={UPDATES: {"scheme": "https", "ca_file": origin.authority}}) as larder:
        yield larder


def address(larder, user: str = "") -> str:
    return f"http://{user}{'@' if user else ''}127.0.0.1:{larder.http[1]}"


def fetches(larder, device: str, least: int) -> list[dict]:
    """What is on record of the device, newest first, once there is as much."""
    def found():
        if device not in [row["id"] for row in larder.report("devices")]:
            return None
        recent = larder.api(f"reports/devices/{device}")["recent"]
        return recent if len(recent) >= least else None
    return eventually(found, message=f"{device} is not on record with {least} fetches: {larder.report('devices')}")


def of_name(larder, device: str, name: str, least: int) -> list[dict]:
    """The same, of what ends so."""
    def found():
        rows = [row for row in fetches(larder, device, least) if row["url"].endswith(name)]
        return rows if len(rows) >= least else None
    return eventually(found)


def check(larder, origin, device: str, fetch, path: str = PACKAGE, content: Content = CONTENT, entrance: str = "proxy"):
    """Twice the same: bytes, device, entrance, and one time only from the origin."""
    before = origin.asked(path)
    for _ in range(2):
        assert hashlib.sha256(fetch()).hexdigest() == content.sha256()
        larder.settle()
    eventually(lambda: sum(sent for _, sent in origin.asked(path)[len(before):]) >= content.size)
    assert sum(sent for _, sent in origin.asked(path)[len(before):]) == content.size
    mine = fetches(larder, device, 2)
    assert {row["entrance"] for row in mine} == {entrance}
    assert sum(row["bytes_sent"] for row in mine) == 2 * content.size
    assert mine[0]["answered"] == "hit" and mine[-1]["answered"] == "miss"
    assert all(row["complete"] for row in mine)


def test_curl_by_the_content_cache(larder, origin):
    url = f"{address(larder)}/d/CURL1{PACKAGE}?source={UPDATES}&sourceScheme=https"
    check(larder, origin, "CURL1", lambda: run("curl", "-sSf", url).stdout, entrance="content_cache")


def test_curl_by_the_proxy_with_a_user(larder, origin):
    check(larder, origin, "CURL2", lambda: run("curl", "-sSf", "-x", address(larder, "CURL2:"), f"http://{UPDATES}{PACKAGE}").stdout)


def test_curl_where_dns_leads_to_larder(larder, origin):
    fetch = lambda: run("curl", "-sSf", "--connect-to", f"{UPDATES}:80:127.0.0.1:{larder.http[1]}", f"http://{UPDATES}{PACKAGE}").stdout
    check(larder, origin, "127.0.0.1", fetch, entrance="steered")


def test_curl_as_windows_asks_delivery_optimization(larder, origin):
    url = f"{address(larder)}/d/WIN1{PACKAGE}?cacheHostOrigin={UPDATES}"
    check(larder, origin, "WIN1", lambda: run("curl", "-sSf", url).stdout, entrance="delivery_optimization")


def test_wget_by_the_proxy(larder, origin):
    check(larder, origin, "WGET1", lambda: run("wget", "-q", "-O", "-", f"http://{UPDATES}{PACKAGE}", env={"http_proxy": address(larder, "WGET1:x")}).stdout)


def test_wget_goes_on_where_it_was_broken_off(larder, tmp_path):
    file = tmp_path / "package"
    file.write_bytes(CONTENT.read(0, 2_500_000))
    run("wget", "-q", "-c", "-O", file, f"{address(larder)}/d/WGET2{PACKAGE}?source={UPDATES}&sourceScheme=https")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == CONTENT.sha256()
    row, = fetches(larder, "WGET2", 1)
    assert (row["status"], row["bytes_sent"]) == (206, CONTENT.size - 2_500_000)


@pytest.mark.parametrize("how", ["content cache", "proxy"])
def test_aria2_with_sixteen_connections(larder, origin, tmp_path, how):
    if how == "proxy":
        words = [f"http://{UPDATES}{LARGE}", f"--http-proxy={address(larder, 'ARIA:')}"]
    else:
        words = [f"{address(larder)}/d/ARIA{LARGE}?source={UPDATES}&sourceScheme=https"]
    before = len(origin.asked(LARGE))
    for number in range(2):
        run("aria2c", "-x16", "-s16", "-k1M", "--file-allocation=none", "-q", "-d", tmp_path, "-o", f"{number}.pkg", *words)
        assert hashlib.sha256((tmp_path / f"{number}.pkg").read_bytes()).hexdigest() == LARGE_CONTENT.sha256()
        larder.settle()
    eventually(lambda: sum(sent for _, sent in origin.asked(LARGE)[before:]) >= LARGE_CONTENT.size)
    # What was on its way when two lanes met is all that comes twice.
    assert sum(sent for _, sent in origin.asked(LARGE)[before:]) <= 1.3 * LARGE_CONTENT.size
    mine = eventually(lambda: (rows := fetches(larder, "ARIA", 2)) and sum(row["bytes_sent"] for row in rows) >= 2 * LARGE_CONTENT.size and rows)
    assert max(int(row["bytes_asked"]) for row in mine) <= LARGE_CONTENT.size
    assert larder.report("summary")["bytes_from_origin"] <= 1.3 * LARGE_CONTENT.size
    assert {row["answered"] for row in mine if row["complete"]} <= {"hit", "joined", "miss"}


def test_apt_through_the_proxy(larder, origin, tmp_path):
    """A repository of one package: indexes and package, twice."""
    package = tmp_path / "build"
    (package / "DEBIAN").mkdir(parents=True)
    (package / "DEBIAN" / "control").write_text("Package: larder-example\nVersion: 1.0\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: nothing\n")
    (package / "data").write_bytes(CONTENT.read(0, MiB))
    run("dpkg-deb", "--build", "-Znone", package, tmp_path / "larder-example_1.0_all.deb")
    deb = (tmp_path / "larder-example_1.0_all.deb").read_bytes()
    origin.put("/debian/larder-example_1.0_all.deb", deb)
    origin.put("/debian/Packages", (f"Package: larder-example\nVersion: 1.0\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: nothing\n"
                                    f"Filename: ./larder-example_1.0_all.deb\nSize: {len(deb)}\nSHA256: {hashlib.sha256(deb).hexdigest()}\n\n").encode())
    for number in range(2):
        root = tmp_path / f"apt{number}"
        for name in ("lists/partial", "archives/partial", "etc"):
            (root / name).mkdir(parents=True)
        (root / "status").touch()
        (root / "sources.list").write_text(f"deb [trusted=yes] http://{REPOSITORY}/debian ./\n")
        options = [f"Dir::State::lists={root}/lists", f"Dir::State::status={root}/status", f"Dir::Cache::archives={root}/archives", f"Dir::Cache={root}",
                   f"Dir::Etc::sourcelist={root}/sources.list", "Dir::Etc::sourceparts=/dev/null", "Dir::Etc::trusted=/dev/null", "Dir::Etc::trustedparts=/dev/null",
                   f"Dir::Etc::main=/dev/null", "Dir::Etc::parts=/dev/null", "APT::Sandbox::User=root", f"Acquire::http::Proxy={address(larder, 'APT1:x')}",
                   "Acquire::Languages=none", "APT::Architecture=amd64"]
        words = [word for option in options for word in ("-o", option)]
        run("apt-get", *words, "-q", "update", cwd=root)
        run("apt-get", *words, "-q", "download", "larder-example", cwd=root)
        assert (root / "larder-example_1.0_all.deb").read_bytes() == deb
        larder.settle()
    assert len(origin.asked("/debian/larder-example_1.0_all.deb")) == 1
    assert [row["answered"] for row in of_name(larder, "APT1", ".deb", 2)] == ["hit", "miss"]


def test_git_through_the_proxy(larder, origin, tmp_path):
    """A clone by plain HTTP, twice: loose objects, packs and refs as files. git gives its user name to a proxy only when it
    is told that the proxy takes it."""
    git = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_TERMINAL_PROMPT": "0"}
    work = tmp_path / "work"
    run("git", "init", "-q", "-b", "main", work, env=git)
    (work / "file").write_bytes(CONTENT.read(0, 200_000))
    run("git", "-C", work, "add", "file", env=git)
    run("git", "-C", work, "commit", "-q", "-m", "one", env=git)
    run("git", "clone", "-q", "--bare", work, origin.files / "one.git", env=git)
    run("git", "-C", origin.files / "one.git", "update-server-info", env=git)
    for number in range(2):
        clone = tmp_path / f"clone{number}"
        run("git", "-c", f"http.proxy={address(larder, 'GIT1:x')}", "-c", "http.proxyAuthMethod=basic", "clone", "-q", f"http://{REPOSITORY}/one.git", clone, env=git)
        assert (clone / "file").read_bytes() == CONTENT.read(0, 200_000)
    assert {row["entrance"] for row in fetches(larder, "GIT1", 4)} == {"proxy"}


PYTHON = """
import hashlib, requests, sys
proxies = {"http": sys.argv[2]}
session = requests.Session()
session.trust_env = False
for _ in range(2):
    answer = session.get(sys.argv[1], proxies=proxies, timeout=30)
    answer.raise_for_status()
    print(hashlib.sha256(answer.content).hexdigest(), answer.headers["Cache-Status"])
part = session.get(sys.argv[1], proxies=proxies, headers={"Range": "bytes=5-104"}, timeout=30)
print(part.status_code, len(part.content))
same = session.get(sys.argv[1], proxies=proxies, headers={"If-None-Match": answer.headers["ETag"]}, timeout=30)
print(same.status_code, len(same.content))
"""


def test_python_requests_through_the_proxy(larder):
    lines = run("/usr/bin/python3", "-c", PYTHON, f"http://{UPDATES}{PACKAGE}", address(larder, "PYTHON1:x")).stdout.decode().splitlines()
    assert [line.split()[0] for line in lines[:2]] == [CONTENT.sha256()] * 2
    assert "fwd=" in lines[0] and "hit" in lines[1]
    assert lines[2:] == ["206 100", "304 0"]
    assert [row["status"] for row in fetches(larder, "PYTHON1", 4)] == [304, 206, 200, 200]


def test_https_through_the_proxy_is_a_tunnel(larder, origin):
    fetch = run("curl", "-sSf", "-x", address(larder, "TUNNEL1:"), "--cacert", origin.authority, f"https://{UPDATES}{PACKAGE}")
    assert hashlib.sha256(fetch.stdout).hexdigest() == CONTENT.sha256()
    row, = fetches(larder, "TUNNEL1", 1)
    assert row["entrance"] == "tunnel" and row["bytes_sent"] > CONTENT.size


def test_https_where_dns_leads_to_larder_is_passed_through(larder, origin):
    fetch = run("curl", "-sSf", "--connect-to", f"{UPDATES}:443:127.0.0.1:{larder.sni[1]}", "--cacert", origin.authority, f"https://{UPDATES}{PACKAGE}")
    assert hashlib.sha256(fetch.stdout).hexdigest() == CONTENT.sha256()
    row = eventually(lambda: [row for row in larder.report("traffic") if row["entrance"] == "sni"])[0]
    assert row["bytes_sent"] > CONTENT.size


PAGE = b"<!DOCTYPE html><title>page</title><p id=p>from the origin</p>"


@pytest.mark.parametrize("how", ["manual", "pac"])
def test_chromium(larder, origin, tmp_path, how):
    """By a proxy named by hand, and by the PAC file, which also says whose browser it is."""
    origin.put("/page.html", PAGE)
    before = len(origin.asked("/page.html"))
    proxy = f"--proxy-server={address(larder)}" if how == "manual" else f"--proxy-pac-url={address(larder)}/d/CHROMIUM/proxy.pac"
    for number in range(2):
        seen = run("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--disable-extensions", "--disable-sync", f"--user-data-dir={tmp_path}/{number}", proxy, "--dump-dom",
                   f"http://{REPOSITORY}/page.html", env={"HOME": str(tmp_path)})
        assert b"from the origin" in seen.stdout
    assert len(origin.asked("/page.html")) == before + 1
    device = "127.0.0.1" if how == "manual" else "CHROMIUM"
    assert [row["answered"] for row in of_name(larder, device, "/page.html", 2)] == ["hit", "miss"]


@pytest.mark.parametrize("conditions", [["-z", "Tue, 14 Nov 2023 22:13:20 GMT"], []])
def test_a_preheating_tool_fills_the_store(tmp_path, origin, conditions):
    """As mist-cli asks a content cache for what an update host has, and as AutoPkg's downloader then asks through a proxy."""
    with larder_.Larder(tmp_path / "larder", origins={VENDOR: origin.https}, vendors=("apple",), host_keys={VENDOR: {"scheme": "https", "ca_file": origin.authority}}) as larder:
        heated = run("curl", "-sSf", "--location", "--compressed", "-A", "mist-cli/2.1", f"{address(larder)}{PACKAGE}?source={VENDOR}:443&sourceScheme=https")
        assert hashlib.sha256(heated.stdout).hexdigest() == CONTENT.sha256()
        larder.settle()
        told = run("curl", "-sSf", "-D", "-", "-o", "/dev/null", "--location", "--compressed", *conditions, "-x", address(larder, "AUTOPKG:"), f"http://{VENDOR}{PACKAGE}")
        head = told.stdout.decode()
        assert head.startswith("HTTP/1.1 304 " if conditions else "HTTP/1.1 200 ") and "Cache-Status: larder; hit" in head
        assert fetches(larder, "AUTOPKG", 1)[0]["answered"] == "hit"
