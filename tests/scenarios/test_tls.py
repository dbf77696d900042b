# SPDX-License-Identifier: MIT
"""TLS of Larder's own name: the administrator's certificate or the site's own authority, on all plain entrances."""

import json
import os
import pathlib
import signal
import socket
import ssl
import stat
import subprocess
import time

import client
import larder as larder_
import pytest
from content import Content, KiB, MiB
from origin import Origin

NAME = "larder.example.org"


def openssl(*words, **keywords) -> subprocess.CompletedProcess:
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60, **keywords)


def self_signed(folder: pathlib.Path, name: str = NAME, days: int = 30, kind: str = "ec") -> dict:
    folder.mkdir(exist_ok=True)
    algorithm = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else ["-newkey", "rsa:2048"]
    openssl("req", "-x509", *algorithm, "-nodes", "-days", days, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
            "-keyout", folder / "key.pem", "-out", folder / "cert.pem")
    return {"certificate": folder / "cert.pem", "key": folder / "key.pem"}


class Tls(client.Connection):
    """A connection under TLS that checks the certificate for NAME."""

    def __init__(self, address, roots, *, name: str = NAME, session=None, configure=None, **keywords):
        super().__init__(address, **keywords)
        self.context = roots if isinstance(roots, ssl.SSLContext) else context_for(roots)
        if configure:
            configure(self.context)
        self.socket = self.context.wrap_socket(self.socket, server_hostname=name, session=session)


def context_for(roots) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(roots) if isinstance(roots, (str, pathlib.Path)) else context.load_verify_locations(cadata=roots.decode())
    return context


def get(larder, roots, target: str, **keywords) -> client.Response:
    with Tls(larder.tls, roots) as connection:
        connection.request(target, **keywords)
        return connection.response(keywords.get("method", "GET"))


@pytest.fixture(scope="module")
def origin():
    with Origin() as origin:
        yield origin


@pytest.fixture(scope="module")
def site(tmp_path_factory, origin):
    """A Larder with a certificate of the administrator's."""
    folder = tmp_path_factory.mktemp("tls")
    keys = self_signed(folder / "a")
    with larder_.Larder(folder, origins={"origin.test": origin, "steered.example": origin}, tls=True, tls_keys=keys, listen={"name": NAME}) as larder:
        larder.roots = keys["certificate"]
        yield larder


def test_every_plain_entrance_is_served(site, origin):
    content = Content("a", 3 * MiB + 7)
    origin.put("/a.pkg", content)
    for number, (target, keywords) in enumerate([
            ("/a.pkg?source=origin.test", {}), ("/d/TLS-MAC/a.pkg?source=origin.test", {}), ("/a.pkg?cacheHostOrigin=origin.test", {}),
            ("http://origin.test/a.pkg", {"host": "origin.test"})]):
        answer = get(site, site.roots, target, **keywords)
        assert (answer.status, answer.body) == (200, content.read()), target
    assert len(origin.asked("/a.pkg")) == 1
    assert get(site, site.roots, "/", fields={"Max-Forwards": "0"}).status == 200
    assert any(row["id"] == "TLS-MAC" for row in client.eventually(lambda: site.report("devices")))


def test_a_steered_name_means_https_under_tls_and_http_without(site, origin):
    origin.put("/s", b"same")
    assert get(site, site.roots, "/s", host="steered.example").body == b"same"
    assert client.get(site.http, "/s", host="steered.example").body == b"same"
    assert len(origin.asked("/s")) == 2, "two objects, until they are known to be one"


def test_the_locator_over_tls_names_the_plain_listener(site):
    answer = get(site, site.roots, "/d/C02/lcdn/locate", method="POST", body=b"{}")
    server, = json.loads(answer.body)["servers"]
    assert (server["address"], server["port"]) == site.http
    assert b"PROXY 127.0.0.1:%d; DIRECT" % site.http[1] in get(site, site.roots, "/proxy.pac").body


def test_a_slow_client_gets_every_byte(site, origin):
    content = Content("slow", 12 * MiB)
    origin.put("/slow.pkg", content)
    with Tls(site.tls, site.roots, receive_buffer=8 * KiB) as connection:
        connection.request("/slow.pkg?source=origin.test")
        head = connection.head()
        received = 0
        for data in connection.body(head):
            assert content.first_difference(received, data) is None
            received += len(data)
            if received % (1 * MiB) < len(data):
                time.sleep(0.01)
        assert received == 12 * MiB


