# SPDX-License-Identifier: MIT
"""Devices that are known by what the site's nameservers call their addresses."""

import signal
import socket
import time

import pytest

from client import eventually
from content import Content, KiB
from nameserver import A, Nameserver

CONTENT = Content("a", 64 * KiB)

pytestmark = pytest.mark.larder()


@pytest.fixture
def dns():
    with Nameserver() as dns:
        yield dns


def ask_back(site, dns, **identity):
    site.origin.put("/a.pkg", CONTENT)
    site.larder.write_config(identity={"reverse_names": True, "nameservers": [dns.endpoint], **identity})
    site.larder.restart()


def device(larder, ident: str):
    return next((row for row in larder.report("devices") if row["id"] == ident), None)


def test_a_device_is_known_by_the_name_that_leads_back_to_its_address(site, dns):
    dns.call("127.0.0.7", "Annas-Mac.site.test")
    dns.put("annas-mac.site.test", "127.0.0.99", "127.0.0.7")
    ask_back(site, dns)
    for _ in range(3):
        assert site.larder.get("/a.pkg", source="127.0.0.7").status == 200
    row = eventually(lambda: (row := device(site.larder, "name:annas-mac.site.test")) and row["requests"] == 3 and row)
    assert (row["evidence"], row["host_name"], row["address"]) == ("name", "annas-mac.site.test", "127.0.0.7")
    assert device(site.larder, "127.0.0.7") is None
    assert dns.asked_back("127.0.0.7") == 1 and dns.asked("annas-mac.site.test") == 1
    assert "name:annas-mac.site.test" in site.larder.command("report", "devices").stdout
    assert site.larder.api("reports/devices/name:annas-mac.site.test")["recent"]
    told = site.larder.command("doctor", "--client", "name:annas-mac.site.test").stdout
    assert "what a nameserver calls its address" in told, told
    assert site.larder.command("devices", "erase", "name:annas-mac.site.test").returncode == 0
    assert device(site.larder, "name:annas-mac.site.test") is None


def test_an_answer_that_comes_late_claims_what_was_fetched_before(site, dns):
    dns.call("127.0.0.7", "annas-mac.site.test")
    dns.put("annas-mac.site.test", "127.0.0.7")
    dns.fault = "silent"
    ask_back(site, dns)
    assert site.larder.get("/a.pkg", source="127.0.0.7").status == 200
    eventually(lambda: device(site.larder, "127.0.0.7"))
    dns.fault = None  # what is asked again after two seconds is answered
    row = eventually(lambda: device(site.larder, "name:annas-mac.site.test"))
    assert row["requests"] == 1 and device(site.larder, "127.0.0.7") is None
    assert site.larder.command("ledger", "check").returncode == 0


@pytest.mark.parametrize("fault", ["silent", "servfail", "refused", "truncated"])
def test_nameservers_that_fail_neither_delay_a_fetch_nor_lose_it(site, dns, fault):
    dns.fault = fault
    ask_back(site, dns)
    began = time.monotonic()
    for last in range(2, 42):
        assert site.larder.get("/a.pkg", source=f"127.0.0.{last}").status == 200
    eventually(lambda: len([row for row in site.larder.report("devices") if row["evidence"] == "address"]) == 40)
    assert site.larder.report("summary")["requests"] == 40
    assert fault != "silent" or time.monotonic() - began < 60


