# SPDX-License-Identifier: MIT
"""`larder doctor`: whether all is in order that devices need, said by the daemon itself."""

import json
import subprocess
import time
from email.utils import formatdate

import pytest

from client import eventually, get
from content import Content, KiB
from larder import Larder, free_port
from nameserver import Nameserver
from origin import Origin
from test_tls import self_signed

NAME = "larder.example.org"


def examine(larder, query: str = "") -> dict[tuple[str, str | None], dict]:
    """The findings, by check and subject."""
    return {(finding["check"], finding["subject"]): finding for finding in larder.api("doctor" + query)["checks"]}


def of(findings: dict, check: str) -> list[dict]:
    return [finding for (name, _), finding in findings.items() if name == check]


def test_all_that_is_well_is_said_to_be(site):
    findings = examine(site.larder)
    for check in ("listener", "origin", "clock", "file system", "environments", "catalogues"):
        assert of(findings, check), check
    for finding in findings.values():
        assert finding["verdict"] != "bad", finding
        assert (finding["remedy"] is None) == (finding["verdict"] == "good"), finding
    assert {finding["subject"] for finding in of(findings, "listener")} == {"http %s:%d" % site.larder.http, "admin %s:%d" % site.larder.admin}
    assert findings["origin", "http://origin.test/"]["found"].startswith("it answers 404 in ")
    assert [asked.method for asked in site.origin.asked("/", "HEAD")] == ["HEAD"]
    ran = site.larder.command("doctor")
    assert ran.returncode == 0, ran.stderr
    assert "\033" not in ran.stdout and "http %s:%d: it answers" % site.larder.http in ran.stdout
    told = site.larder.command("doctor", "--json", "--offline")
    assert told.returncode == 0
    assert not [finding for finding in json.loads(told.stdout)["checks"] if finding["check"] == "origin"]
    assert len(site.origin.asked("/", "HEAD")) == 2, "offline asks nobody"


def test_an_origin_that_is_down_is_bad_and_says_where(tmp_path, origin):
    down = "127.0.0.1:%d" % free_port()
    with Larder(tmp_path, origins={"up.test": origin, "down.test": down}) as larder:
        ran = larder.command("doctor")
        assert ran.returncode == 1
        findings = examine(larder)
        assert findings["origin", "http://up.test/"]["verdict"] == "good"
        assert findings["origin", "http://down.test/"]["verdict"] == "bad"
        assert down in findings["origin", "http://down.test/"]["remedy"]
        assert findings["clock", None]["verdict"] == "good", "one origin is enough to tell the time"
        assert "bad      origin" in ran.stdout and down in ran.stdout


def test_a_silent_origin_is_not_waited_for(tmp_path):
    import socket
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with Larder(tmp_path, origins={"silent.test": "127.0.0.1:%d" % silent.getsockname()[1]}) as larder:
            began = time.monotonic()
            finding = examine(larder)["origin", "http://silent.test/"]
            assert time.monotonic() - began < 20
            assert finding["verdict"] == "bad" and "no answer within 4 seconds" in finding["found"]


@pytest.mark.parametrize("off, verdict", [(0, "good"), (150, "warning"), (3600, "bad"), (-3600, "bad")])
def test_the_clock_is_held_against_the_origins(site, off, verdict):
    site.origin.put("/", Content("root", KiB)).fields["Date"] = formatdate(time.time() + off, usegmt=True)
    finding = examine(site.larder)["clock", None]
    assert finding["verdict"] == verdict, finding
    if off:
        assert ("behind" if off > 0 else "ahead") in finding["found"]


def test_an_answer_of_a_cache_tells_the_time_by_its_age(site):
    site.origin.put("/", Content("root", KiB)).fields.update({"Date": formatdate(time.time() - 7200, usegmt=True), "Age": "7200"})
    assert examine(site.larder)["clock", None]["verdict"] == "good"


def expired(folder) -> dict:
    """Of a certificate whose last day was years ago."""
    keys = self_signed(folder, NAME)
    (folder / "serial").write_text("01")
    (folder / "index").write_text("")
    (folder / "ca.cnf").write_text(f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\nserial={folder}/serial\nnew_certs_dir={folder}\ndefault_md=sha256\n"
                                   f"policy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=DNS:{NAME}\n")

    subprocess.run(["openssl", "req", "-new", "-key", keys["key"], "-subj", f"/CN={NAME}", "-out", folder / "request.pem"], check=True, capture_output=True)
    subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-config", folder / "ca.cnf", "-keyfile", keys["key"], "-in", folder / "request.pem",
                    "-startdate", "20200101000000Z", "-enddate", "20200401000000Z", "-notext", "-out", keys["certificate"]], check=True, capture_output=True)
    return keys