def test_pipelined_and_split_requests_are_answered_in_order(site, origin):
    origin.put("/one", b"1" * 5000)
    origin.put("/two", b"2" * 100)
    requests = b"".join(b"GET /%s?source=origin.test HTTP/1.1\r\nHost: a\r\n\r\n" % name for name in (b"one", b"two") * 20)
    with Tls(site.tls, site.roots) as connection:
        for at in range(0, len(requests), 37):
            connection.send(requests[at:at + 37])
        for _ in range(20):
            assert connection.response().body == b"1" * 5000
            assert connection.response().body == b"2" * 100


def test_a_body_of_many_records_is_passed_on(site, origin):
    body = bytes(range(256)) * 2000
    get(site, site.roots, "http://origin.test/post", host="origin.test", method="POST", body=body)
    assert origin.asked("/post", "POST")[-1].body == body


def test_modern_settings_only(site):
    def refuses(configure):
        with pytest.raises((ssl.SSLError, ConnectionError, OSError)):
            Tls(site.tls, site.roots, configure=configure)

    def old(context):
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    def weak(context):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AES128-SHA:AES256-SHA:@SECLEVEL=0")
    refuses(old)
    refuses(weak)
    refuses(lambda context: context.set_alpn_protocols(["h2"]))
    with Tls(site.tls, site.roots, configure=lambda context: context.set_alpn_protocols(["h2", "http/1.1"])) as connection:
        assert connection.socket.selected_alpn_protocol() == "http/1.1"
        assert connection.socket.version() == "TLSv1.3"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_is_resumed_also_after_a_reload(site, version):
    context = context_for(site.roots)
    context.maximum_version = version
    with Tls(site.tls, context) as first:
        first.request("/", fields={"Max-Forwards": "0"})
        first.response()
        session = first.socket.session
        assert not first.socket.session_reused
    for _ in range(4):  # another loop each time, perhaps
        with Tls(site.tls, context, session=session) as again:
            again.request("/", fields={"Max-Forwards": "0"})
            again.response()
            assert again.socket.session_reused
            session = again.socket.session if version == ssl.TLSVersion.TLSv1_3 else session
        site.signal(signal.SIGHUP)


def test_a_reload_brings_a_new_certificate_and_drops_nobody(tmp_path, origin):
    keys = self_signed(tmp_path / "old")
    content = Content("long", 8 * MiB)
    origin.put("/long.pkg", content)
    with larder_.Larder(tmp_path, origins={"origin.test": origin}, tls=True, tls_keys=keys) as larder:
        old = context_for(keys["certificate"])
        with Tls(larder.tls, old, receive_buffer=16 * KiB) as running:
            running.request("/long.pkg?source=origin.test")
            head = running.head()
            pieces = running.body(head)
            received = len(next(pieces))
            new = self_signed(tmp_path / "new", kind="rsa")
            larder.write_config(tls=new)
            larder.signal(signal.SIGHUP)
            client.eventually(lambda: serves(larder, new["certificate"]))
            received += sum(len(piece) for piece in pieces)
            assert received == 8 * MiB
            running.request("/", fields={"Max-Forwards": "0"})
            assert running.response().status == 200
        assert not serves(larder, keys["certificate"])
        # What cannot be used changes nothing.
        larder.write_config(tls={"certificate": new["certificate"], "key": keys["key"]})
        larder.signal(signal.SIGHUP)
        client.eventually(lambda: "does not belong to the certificate" in larder.log)
        assert serves(larder, new["certificate"])


def serves(larder, roots) -> bool:
    try:
        with Tls(larder.tls, roots) as connection:
            connection.request("/", fields={"Max-Forwards": "0"})
            return connection.response().status == 200
    except ssl.SSLError:
        return False


