# SPDX-License-Identifier: MIT
"""Larder tells webhooks what happens: signed, in order, through failures, restarts and kills, and nothing twice."""

import hashlib
import hmac
import http.server
import json
import ssl
import subprocess
import threading

import pytest

from client import eventually, get
from content import Content, MiB
from larder import LARDERD, SLOW, Larder
from test_mau import CDN as CDN_OF_OFFICE
from test_mau import outlook, publish

DIST, CDN, SCAN, UPDATES = "swdist.apple.com", "swcdn.apple.com", "swscan.apple.com", "updates.cdn-apple.com"
SECRET = "correct-horse-battery-staple"
HOSTILE = "<!channel> *macOS* <https://evil.example|x> & <at>all</at>"
ASSET = "/2025FallFCS/patches/093-34020/0701D9BE-9082-4277-ADAE-A2C900733801/com_apple_MobileAsset_MacSoftwareUpdate/aa.zip"


class Receiver:
    """A webhook. `answers` are taken in turn, the last for ever: a status, or a status and fields."""

    def __init__(self, *answers, context: ssl.SSLContext | None = None):
        self.answers = list(answers) or [200]
        self.calls: list[tuple[dict, bytes, int]] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                status, fields = answer if isinstance(answer, tuple) else (answer, {})
                receiver.calls.append((dict(self.headers), body, status))
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self._server.server_port}/services/T0/very-secret"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def events(self, name: str = "") -> list[dict]:
        """What was taken."""
        events = [json.loads(body) for _, body, status in self.calls if status < 300]
        return [event for event in events if not name or event["event"] == name]


@pytest.fixture
def receive():
    receivers = []

    def make(*answers, **keywords) -> Receiver:
        receivers.append(Receiver(*answers, **keywords))
        return receivers[-1]

    yield make
    for receiver in receivers:
        receiver.close()


@pytest.fixture
def place(tmp_path, origin):
    """A Larder that knows products by the catalogues in a directory, and one download that is not as published."""
    catalogues = tmp_path / "catalogues"
    catalogues.mkdir()
    bad = Content("bad", MiB)
    published = {"osStr": "macOS", "version": "15.7", "build": "24G222", "sources": [
        {"type": "ota", "prerequisiteBuild": "22H713", "deviceMap": ["Mac13,1"], "links": [{"url": f"https://{UPDATES}{ASSET}"}],
         "hashes": {"sha2-256": hashlib.sha256(b"other").hexdigest()}, "size": MiB}]}
    (catalogues / "24G222.json").write_text(json.dumps(published))
    origin.put(ASSET, bad)
    running = []

    def start(*hooks: dict, **sections) -> Larder:
        larder = Larder(tmp_path / f"larder{len(running)}", origins={name: origin for name in (DIST, CDN, SCAN, UPDATES)}, vendors=("apple",),
                        hooks=hooks, updates={"catalogues": catalogues}, **sections)
        running.append(larder)
        return larder.start()

    def release(version: str, title: str = "macOS Sonoma") -> str:
        """Lists one more release from the next start on; gives the path of its package."""
        key = "042-" + version.replace(".", "")
        folder = f"/content/downloads/26/09/{key}-A_114Q05ZS90/yudaal746aeavnzu5qdhk26uhlphm3r79u/"
        (catalogues / f"{key}.sucatalog").write_text(f"""<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>Products</key><dict>
<key>{key}</key><dict><key>Packages</key><array><dict><key>Size</key><integer>{MiB}</integer><key>URL</key>
<string>https://{CDN}{folder}InstallAssistant.pkg</string></dict></array><key>Distributions</key><dict><key>English</key>
<string>https://{DIST}{folder}{key}.English.dist</string></dict></dict></dict></dict></plist>""")
        dist = catalogues / f"{DIST}{folder}"
        dist.mkdir(parents=True)
        (dist / f"{key}.English.dist").write_text(f"""<?xml version="1.0" encoding="UTF-8"?><installer-gui-script minSpecVersion="2"><title>SU_TITLE</title>
<auxinfo><dict><key>BUILD</key><string>23G90</string><key>VERSION</key><string>{version}</string></dict></auxinfo>
<localization><strings language="English"><![CDATA["SU_TITLE" = "{title}";]]></strings></localization></installer-gui-script>""")
        origin.put(folder + "InstallAssistant.pkg", Content(key, MiB))
        return folder + "InstallAssistant.pkg"

    start.release = release
    start.fetch_bad = lambda larder: get(larder.http, f"{ASSET}?source={UPDATES}&sourceScheme=https")
    yield start
    for larder in running:
        if larder._process is not None:
            larder.stop()


