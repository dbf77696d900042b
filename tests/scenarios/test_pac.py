# SPDX-License-Identifier: MIT
"""The proxy auto-configuration script, as a JavaScript engine runs it."""

import json
import pathlib
import random
import re
import subprocess

import client
import larder as larder_
import pytest

ENGINE = pathlib.Path(__file__).with_name("pac.js")

# Hosts of the built-in lists and hosts beside them that must not be named.
NAMED = ["swcdn.apple.com", "updates.cdn-apple.com", "mesu.apple.com", "iosapps.itunes.apple.com", "itunes.apple.com", "a.b.c.phobos.apple.com",
         "res.public.onecdn.static.microsoft", "oneclient.sfx.ms", "tlu.dl.delivery.mp.microsoft.com", "au.download.windowsupdate.com",
         "download.windowsupdate.com", "assets1.xboxlive.com"]
OTHERS = ["apple.com", "www.apple.com", "xswcdn.apple.com", "swcdn.apple.com.example", "sub.swcdn.apple.com", "notitunes.apple.com",
          "gs.apple.com", "windowsupdate.com.evil.example", "constructor", "__proto__", "hasOwnProperty", "toString", "localhost", "10.0.0.1", "[::1]", "::1", ""]


def ask(script: str, asked: list[tuple[str, str]]) -> list[str]:
    ran = subprocess.run(["node", ENGINE], input=json.dumps({"script": script, "asked": asked}), capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def larder(tmp_path_factory):
    with larder_.Larder(tmp_path_factory.mktemp("pac"), origins={"files.example:8443": "127.0.0.1:9"}, vendors=("apple", "microsoft", "windows"),
                        host_keys={"files.example:8443": {"scheme": "https"}}) as larder:
        yield larder


@pytest.fixture(scope="module")
def script(larder):
    answer = client.get(larder.http, "/proxy.pac")
    assert answer.status == 200
    assert answer["Content-Type"] == "application/x-ns-proxy-autoconfig"
    return answer.body.decode("ascii")


def test_named_hosts_go_to_larder_and_fall_back_to_direct(larder, script):
    via = "PROXY 127.0.0.1:%d; DIRECT" % larder.http[1]
    asked = []
    for host in NAMED:
        for spelled in (host, host.upper(), host + "."):
            asked += [(f"http://{spelled}/a/b?c=d", spelled), (f"https://{spelled}/", spelled), (f"HTTPS://{spelled}:443/", spelled),
                      (f"http://user:pass@{spelled}:80/x", spelled)]
    for question, answer in zip(asked, ask(script, asked)):
        assert answer == via, question


def test_everything_else_goes_direct(script):
    rng = random.Random(7)
    words = ["apple", "cdn", "www", "updates", "microsoft", "example", "intranet", "printer", "com", "org", "local", "net"]
    hosts = OTHERS + [".".join(rng.choice(words) for _ in range(rng.randint(1, 4))) for _ in range(1000)]
    asked = [(f"{scheme}://{host}/", host) for host in hosts for scheme in ("http", "https")]
    asked += [(f"{url}", "swcdn.apple.com") for url in ("ftp://swcdn.apple.com/", "ws://swcdn.apple.com/", "http://swcdn.apple.com:8080/", "https://swcdn.apple.com:22/",
                                                       "swcdn.apple.com", "", "http:/swcdn.apple.com", "http://[::1]:8080/")]
    for question, answer in zip(asked, ask(script, asked)):
        assert answer == "DIRECT", question


def test_a_host_of_one_port_is_named_for_that_port(larder, script):
    answers = ask(script, [("https://files.example:8443/", "files.example"), ("https://files.example/", "files.example")])
    assert answers[0].startswith("PROXY ") and answers[1] == "DIRECT"


def test_the_script_keeps_to_the_third_edition(script):
    code = re.sub(r'"[^"]*"', '""', script)
    assert not re.search(r"=>|`|\b(let|const|class|async|await|of|includes|startsWith|endsWith|forEach|trim)\b", code)
    assert not re.search(r",\s*[}\]]", code)
    for function in ("isInNet", "dnsResolve", "isResolvable", "myIpAddress"):
        assert function not in code, "it would wait for DNS"


def test_the_script_names_larder_as_the_device_has(larder):
    def first_line(host: str) -> str:
        body = client.get(larder.http, "/proxy.pac", host=host).body.decode()
        return re.search(r'var larder = "(.*)";', body).group(1)
    assert first_line("larder.example:8080") == "PROXY larder.example:8080; DIRECT"
    assert first_line("larder.example") == "PROXY larder.example:80; DIRECT"
    assert first_line("[2001:db8::1]:8080") == "PROXY [2001:db8::1]:8080; DIRECT"
    with client.Connection(larder.http) as plain:
        plain.send(b"GET /proxy.pac HTTP/1.0\r\n\r\n")
        assert b"PROXY 127.0.0.1:%d; DIRECT" % larder.http[1] in plain.response().body


def test_who_fetches_it_with_a_token_is_known(larder):
    assert client.get(larder.http, "/d/PAC-MAC-1/proxy.pac").body == client.get(larder.http, "/proxy.pac").body
    device = client.eventually(lambda: [row for row in larder.report("devices") if row["id"] == "PAC-MAC-1"])[0]
    assert device["address"] == "127.0.0.1"


def test_it_is_only_read(larder):
    assert client.get(larder.http, "/proxy.pac", method="HEAD").status == 200
    refused = client.get(larder.http, "/proxy.pac", method="POST", body=b"x")
    assert refused.status == 405 and refused["Allow"] == "GET, HEAD, OPTIONS"