def test_an_expired_certificate_is_bad(tmp_path, origin):
    with Larder(tmp_path / "l", origins={"origin.test": origin}, tls=True, tls_keys=expired(tmp_path / "keys"), listen={"name": NAME}) as larder:
        finding, = of(examine(larder, "?offline=true"), "certificate")
        assert finding["verdict"] == "bad" and "it has expired on 2020-04-01" in finding["found"] and "renew it" in finding["remedy"]
        assert larder.command("doctor", "--offline").returncode == 1


@pytest.mark.parametrize("name, days, kind, verdict, word", [
    (NAME, 90, "ec", "warning", "no authority"), (NAME, 5, "rsa", "warning", "no authority"), ("other.example", 90, "ec", "bad", "not for " + NAME),
    (NAME, 1000, "ec", "bad", "825")])
def test_a_certificate_that_devices_refuse_is_told(tmp_path, origin, name, days, kind, verdict, word):
    keys = self_signed(tmp_path / "keys", name, days, kind)
    with Larder(tmp_path / "l", origins={"origin.test": origin}, tls=True, tls_keys=keys, listen={"name": NAME}) as larder:
        finding, = of(examine(larder, "?offline=true"), "certificate")
        assert finding["verdict"] == verdict and word in finding["found"], finding


def test_the_sites_own_authority_is_well_once_it_is_there(tmp_path, origin):
    with Larder(tmp_path / "l", origins={"origin.test": origin}, tls=True, sni=True, listen={"name": NAME}) as larder:
        findings = examine(larder, "?offline=true")
        assert findings["listener", "tls %s:%d" % larder.tls]["verdict"] == "bad"
        assert "larder tls init" in findings["listener", "tls %s:%d" % larder.tls]["remedy"]
        assert findings["listener", "sni %s:%d" % larder.sni]["verdict"] == "good"
        assert larder.command("tls", "init", NAME).returncode == 0
        findings = eventually(lambda: (found := examine(larder, "?offline=true"))["listener", "tls %s:%d" % larder.tls]["verdict"] == "good" and found)
        assert of(findings, "certificate")[0]["verdict"] == of(findings, "site authority")[0]["verdict"] == "good", findings
        assert "ECDSA 256" in of(findings, "certificate")[0]["found"]


def test_nameservers_are_asked_one_by_one(tmp_path, origin):
    with Nameserver() as good, Nameserver() as broken, Nameserver() as steering:
        port = origin.address[1]
        for dns in (good, broken):
            dns.put("vendor.test", "192.0.2.7")
        steering.put("vendor.test", "127.0.0.1")
        broken.fault = "servfail"
        host = f"vendor.test:{port}"
        larder = Larder(tmp_path, origins={host: "0.0.0.0:1"}, host_keys={host: {"connect_to": ""}})
        larder.write_config(origins={"nameservers": [dns.endpoint for dns in (good, broken, steering)]})
        with larder:
            findings = examine(larder)
            verdicts = [findings["nameserver", dns.endpoint]["verdict"] for dns in (good, broken, steering)]
            assert verdicts == ["good", "bad", "bad"], findings
            assert "vendor.test to this machine" in findings["nameserver", steering.endpoint]["found"]


def test_an_upstream_proxy_that_is_gone_is_named(tmp_path):
    proxy = "http://127.0.0.1:%d" % free_port()
    larder = Larder(tmp_path, origins={"vendor.test": "0.0.0.0:1"}, host_keys={"vendor.test": {"connect_to": ""}})
    larder.write_config(origins={"proxy": proxy})
    with larder:
        assert examine(larder)["upstream proxy", proxy]["verdict"] == "bad"


@pytest.mark.larder(storage={"cache_size": "20 TiB"})
def test_a_disk_too_small_for_the_cache_is_told_with_what_fits(larder):
    finding, = of(examine(larder, "?offline=true"), "disk")
    assert finding["verdict"] == "warning" and "lower storage.cache_size to" in finding["remedy"]


def test_what_is_not_a_question_is_refused(larder):
    assert larder.api_raw("/api/v1/doctor?offline=maybe").status == 400
    assert larder.api_raw("/api/v1/doctor?deep=true").status == 400


# ---- one device

def examine_client(larder, who: str) -> tuple[dict, dict[str, dict]]:
    answer = larder.api("doctor/clients/" + who)
    return answer, {finding["check"]: finding for finding in answer["checks"]}