def test_a_certificate_that_cannot_be_used_stops_the_start_with_its_reason(tmp_path):
    keys = self_signed(tmp_path / "a")
    other = self_signed(tmp_path / "b")
    (tmp_path / "garbage").write_text("no certificate")
    for number, (certificate, key, why) in enumerate([
            (keys["certificate"], other["key"], "does not belong to the certificate"), (tmp_path / "garbage", keys["key"], "cannot be used; it must be PEM"),
            (keys["certificate"], tmp_path / "garbage", "cannot be used; it must be PEM, without a password")]):
        larder = larder_.Larder(tmp_path / str(number), tls=True, tls_keys={"certificate": certificate, "key": key})
        with pytest.raises(AssertionError, match="ended with 1") as failed:
            larder.start()
        assert why in str(failed.value)
        larder.discard()


def test_an_expired_or_foreign_certificate_is_served_and_complained_of(tmp_path):
    keys = self_signed(tmp_path / "a")
    openssl("x509", "-in", keys["certificate"], "-signkey", keys["key"], "-days", "-1", "-out", tmp_path / "expired.pem")
    for name, certificate, why in (("x", tmp_path / "expired.pem", "has expired"), ("other.example.org", keys["certificate"], "is not for other.example.org")):
        with larder_.Larder(tmp_path / name, tls=True, tls_keys={"certificate": certificate, "key": keys["key"]}, listen={"name": name}) as larder:
            assert why in larder.api("tls")["problem"]
            assert any(why in problem for problem in larder.status()["problems"])
            assert why in larder.command("tls", "status").stdout
            assert client.get(larder.http, "/", fields={"Max-Forwards": "0"}).status == 200


def test_the_sites_own_authority(tmp_path, origin):
    origin.put("/a", b"x" * 100)
    with larder_.Larder(tmp_path, origins={"origin.test": origin}, tls=True, listen={"name": NAME}) as larder:
        assert "run larder tls init" in larder.api("tls")["problem"]
        with pytest.raises((ssl.SSLError, OSError)):
            Tls(larder.tls, self_signed(tmp_path / "x")["certificate"])
        assert larder.command("tls", "root").returncode == 1

        made = larder.command("tls", "init", NAME, "127.0.0.1", "2001:db8::7")
        assert made.returncode == 0 and NAME in made.stdout and "renewed by itself" in made.stdout, made
        root = larder.command("tls", "root").stdout.encode()
        assert get(larder, root, "/a?source=origin.test").body == b"x" * 100
        with Tls(larder.tls, root, name="127.0.0.1") as by_address:
            certificate = by_address.socket.getpeercert()
        assert ("DNS", NAME) in certificate["subjectAltName"] and ("IP Address", "127.0.0.1") in certificate["subjectAltName"]

        again = larder.command("tls", "init")
        assert again.returncode == 1 and "already" in again.stderr
        folder = tmp_path / "state" / "tls"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}

        # Both kinds of key, each for those that know no other.
        for cipher, kind in (("ECDHE-RSA-AES128-GCM-SHA256", "rsa"), ("ECDHE-ECDSA-AES128-GCM-SHA256", "ecdsa")):
            def only(context):
                context.maximum_version = ssl.TLSVersion.TLSv1_2
                context.set_ciphers(cipher)
            with Tls(larder.tls, root, configure=only) as connection:
                der = connection.socket.getpeercert(binary_form=True)
            assert der == ssl.PEM_cert_to_DER_cert((folder / f"{kind}.pem").read_text())

        # The root is in the profile, and Apple's demands are met.
        (tmp_path / "root.pem").write_bytes(root)
        profile = larder.command("profile", "root", "content-cache", "--mdm", "jamf")
        assert profile.returncode == 0
        assert ssl.PEM_cert_to_DER_cert(root.decode()) in __import__("plistlib").loads(profile.stdout.encode())["PayloadContent"][1].values()
        text = openssl("x509", "-in", folder / "ecdsa.pem", "-noout", "-text").stdout.decode()
        assert "TLS Web Server Authentication" in text and "Subject Alternative Name" in text and "CA:FALSE" in text
        openssl("verify", "-x509_strict", "-CAfile", tmp_path / "root.pem", "-purpose", "sslserver", "-verify_hostname", NAME, folder / "ecdsa.pem")

    # It outlives the daemon, and a leaf that is lost or old is made anew.
    (tmp_path / "state" / "tls" / "ecdsa.key").unlink()
    with larder_.Larder(tmp_path, origins={"origin.test": origin}, tls=True, listen={"name": NAME}) as larder:
        assert get(larder, root, "/a?source=origin.test").status == 200