def test_names_that_prove_nothing_name_nobody(site, dns):
    named = {
        "127.0.0.2": ["spoofed.site.test"],                  # leads to another address
        "127.0.0.3": ["nowhere.site.test"],                  # there is no such name
        "127.0.0.4": ["localhost"],
        "127.0.0.5": ["dhcp-127-0-0-5.site.test"],           # says what the address says
        "127.0.0.6": [b"evil\n", "site.test"],
        "127.0.0.7": [b"<script>", "site.test"],
        "127.0.0.8": [b"good.site.test\0", "evil.test"],     # a name with an end in it
        "127.0.0.9": ["a" * 60, "b" * 60, "c" * 60],
        "127.0.0.10": [b"\xff\xfe", "site.test"],
    }
    for address, labels in named.items():
        dns.call(address, *labels)
    dns.put("spoofed.site.test", "10.9.9.9")
    dns.put("localhost", "127.0.0.4")
    dns.put("dhcp-127-0-0-5.site.test", "127.0.0.5")
    dns.put(".".join(["a" * 60, "b" * 60, "c" * 60]), "127.0.0.9")
    ask_back(site, dns)
    for address in named:
        assert site.larder.get("/a.pkg", source=address).status == 200
    eventually(lambda: all(dns.asked_back(address) for address in named))
    eventually(lambda: dns.asked("spoofed.site.test", A) and dns.asked("nowhere.site.test", A))
    assert site.larder.get("/a.pkg", source="127.0.0.2").status == 200
    rows = eventually(lambda: (rows := site.larder.report("devices")) and sum(row["requests"] for row in rows) == len(named) + 1 and rows)
    assert {row["id"] for row in rows} == set(named) and not any(row["host_name"] for row in rows)


def test_nobody_is_asked_unless_told_to_and_not_about_strangers(site, dns):
    dns.call("127.0.0.7", "annas-mac.site.test")
    dns.put("annas-mac.site.test", "127.0.0.7")
    ask_back(site, dns, reverse_names=False)
    assert site.larder.get("/a.pkg", source="127.0.0.7").status == 200
    eventually(lambda: device(site.larder, "127.0.0.7"))
    site.larder.write_config(identity={"reverse_names": True}, access={"clients": ["127.0.0.8/32", "127.0.0.1/32"]})
    site.larder.restart()
    assert site.larder.get("/a.pkg", source="127.0.0.7").status == 403
    assert site.larder.get("/a.pkg", source="127.0.0.8").status == 200
    eventually(lambda: dns.asked_back("127.0.0.8"))
    assert dns.asked_back("127.0.0.7") == 0
    site.larder.write_config(access={"clients": ["127.0.0.0/8"]})
    site.larder.signal(signal.SIGHUP)
    eventually(lambda: site.larder.get("/a.pkg", source="127.0.0.7").status == 200)
    eventually(lambda: device(site.larder, "name:annas-mac.site.test"))


def test_an_address_of_ipv6_has_a_name_as_well(site, dns):
    dns.call("::1", "annas-mac.site.test")
    dns.put("annas-mac.site.test", "::1")
    port = site.larder.http[1]
    site.larder.write_config(listen={"http": [f"127.0.0.1:{port}", f"[::1]:{port}"]})
    ask_back(site, dns)
    with socket.create_connection(("::1", port)) as connection:
        connection.sendall(b"GET /a.pkg?source=origin.test HTTP/1.1\r\nHost: larder.test\r\nConnection: close\r\n\r\n")
        while connection.recv(65536):
            pass
    row = eventually(lambda: device(site.larder, "name:annas-mac.site.test"))
    assert (row["evidence"], row["address"], row["requests"]) == ("name", "::1", 1)


def test_under_pseudonyms_a_name_is_kept_nowhere(site, dns):
    dns.call("127.0.0.7", "annas-mac.site.test")
    dns.call("127.0.0.8", "annas-mac.site.test")
    dns.put("annas-mac.site.test", "127.0.0.7", "127.0.0.8")
    ask_back(site, dns, pseudonyms=True)
    for address in ("127.0.0.7", "127.0.0.8"):
        assert site.larder.get("/a.pkg", source=address).status == 200
    rows = eventually(lambda: (rows := site.larder.report("devices")) and len(rows) == 1 and rows[0]["requests"] == 2 and rows)
    assert rows[0]["id"].startswith("p:") and rows[0]["evidence"] == "name" and not rows[0]["host_name"]
    site.larder.stop()
    for file in (site.larder.directory / "state").rglob("*"):
        assert not file.is_file() or b"annas-mac" not in file.read_bytes(), file
    assert "annas-mac" not in site.larder.log
    site.larder.start()