def cut_short(fetch):
    """A download that is refused ends badly: that it does is another test's business."""
    try:
        fetch()
    except Exception:  # noqa: BLE001
        pass


def remembers(larder, version: str) -> bool:
    memory = larder.directory / "state/webhooks/memory.json"
    return memory.exists() and version in memory.read_text()


def queued(larder) -> int:
    return larder.api("webhooks")["items"][0]["queued"]


def test_events_arrive_signed_and_once(place, receive, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    receiver = receive()
    place.release("14.6.1")
    larder = place({"url": receiver.url, "secret_file": secret})
    eventually(lambda: remembers(larder, "14.6.1"))
    package = place.release("14.6.2")
    larder.restart()
    seen = eventually(lambda: receiver.events("release_seen"))
    assert [(event["product"], event["version"]) for event in seen] == [("macOS Sonoma", "14.6.2")]
    assert get(larder.http, f"/d/MAC9{package}?source={CDN}&sourceScheme=https").status == 200
    spread = eventually(lambda: receiver.events("release_spread"))[0]
    assert (spread["version"], spread["devices_complete"], spread["percent"]) == ("14.6.2", 1, 100)
    cut_short(lambda: place.fetch_bad(larder))
    refused = eventually(lambda: receiver.events("integrity_mismatch"))[0]
    assert (refused["severity"], refused["product"]) == ("error", "macOS") and ASSET in refused["url"]
    for fields, body, _ in receiver.calls:
        time, _, signature = fields["Larder-Signature"].partition(",v1=")
        message = time.removeprefix("t=").encode() + b"." + body
        assert signature == hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()
        event = json.loads(body)
        assert (fields["Larder-Event"], fields["Larder-Event-Id"]) == (event["event"], event["id"])
    told = len(receiver.calls)
    larder.restart()
    # What is seen after the restart has been seen when the next event comes.
    larder.command("webhooks", "test")
    cut_short(lambda: place.fetch_bad(larder))
    eventually(lambda: len(receiver.events("integrity_mismatch")) == 2)
    assert len(receiver.calls) == told + 2
    assert len({event["id"] for event in receiver.events()}) == told + 2


def test_what_fails_is_told_again_in_order_and_survives_a_kill(place, receive):
    receiver = receive(500, (503, {"Retry-After": "1"}), 503)
    larder = place({"url": receiver.url, "events": ["integrity_mismatch", "release_seen"]})
    cut_short(lambda: place.fetch_bad(larder))
    eventually(lambda: len(receiver.calls) >= 3)
    row = larder.api("webhooks")["items"][0]
    assert (row["queued"], row["last_success"], row["in_trouble"]) == (1, None, False)
    assert row["why"] in ("it answered 500", "it answered 503") and row["failing_since"]
    larder.kill()
    receiver.answers = [200]
    larder.start()
    event = eventually(lambda: receiver.events())[0]
    assert {json.loads(body)["id"] for _, body, _ in receiver.calls} == {event["id"]}
    eventually(lambda: queued(larder) == 0)
    row = larder.api("webhooks")["items"][0]
    assert row["delivered"] == 1 and row["failing_since"] is None
    assert not list((larder.directory / "state/webhooks").glob("*/*.json"))


@pytest.mark.parametrize("form", ["slack", "teams"])
def test_a_hostile_name_is_text_in_a_chat(place, receive, form):
    receiver = receive()
    place.release("14.6.1", HOSTILE)
    larder = place({"url": receiver.url, "format": form})
    eventually(lambda: remembers(larder, "14.6.1"))
    place.release("14.6.2", HOSTILE)
    larder.restart()
    message = json.loads(eventually(lambda: receiver.calls)[0][1])
    if form == "slack":
        assert "<" not in message["text"] and "&lt;!channel&gt;" in message["text"]
        kinds = {message["blocks"][0]["text"]["type"], message["blocks"][1]["text"]["type"], message["blocks"][2]["elements"][0]["type"]}
        assert kinds == {"plain_text"} and "<!channel>" in message["blocks"][1]["text"]["text"]
    else:
        card = message["attachments"][0]["content"]
        runs = [run for block in card["body"] for run in block["inlines"]]
        assert {run["type"] for run in runs} == {"TextRun"} and "msteams" not in card
        assert any("<at>all</at>" in run["text"] for run in runs)


def test_a_test_tells_what_became_of_it_and_secrets_are_masked(place, receive):
    good, gone = receive(), receive(410)
    elsewhere = receive((307, {"Location": good.url}))
    larder = place(*({"url": each.url, "events": ["disk"]} for each in (good, gone, elsewhere)))
    result = larder.command("webhooks", "test")
    assert result.returncode == 1 and "it answered 410" in result.stdout and "redirect" in result.stdout
    assert larder.command("webhooks", "test", "1").returncode == 0
    assert larder.command("webhooks", "test", good.url).returncode == 0
    assert larder.command("webhooks", "test", "http://127.0.0.1:1/else").returncode == 1
    assert [event["event"] for event in good.events()] == ["test"] * 3
    assert (len(gone.calls), len(elsewhere.calls)) == (1, 1)
    listed = larder.command("webhooks").stdout + larder.command("--json", "webhooks").stdout + larder.command("webhooks", "test").stdout
    explained = larder.command("config", "explain", "webhooks.hook.url", "--config", str(larder.config)).stdout
    for text in (listed, explained, json.dumps(larder.api("config")), larder.log):
        assert "very-secret" not in text
    assert listed.count("/***") >= 6 and "/***" in explained


def test_what_a_receiver_refuses_is_a_problem_and_not_sent_again(place, receive):
    receiver = receive(410)
    larder = place({"url": receiver.url})
    assert larder.status()["problems"] == []
    cut_short(lambda: place.fetch_bad(larder))
    eventually(lambda: larder.api("webhooks")["items"][0]["given_up"] == 1)
    problem = next(text for text in larder.status()["problems"] if "webhook 1" in text)
    assert "it answered 410" in problem and "very-secret" not in problem
    assert len(receiver.calls) == 1 and queued(larder) == 0


def test_a_receiver_must_show_a_certificate_that_is_vouched_for(place, receive, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout", key, "-out",
                    certificate, "-subj", "/CN=receiver", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    receiver = receive(context=context)
    larder = place({"url": receiver.url})
    refused = larder.command("webhooks", "test")
    assert refused.returncode == 1 and "certificate" in refused.stdout
    assert receiver.calls == []
    larder.write_config(origins={"ca_file": certificate})
    larder.restart()
    assert larder.command("webhooks", "test").returncode == 0
    assert len(receiver.calls) == 1


def test_a_reload_takes_up_a_receiver_and_tells_nothing_old(place, receive):
    receiver = receive()
    package = place.release("14.6.1")
    larder = place()
    cut_short(lambda: place.fetch_bad(larder))
    eventually(lambda: larder.status()["mismatches"])
    assert larder.command("webhooks").stdout == "no webhook is configured\n"
    assert larder.command("webhooks", "test").returncode == 1
    larder.hooks = [{"url": receiver.url}]
    larder.write_config()
    larder.signal(1)
    eventually(lambda: larder.api("webhooks")["items"])
    eventually(lambda: remembers(larder, "14.6.1"))
    assert get(larder.http, f"/d/MAC9{package}?source={CDN}&sourceScheme=https").status == 200
    eventually(receiver.events)
    assert [event["event"] for event in receiver.events()] == ["release_spread"]


def test_what_is_wrong_with_a_webhook_is_said_by_check(tmp_path):
    config = tmp_path / "larder.toml"
    config.write_text('[webhooks]\nspread_percent = 101\n[[webhooks.hook]]\nurl = "hooks.slack.com/x"\nformat = "discord"\n'
                      'secret_file = "/nowhere"\nevents = ["release"]\n[[webhooks.hook]]\nformat = "slack"\n')
    result = subprocess.run([LARDERD, "--config", str(config), "--check"], capture_output=True, text=True, timeout=30 * SLOW)
    assert result.returncode == 2
    for place, remedy in ((2, "spread_percent"), (4, "copy the whole address"), (5, "teams"), (6, "/nowhere cannot be read"), (7, "release_seen"),
                          (8, 'add url = "https://..."')):
        assert any(f"larder.toml:{place}:" in line and remedy in line for line in result.stderr.splitlines()), result.stderr


def test_a_dead_origin_and_a_disk_without_room_are_told_of_from_their_causes(tmp_path, origin, receive):
    receiver, other = receive(), receive()
    origin.put("/a.pkg", Content("a", MiB))
    hooks = ({"url": receiver.url}, {"url": other.url, "events": ["disk"]})
    with Larder(tmp_path, origins={"origin.test": origin, "dead.test": "127.0.0.1:1"}, hooks=hooks, storage={"cache_size": "10 GiB", "reserve": "8000 TiB"}) as larder:
        assert larder.get("/a.pkg").status == 200
        full = eventually(lambda: receiver.events("disk"))[0]
        assert (full["what"], full["state"], full["severity"]) == ("room", "began", "warning") and "pass through unkept" in full["text"]

        def down():
            assert larder.get("/x.pkg", host="dead.test").status in (502, 503)
            return receiver.events("origin_down")

        dead = eventually(down, timeout=90)[0]
        assert (dead["origin"], dead["state"], dead["severity"]) == ("dead.test:80", "began", "warning") and "cannot be reached" in dead["text"]
        assert [event["event"] for event in other.events()] == ["disk"]
        assert {row["queued"] for row in larder.api("webhooks")["items"]} == {0}
    assert len(receiver.calls) == 2, "each is told once, however often it is seen"


def grown_older(kept, **since: int):
    """A published generation as a Larder has it that has run for so many seconds of each line (docs/formats.md)."""
    text, _, rest = kept.read_bytes()[:-32].partition(b"\n\n")
    lines = []
    for line in text.decode().splitlines():
        word, _, value = line.partition(" ")
        microseconds, behind, more = value.partition(" ")
        lines.append(f"{word} {int(microseconds) - since[word] * 1_000_000}{behind}{more}" if word in since else line)
    changed = "\n".join(lines).encode() + b"\n\n" + rest
    kept.write_bytes(changed + hashlib.sha256(changed).digest())


def test_manifests_that_nobody_confirms_and_an_office_without_releases_are_told_of(tmp_path, origin, receive):
    receiver = receive()
    publish(origin, "OPIM2019", outlook(), "16.109.26053122")
    with Larder(tmp_path, origins={CDN_OF_OFFICE: origin}, vendors=("microsoft",), hooks=({"url": receiver.url},)) as larder:
        assert eventually(lambda: get(larder.http, "/mau/Current/0409OPIM2019.xml").status == 200)
        kept = larder.directory / "state" / "manifests" / "Current-OPIM2019.generation"
        eventually(lambda: kept.exists() and b"\nrelease " in kept.read_bytes())
        larder.stop()
        day = 86400
        grown_older(kept, release=15 * day, confirmed=3 * day, published=15 * day)
        origin.stop()
        larder.start()
        stale = eventually(lambda: len(told := receiver.events("catalogue_stale")) == 2 and told)
        assert {event["catalogue"] for event in stale} == {"Office", "AutoUpdate Current"}
        assert {(event["state"], event["severity"]) for event in stale} == {("began", "warning")}
        assert get(larder.http, "/mau/Current/0409OPIM2019.xml").body == outlook(), "what is published is served all the same"
        origin.start()