def test_the_root_signs_for_larders_names_alone(tmp_path):
    with larder_.Larder(tmp_path, tls=True) as larder:
        assert larder.command("tls", "init", NAME).returncode == 0
    folder = tmp_path / "state" / "tls"
    for subject, names in (("www.apple.com", "DNS:www.apple.com"), ("10.0.0.1", "IP:10.0.0.1")):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/O=x", "-addext", f"subjectAltName={names}", "-keyout", tmp_path / "k", "-out", tmp_path / "csr")
        openssl("x509", "-req", "-in", tmp_path / "csr", "-CA", folder / "root.pem", "-CAkey", folder / "root.key", "-copy_extensions", "copy", "-days", "10", "-out", tmp_path / "forged.pem")
        verified = subprocess.run(["openssl", "verify", "-CAfile", folder / "root.pem", tmp_path / "forged.pem"], capture_output=True, timeout=20)
        assert verified.returncode != 0 and b"permitted subtree" in verified.stderr + verified.stdout or b"excluded subtree" in verified.stderr + verified.stdout


@pytest.mark.parametrize("names", [["a b"], ["../x"], ["a\nb"], [5], "x", ["a"] * 33])
def test_names_of_a_certificate_are_checked(site, names):
    answer = client.get(site.admin, "/api/v1/tls", method="POST", fields={"Content-Type": "application/json"}, body=json.dumps({"names": names}).encode())
    assert answer.status == 400


def test_what_is_no_tls_is_closed_and_counted(site):
    before = site.number("tls_failures")
    for garbage in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", os.urandom(400), b"\x80" * 100):
        with client.Connection(site.tls) as connection:
            connection.send(garbage)
            connection.socket.settimeout(10)
            try:
                while connection.socket.recv(4096):
                    pass
            except ConnectionError:
                pass
    assert site.number("tls_failures") >= before + 4
    assert serves(site, site.roots)


def test_a_handshake_that_never_ends_is_closed(tmp_path):
    keys = self_signed(tmp_path / "a")
    with larder_.Larder(tmp_path, tls=True, tls_keys=keys, limits={"head_timeout": "1s"}) as larder:
        with client.Connection(larder.tls, timeout=15) as connection:
            connection.send(b"\x16\x03\x01")
            assert connection.closed_by_peer()


def test_a_client_that_leaves_in_the_middle_harms_nobody(site, origin):
    origin.put("/big.pkg", Content("big", 32 * MiB))
    for _ in range(5):
        connection = Tls(site.tls, site.roots)
        connection.request("/big.pkg?source=origin.test")
        connection.head()
        connection.reset()
    raw = socket.create_connection(site.tls)
    raw.close()
    assert serves(site, site.roots)


def test_a_certificate_that_cannot_be_used_is_found_before_it_is(tmp_path):
    instance = larder_.Larder(tmp_path / "larder", tls=True)

    def check(keys: dict) -> subprocess.CompletedProcess:
        instance.write_config(tls={name: str(file) for name, file in keys.items()})
        return subprocess.run([larder_.LARDERD, "--check", "--config", str(instance.config)], capture_output=True, text=True, timeout=60 * larder_.SLOW)

    folders = [tmp_path / name for name in ("one", "two", "old")]
    for folder in folders:
        folder.mkdir()
    one, two = self_signed(folders[0]), self_signed(folders[1])
    assert check(one).returncode == 0
    swapped = check({"certificate": one["certificate"], "key": two["key"]})
    assert swapped.returncode == 2 and "tls.certificate: " in swapped.stderr and "key" in swapped.stderr
    (folders[2] / "no.pem").write_text("no certificate")
    assert check({"certificate": folders[2] / "no.pem", "key": two["key"]}).returncode == 2
    openssl("x509", "-in", one["certificate"], "-signkey", one["key"], "-days", "-1", "-out", folders[2] / "expired.pem")
    expired = check({"certificate": folders[2] / "expired.pem", "key": one["key"]})
    assert expired.returncode == 0 and "not now: devices refuse it; renew it" in expired.stderr
