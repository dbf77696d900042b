# SPDX-License-Identifier: MIT
"""`larder profile`: everything it writes is valid, the same each time, and harmless whatever names are given to it."""

import itertools
import json
import plistlib
import subprocess

import client
import larder as larder_
import profile_schema
import pytest

PAYLOADS = ["mau", "mau-manifest", "content-cache", "global-pac", "global-proxy", "wifi-pac", "wifi-proxy", "system-pac", "system-proxy", "root", "dns"]
EXCLUSIVE = [{"mau", "mau-manifest"}, {"global-pac", "global-proxy"}, {"wifi-pac", "wifi-proxy"}, {"system-pac", "system-proxy"}]
MDMS = {"intune": "{{serialnumber}}", "jamf": "$SERIALNUMBER", "iru": "$SERIAL_NUMBER", "mosyle": "%SerialNumber%", "none": ""}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """PEM files: a certificate and its key, made for an authority and for signing."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=Site authority",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def larder(tmp_path_factory, certificate):
    with larder_.Larder(tmp_path_factory.mktemp("profile"), vendors=("apple", "microsoft"), tls=True, listen={"name": "larder.example.org"},
                        tls_keys={"certificate": certificate / "cert.pem", "key": certificate / "key.pem"}) as larder:
        yield larder


def ask(larder, *kinds: str, **members) -> client.Response:
    body = json.dumps({"kinds": list(kinds), **members}).encode()
    return client.get(larder.admin, "/api/v1/profile", method="POST", fields={"Content-Type": "application/json"}, body=body)


def order(larder, *kinds: str, **members) -> dict:
    answer = ask(larder, *kinds, **members)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def profile(larder, *kinds: str, **members) -> dict:
    return plistlib.loads(order(larder, *kinds, **members)["text"].encode(), fmt=plistlib.FMT_XML)


def needs(certificate) -> dict:
    return {"ssid": "Campus", "wifi_password": "secret", "dns_url": "https://dns.example.org/dns-query", "dns_addresses": ["10.0.0.53", "2001:db8::53"],
            "root": (certificate / "cert.pem").read_text(), "apps": ["MSWD2019", "MSau04"], "deadline_days": 7, "defer_days": 3}


def test_every_payload_alone_and_together_is_valid_for_every_mdm(larder, certificate):
    sets = [[kind] for kind in PAYLOADS]
    sets += [kinds for count in (2, 3, 7) for kinds in itertools.combinations(PAYLOADS, count) if not any(pair <= set(kinds) for pair in EXCLUSIVE)]
    for number, kinds in enumerate(sets):
        for mdm in MDMS if number < len(PAYLOADS) else [list(MDMS)[number % len(MDMS)]]:
            made = profile(larder, *kinds, mdm=mdm, **needs(certificate))
            assert profile_schema.check_profile(made) == [], (kinds, mdm)
            assert len(made["PayloadContent"]) == len(kinds)


def test_each_device_is_named_by_its_mdms_variable(larder, certificate):
    for mdm, variable in MDMS.items():
        made = profile(larder, "mau", "global-pac", "content-cache", mdm=mdm)
        device = f"/d/{variable}" if variable else ""
        mau, locator, pac = made["PayloadContent"]
        base = "http://larder.example.org:%d" % larder.http[1]
        assert mau["UpdateCache"] == f"{base}{device}/mau/Current/"
        assert pac["ProxyPACURL"] == f"{base}{device}/proxy.pac" and pac["ProxyPACFallbackAllowed"] is True
        assert locator["LocateURL"] == "https://larder.example.org:%d%s/lcdn/locate" % (larder.tls[1], device) and locator["SkipEVCheck"] is True
        assert made["PayloadRemovalDisallowed"] is (mdm != "none")


def test_a_profile_for_one_device_works(larder):
    """What it says leads to Larder: the address in it answers, and the device is known by it."""
    made = profile(larder, "global-pac", token="ONE-MAC", server="127.0.0.1")
    url = made["PayloadContent"][0]["ProxyPACURL"]
    assert url == "http://127.0.0.1:%d/d/ONE-MAC/proxy.pac" % larder.http[1]
    assert b"FindProxyForURL" in client.get(larder.http, "/d/ONE-MAC/proxy.pac").body
    client.eventually(lambda: any(row["id"] == "ONE-MAC" for row in larder.report("devices")))


def test_what_is_issued_again_replaces(larder):
    first = order(larder, "mau", "global-pac", mdm="jamf")
    assert order(larder, "global-pac", "mau", mdm="jamf") == first
    one, other = (plistlib.loads(order(larder, "mau", mdm="jamf", **more)["text"].encode()) for more in ({}, {"channel": "Beta", "organization": "School"}))
    for made in (one, other):
        assert made["PayloadIdentifier"] == "org.example.larder.larder.mau"
    assert one["PayloadUUID"] == other["PayloadUUID"]
    assert one["PayloadContent"][0]["PayloadUUID"] == other["PayloadContent"][0]["PayloadUUID"]
    elsewhere = profile(larder, "mau", mdm="jamf", server="cache.example.net")
    assert elsewhere["PayloadUUID"] != one["PayloadUUID"]


def test_mau_settings_say_what_was_asked(larder):
    mau = profile(larder, "mau-manifest", mdm="none", channel="insiderfast", secure=True, apps=["OPIM2019"], deadline_days=5, defer_days=14)["PayloadContent"][0]
    base = "https://larder.example.org:%d/mau/Beta/" % larder.tls[1]
    assert (mau["ChannelName"], mau["ManifestServer"], mau["UpdateCache"]) == ("Custom", base, base)
    assert mau["Applications"] == {"/Applications/Microsoft Outlook.app": {"Application ID": "OPIM2019", "UpdateCache": base + "OPIM2019/", "ManifestServer": base}}
    assert mau["UpdateDeadline.DaysBeforeForcedQuit"] == 5 and mau["OptionalUpdatesDeferralsDays"] == 14
    whole = plistlib.loads(order(larder, "mau-plist", mdm="iru")["text"].encode())
    assert whole["UpdateCache"].endswith("/d/$SERIAL_NUMBER/mau/Current/")
    assert "UpdateCache\thttp://larder.example.org" in order(larder, "mau-intune", mdm="intune")["text"]


def test_defaults_commands_run_as_they_stand(larder, tmp_path):
    """With a `defaults`, a `sudo` and an `ioreg` that write down what they are given."""
    for name, script in {"sudo": 'exec "$@"', "defaults": 'printf "%s|" "$@"; echo', "ioreg": "echo '    \"IOPlatformSerialNumber\" = \"C02 $(touch hacked)X\"'"}.items():
        (tmp_path / name).write_text("#!/bin/sh\n" + script + "\n")
        (tmp_path / name).chmod(0o755)
    ran = subprocess.run(["sh", "-e"], input=order(larder, "mau-defaults", deadline_days=3)["text"], text=True, capture_output=True, cwd=tmp_path,
                         env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, timeout=20)
    assert ran.returncode == 0, ran.stderr
    port = larder.http[1]
    domain = "write|/Library/Preferences/com.microsoft.autoupdate2|"
    assert ran.stdout.splitlines()[0] == f"{domain}UpdateCache|-string|http://larder.example.org:{port}/d/C02 $(touch hacked)X/mau/Current/|"
    assert not (tmp_path / "hacked").exists()
    assert f"{domain}UpdateDeadline.DaysBeforeForcedQuit|-int|3|" in ran.stdout


def test_windows_is_pointed_at_the_server(larder):
    assert "./Device/Vendor/MSFT/Policy/Config/DeliveryOptimization/DOCacheHost" in order(larder, "windows-oma-uri")["text"]
    lines = order(larder, "windows-reg")["text"].split("\r\n")
    assert lines[0] == "Windows Registry Editor Version 5.00"
    assert lines[2:4] == [r"[HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\Windows\DeliveryOptimization]", '"DOCacheHost"="larder.example.org"']


def test_declarations_are_valid_and_change_their_token_with_what_they_say(larder):
    made = [json.loads(order(larder, *words[:1], **words[1])["text"]) for words in (
        ("ddm-settings", {}), ("ddm-settings", {"defer_days": 7}), ("ddm-settings", {"defer_days": 7, "platform": "ios"}),
        ("ddm-enforce", {"os_version": "15.7.1", "build": "24G222", "deadline": "2026-12-01T18:00:00", "details_url": "https://example.org/why"}))]
    for declaration in made:
        assert profile_schema.check_declaration(declaration) == []
    assert len({declaration["ServerToken"] for declaration in made}) == len(made)
    assert made[2]["Payload"]["Deferrals"] == {"CombinedPeriodInDays": 7}


HOSTILE = ["</string><key>x</key>", "a&b<c>\"'", "'; touch /tmp/x; '", "$(id)", "`id`", "${IFS}", "\\", "%n%s", "]]>", "<!DOCTYPE", "é", "{{serialnumber}}"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_what_they_are(larder, certificate, name):
    made = profile(larder, "wifi-pac", "mau", organization=name, ssid=name[:20], wifi_password=name)
    assert profile_schema.check_profile(made) == []
    wifi = made["PayloadContent"][1]
    assert (wifi["SSID_STR"], wifi["Password"], made["PayloadOrganization"]) == (name[:20], name, name)


@pytest.mark.parametrize("members", [
    {"server": "a b"}, {"server": "evil.example/x"}, {"server": "a\"b"}, {"server": "-a"}, {"server": "a..b"}, {"server": "a'b"}, {"server": "x" * 300}, {"server": "a:80"},
    {"token": "a/b"}, {"token": "../.."}, {"token": "x" * 65}, {"token": "A", "mdm": "jamf"}, {"mdm": "airwatch"}, {"mdm": 7}, {"organization": "a\u0000b"},
    {"organization": "a\nb"}, {"organization": "x" * 201}, {"organization": ["a"]}, {"ssid": "x" * 33}, {"wifi_encryption": "WPA9"}, {"dns_url": "http://plain.example"},
    {"dns_url": "https://a\"b"}, {"dns_name": "a b"}, {"dns_addresses": ["ten"]}, {"dns_addresses": "10.0.0.1"}, {"root": "no certificate"}, {"root": 5},
    {"apps": ["NOSUCH"]}, {"apps": ["OLIC02"]}, {"channel": "Nightly"}, {"deadline_days": 91}, {"deadline_days": -1}, {"deadline_days": 1.5}, {"removal_date": "soon"},
    {"os_version": "15;7"}, {"deadline": "2026-12-01"}, {"details_url": "javascript:alert(1)"}, {"platform": "beos"}, {"no_such": 1}, {"secure": "yes"}, {"kinds": []},
    {"kinds": ["mau", "nonsense"]}, {"kinds": ["mau", "mau-plist"]}, {"kinds": ["mau", "mau-manifest"]}, {"kinds": ["wifi-pac"]}, {"kinds": ["dns"]}, {"kinds": ["root"]},
    {"kinds": ["ddm-enforce"]}, {"kinds": "mau"}], ids=str)
def test_a_wrong_order_is_refused_in_words(larder, members):
    answer = ask(larder, "mau", **{**members}) if "kinds" not in members else client.get(
        larder.admin, "/api/v1/profile", method="POST", fields={"Content-Type": "application/json"}, body=json.dumps(members).encode())
    assert answer.status == 400, answer.body
    assert len(json.loads(answer.body)["detail"]) > 15


def test_the_command_prints_the_profile_and_signs_it(larder, certificate, tmp_path):
    plain = larder.command("profile", "mau", "global-pac", "--mdm", "intune")
    assert plain.returncode == 0 and "note: " in plain.stderr
    assert profile_schema.check_profile(plistlib.loads(plain.stdout.encode())) == []
    told = larder.command("profile", "mau", "--mdm", "jamf", "--summary")
    assert "Microsoft AutoUpdate fetches its packages from" in told.stdout
    command = [larder_.LARDER, "--admin", "http://%s:%d" % larder.admin, "profile", "mau", "--mdm", "jamf", "--sign-with", certificate / "cert.pem",
               "--sign-key", certificate / "key.pem"]
    signed = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    verified = subprocess.run(["openssl", "cms", "-verify", "-inform", "DER", "-CAfile", certificate / "cert.pem", "-purpose", "any"], input=signed, capture_output=True, timeout=20)
    assert verified.returncode == 0, verified.stderr
    assert plistlib.loads(verified.stdout) == plistlib.loads(larder.command("profile", "mau", "--mdm", "jamf").stdout.encode())


def test_the_command_refuses_a_certificate_that_does_not_fit(larder, certificate, tmp_path):
    subprocess.run(["openssl", "genrsa", "-out", tmp_path / "other.pem", "2048"], check=True, capture_output=True)
    expired = tmp_path / "expired.pem"
    subprocess.run(["openssl", "x509", "-in", certificate / "cert.pem", "-signkey", certificate / "key.pem", "-days", "-1", "-out", expired], check=True, capture_output=True)
    for with_, key, why in ((certificate / "cert.pem", tmp_path / "other.pem", "does not belong"), (expired, certificate / "key.pem", "has expired"),
                            (certificate / "key.pem", certificate / "key.pem", "no certificate"), (tmp_path / "none", certificate / "key.pem", "cannot be read")):
        failed = larder.command("profile", "mau", "--sign-with", str(with_), "--sign-key", str(key))
        assert failed.returncode == 1 and why in failed.stderr and failed.stdout == "", failed


def test_the_command_is_used_wrongly(larder):
    for words in (["profile"], ["profile", "nonsense"], ["profile", "mau", "--mdm", "airwatch"], ["profile", "mau", "--sign-with", "x"]):
        assert larder.command(*words).returncode == 2, words
    unknown = larder.command("profile", "mau", "--mdm", "airwatch")
    assert "intune" in unknown.stderr
    shown = larder.command("profile", "--help").stdout
    assert all(kind in shown for kind in PAYLOADS) and "{{serialnumber}}" in shown


def test_the_checker_finds_what_is_wrong():
    good = {"PayloadIdentifier": "a", "PayloadUUID": "00000000-0000-0000-0000-000000000000", "PayloadType": "Configuration", "PayloadVersion": 1, "PayloadContent": []}
    assert profile_schema.check_profile(good) == []
    for change in ({"PayloadVersion": 2}, {"PayloadVersion": True}, {"PayloadUUID": "x"}, {"Surplus": 1}, {"PayloadContent": [{"PayloadType": "com.example"}]}):
        assert profile_schema.check_profile({**good, **change}) != []