def test_a_device_that_was_never_seen_is_told_how_to_find_out(larder):
    answer, findings = examine_client(larder, "10.9.8.7")
    assert answer["device"] is None and answer["verdict"] == "bad"
    assert "/self-test in its browser" in findings["seen"]["remedy"] and "access" not in findings
    ran = larder.command("doctor", "--client", "NOBODY")
    assert ran.returncode == 1 and "NOBODY: not on record" in ran.stdout
    _, findings = examine_client(larder, "203.0.113.9")
    assert findings["access"]["verdict"] == "bad", "nobody there is allowed anything"


def test_what_a_device_did_is_told_by_any_of_its_names(site):
    site.origin.put("/a", Content("a", 3 * KiB))
    assert get(site.larder.http, "/d/DOC-1/a?source=origin.test").status == 200
    inventory = b"Serial Number,Device Name\nDOC-1,Anna's Mac\n"
    assert site.larder.api_raw("/api/v1/devices/import", method="POST", body=inventory, fields={"Content-Type": "text/csv"}).status == 200
    eventually(lambda: site.larder.report("devices"))
    for who in ("DOC-1", "127.0.0.1", "doc-1", "anna's%20mac"):
        answer, findings = examine_client(site.larder, who)
        assert (answer["device"]["id"], answer["device"]["name"], answer["device"]["evidence"]) == ("DOC-1", "Anna's Mac", "token"), who
        assert answer["last"]["entrance"] == "content_cache" and answer["last"]["url"] == "http://origin.test/a"
        used = {entrance["entrance"]: entrance for entrance in answer["entrances"]}
        assert used["content_cache"]["requests"] == 1 and used["content_cache"]["last_hour"]
        assert used["update_cache"]["last_hour"] is None and used["update_cache"]["configured"] and not used["sni"]["configured"]
        assert findings["identity"]["verdict"] == findings["updates"]["verdict"] == findings["seen"]["verdict"] == "good"
        assert answer["verdict"] == "good", findings
    ran = site.larder.command("doctor", "--client", "DOC-1")
    assert ran.returncode == 0 and "DOC-1 (Anna's Mac), known by token" in ran.stdout, ran.stdout
    assert json.loads(site.larder.command("doctor", "--client", "DOC-1", "--json").stdout)["asked"] == "DOC-1"


def test_who_asks_where_caches_are_and_fetches_nothing_is_warned_of(site):
    locate = json.dumps({"locator-software": [{"type": "system", "name": "macOS", "version": "26.1", "build": "25B78"}]}).encode()
    assert get(site.larder.http, "/d/DOC-2/lcdn/locate", method="POST", body=locate).status == 200
    assert get(site.larder.http, "/d/DOC-2/proxy.pac").status == 200
    eventually(lambda: site.larder.report("devices"))
    answer, findings = eventually(lambda: (told := examine_client(site.larder, "DOC-2"))[0]["device"]["requests"] == 2 and told)
    assert {check for check, finding in findings.items() if finding["verdict"] == "warning"} == {"updates", "proxy script", "locator", "AutoUpdate"}
    assert answer["verdict"] == "warning" and answer["device"]["os"] == "macOS"
    site.origin.put("/a", Content("a", KiB))
    assert get(site.larder.http, "/d/DOC-2/a?source=origin.test").status == 200
    assert get(site.larder.http, "http://origin.test/a", host="origin.test").status == 200
    answer, findings = eventually(lambda: (told := examine_client(site.larder, "DOC-2"))[0]["device"]["requests"] == 4 and told)
    assert findings["locator"]["verdict"] == findings["proxy script"]["verdict"] == findings["updates"]["verdict"] == "good"


def test_https_that_nobody_can_keep_and_refusals_are_warned_of(tmp_path, origin):
    from client import Connection
    with Larder(tmp_path, origins={"vendor.test:443": origin}) as larder:
        origin.put("/a", Content("a", 3 * KiB))
        with Connection(larder.http) as tunnel:
            tunnel.send(b"CONNECT vendor.test:443 HTTP/1.1\r\nHost: vendor.test:443\r\nProxy-Authorization: Basic RE9DLTM6eA==\r\n\r\n")
            assert tunnel.head().status == 200
            tunnel.request("/a", host="vendor.test")
            assert tunnel.response().status == 200
        assert get(larder.http, "/d/DOC-3/proxy.pac").status == 200, "from then on its address is its own"
        assert get(larder.http, "/a?source=evil.example").status == 403
        answer, findings = eventually(lambda: (told := examine_client(larder, "DOC-3"))[0]["device"] and {"tunnels", "refusals"} <= told[1].keys() and told)
        assert findings["tunnels"]["verdict"] == "warning" and "vendor.test" in findings["tunnels"]["found"]
        assert findings["refusals"]["verdict"] == "warning" and findings["refusals"]["found"].endswith("with 403: http://evil.example/")
        assert findings["identity"]["verdict"] == "good"
