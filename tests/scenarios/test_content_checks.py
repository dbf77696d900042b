# SPDX-License-Identifier: MIT
"""What a catalogue publishes of a file is checked while it is fetched: wrong bytes are never kept and never end well."""

import hashlib
import json
import struct

import pytest

from client import Cut, InBackground, eventually, get
from content import Content, MiB
from larder import Larder

SCAN, CDN, UPDATES = "swscan.apple.com", "swcdn.apple.com", "updates.cdn-apple.com"
KEY = "042-99999"
FOLDER = f"/content/downloads/26/09/{KEY}-A_114Q05ZS90/yudaal746aeavnzu5qdhk26uhlphm3r79u/"
PACKAGE = FOLDER + "InstallAssistant.pkg"
ASSET = "/2025FallFCS/patches/093-34020/0701D9BE-9082-4277-ADAE-A2C900733801/com_apple_MobileAsset_MacSoftwareUpdate/aa.zip"


def chunk_list(content: bytes, piece: int = 2 * MiB) -> bytes:
    pieces = [content[at:at + piece] for at in range(0, len(content), piece)]
    body = b"CNKL" + struct.pack("<IBBBxQQQ", 36, 1, 1, 2, len(pieces), 36, 36 + 36 * len(pieces))
    body += b"".join(struct.pack("<I32s", len(part), hashlib.sha256(part).digest()) for part in pieces)
    return body + hashlib.sha256(body).digest()


def archive(size: int) -> bytes:
    table = Content("table", 100_000).read()
    head = b"xar!" + struct.pack(">HHQQI", 28, 1, len(table), 10 * len(table), 1) + table + hashlib.sha1(table).digest()
    return head + Content("heap", size - len(head)).read()


def table_digest(package: bytes) -> str:
    return hashlib.sha1(package[28:100_028]).hexdigest()


def sucatalog(size: int, *, digest: str = "", chunks: bool = False) -> bytes:
    more = f"<key>Digest</key><string>{digest}</string>" if digest else ""
    if chunks:
        more += f"<key>IntegrityDataURL</key><string>https://{CDN}{PACKAGE}.integrityDataV1</string>"
    return f"""<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>Products</key><dict><key>{KEY}</key><dict>
<key>Packages</key><array><dict><key>Size</key><integer>{size}</integer><key>URL</key><string>https://{CDN}{PACKAGE}</string>{more}</dict></array>
</dict></dict></dict></plist>""".encode()


def appledb(content: bytes, **hashes: str) -> bytes:
    return json.dumps({"osStr": "macOS", "version": "15.7", "build": "24G222", "sources": [
        {"type": "ota", "prerequisiteBuild": "22H713", "deviceMap": ["Mac13,1"], "links": [{"url": f"https://{UPDATES}{ASSET}"}],
         "hashes": hashes, "size": len(content)}]}).encode()


@pytest.fixture
def place(tmp_path, origin):
    """A Larder that knows the given catalogues from the start."""
    running = []

    def start(**catalogues: bytes) -> Larder:
        folder = tmp_path / f"catalogues{len(running)}"
        folder.mkdir()
        for name, document in catalogues.items():
            (folder / name).write_bytes(document)
        larder = Larder(tmp_path / f"larder{len(running)}", origins={CDN: origin, UPDATES: origin}, vendors=("apple",),
                        updates={"catalogues": folder})
        running.append(larder)
        larder.__enter__()
        eventually(lambda: larder.log.count("read the catalogue") >= len(catalogues))
        return larder

    yield start
    for larder in running:
        larder.__exit__(None, None, None)


def asked(larder: Larder, path: str, host: str, **fields: str):
    return get(larder.http, f"{path}?source={host}&sourceScheme=https", fields=fields)


def counted(larder: Larder) -> tuple[int, int]:
    counters = larder.status()["counters"]
    return counters["contents_checked"], counters["contents_refused"]


def held(larder: Larder, path: str) -> bool:
    return any(row["url"].endswith(path) for row in larder.objects())


@pytest.mark.parametrize("published", ["digests", "chunks", "head"])
def test_the_right_bytes_are_checked_and_kept(place, origin, published):
    content = archive(7 * MiB + 1234)
    if published == "digests":
        path, host = ASSET, UPDATES
        larder = place(db=appledb(content, **{"sha1": hashlib.sha1(content).hexdigest(), "sha2-256": hashlib.sha256(content).hexdigest()}))
    else:
        path, host = PACKAGE, CDN
        larder = place(cat=sucatalog(len(content), digest=table_digest(content), chunks=published == "chunks"))
        origin.put(PACKAGE + ".integrityDataV1", chunk_list(content))
    origin.put(path, content)
    assert asked(larder, path, host).body == content
    eventually(lambda: counted(larder) == (1, 0))
    assert asked(larder, path, host).body == content
    assert origin.bytes_sent(path) == len(content)
    assert larder.status()["problems"] == []


@pytest.mark.parametrize("published", ["sha1", "sha256", "chunks", "head"])
def test_wrong_bytes_are_cut_before_their_end_and_not_kept(place, origin, published):
    content = archive(7 * MiB + 1234)
    wrong = bytearray(content)
    wrong[50_000 if published == "head" else 3 * MiB] ^= 1
    wrong = bytes(wrong)
    path, host = (ASSET, UPDATES) if published.startswith("sha") else (PACKAGE, CDN)
    if published == "sha1":
        larder = place(db=appledb(content, sha1=hashlib.sha1(content).hexdigest()))
    elif published == "sha256":
        larder = place(db=appledb(content, **{"sha2-256": hashlib.sha256(content).hexdigest()}))
    else:
        larder = place(cat=sucatalog(len(content), digest=table_digest(content), chunks=published == "chunks"))
        origin.put(PACKAGE + ".integrityDataV1", chunk_list(content))
    origin.put(path, wrong)
    with pytest.raises(Cut) as cut:
        asked(larder, path, host)
    assert cut.value.received <= 7 * MiB
    eventually(lambda: counted(larder) == (0, 1))
    status = larder.status()
    assert status["mismatches"][0]["url"] == f"https://{host}{path}"
    assert status["mismatches"][0]["why"] in status["problems"][0]
    assert 'larder_contents_checked_total{result="refused"} 1' in get(larder.admin, "/metrics").body.decode()
    eventually(lambda: not held(larder, path))

    # Whoever asks again gets what the origin has, as if there were no cache.
    assert asked(larder, path, host).body == wrong
    eventually(lambda: not held(larder, path))


def test_a_wrong_size_is_refused_by_its_head(place, origin):
    content = Content("package", 3 * MiB).read()
    larder = place(cat=sucatalog(len(content) + 1))
    origin.put(PACKAGE, content)
    assert asked(larder, PACKAGE, CDN).body == content
    assert counted(larder) == (0, 1)
    eventually(lambda: not held(larder, PACKAGE))


def test_a_small_wrong_file_is_passed_without_a_cut(place, origin):
    content = archive(300_000)
    larder = place(cat=sucatalog(len(content), digest="00" * 20))
    origin.put(PACKAGE, content)
    first = asked(larder, PACKAGE, CDN)
    assert first.status == 200
    assert first.body == content
    eventually(lambda: counted(larder) == (0, 1))
    eventually(lambda: not held(larder, PACKAGE))


def test_a_reader_of_the_end_waits_for_nothing_else(place, origin):
    content = archive(20 * MiB)
    larder = place(cat=sucatalog(len(content), digest=table_digest(content), chunks=True))
    origin.put(PACKAGE, content)
    origin.put(PACKAGE + ".integrityDataV1", chunk_list(content))
    last = asked(larder, PACKAGE, CDN, Range=f"bytes={19 * MiB}-")
    assert last.body == content[19 * MiB:]
    assert origin.bytes_sent(PACKAGE) <= 4 * MiB
    assert asked(larder, PACKAGE, CDN).body == content
    eventually(lambda: counted(larder) == (1, 0))
    assert origin.bytes_sent(PACKAGE) == len(content)


def test_ranges_of_wrong_bytes_never_make_a_whole(place, origin):
    content = archive(6 * MiB)
    wrong = content[:-1] + bytes([content[-1] ^ 1])
    larder = place(cat=sucatalog(len(content), chunks=True))
    origin.put(PACKAGE, wrong)
    origin.put(PACKAGE + ".integrityDataV1", chunk_list(content))
    for at in (5, 3, 1, 0, 2):
        part = slice(at * MiB, (at + 1) * MiB)
        assert asked(larder, PACKAGE, CDN, Range=f"bytes={part.start}-{part.stop - 1}").body == wrong[part]
    assert larder.number("requests_pass") == 0
    # The last one waits for the verdict, and then for the origin.
    assert asked(larder, PACKAGE, CDN, Range=f"bytes={4 * MiB}-{5 * MiB - 1}").body == wrong[4 * MiB:5 * MiB]
    eventually(lambda: larder.number("requests_pass") == 1)
    assert counted(larder) == (0, 1)
    eventually(lambda: not held(larder, PACKAGE))


def test_a_kill_before_the_verdict_leaves_nothing_whole(place, origin):
    content = archive(6 * MiB)
    wrong = content[:-1] + bytes([content[-1] ^ 1])
    larder = place(cat=sucatalog(len(content), chunks=True))
    origin.put(PACKAGE, wrong)
    origin.put(PACKAGE + ".integrityDataV1", chunk_list(content))
    for at in range(5):
        asked(larder, PACKAGE, CDN, Range=f"bytes={at * MiB}-{(at + 1) * MiB - 1}")
    larder.kill()
    larder.start()
    eventually(lambda: "read the catalogue" in larder.log)
    with pytest.raises(Cut):
        asked(larder, PACKAGE, CDN)
    eventually(lambda: counted(larder) == (0, 1))
    eventually(lambda: not held(larder, PACKAGE))


def test_without_its_list_of_chunks_a_package_is_checked_by_the_rest(place, origin):
    content = archive(3 * MiB)
    larder = place(cat=sucatalog(len(content), digest=table_digest(content), chunks=True))
    origin.put(PACKAGE, content)
    assert asked(larder, PACKAGE, CDN).body == content
    eventually(lambda: counted(larder) == (1, 0))
    assert "it cannot be had" in larder.log


def test_a_delta_is_on_record_as_what_it_makes_of_what(place, origin):
    content = archive(2 * MiB)
    before = json.dumps({"osStr": "macOS", "version": "13.7.8", "build": "22H713"}).encode()
    larder = place(new=appledb(content), old=before)
    origin.put(ASSET, content)
    assert get(larder.http, f"/d/MAC9{ASSET}?source={UPDATES}&sourceScheme=https").body == content
    row = eventually(lambda: next(iter(larder.report("versions")), None))
    assert (row["product"], row["version"], row["build"], row["devices_complete"]) == ("macOS", "15.7", "24G222", 1)
    fetch = larder.report("devices/MAC9")["recent"][0]
    assert (fetch["kind"], fetch["evidence"], fetch["from_version"], fetch["from_builds"]) == ("delta", "feed", "13.7.8", "22H713")
    told = larder.command("--json", "what", f"https://{UPDATES}{ASSET}").stdout
    assert json.loads(told)["models"] == ["Mac13,1"]


def test_a_catalogue_that_comes_while_its_file_is_fetched_is_heeded_at_the_end(tmp_path, origin):
    content = archive(4 * MiB)
    origin.put(PACKAGE, content[:-1] + bytes([content[-1] ^ 1]), rate=3 * MiB)
    origin.put(PACKAGE + ".integrityDataV1", chunk_list(content))
    origin.put("/content/catalogs/others/index-15.sucatalog", sucatalog(len(content), chunks=True))
    with Larder(tmp_path, origins={CDN: origin, SCAN: origin}, vendors=("apple",)) as larder:
        package = InBackground(asked, larder, PACKAGE, CDN)
        origin.wait_for(lambda o: o.bytes_sent(PACKAGE) > MiB)
        assert asked(larder, "/content/catalogs/others/index-15.sucatalog", SCAN).status == 200
        eventually(lambda: "read the catalogue" in larder.log)
        assert not package.done()
        try:
            package.result()
        except Cut:
            pass
        eventually(lambda: counted(larder) == (0, 1))
        eventually(lambda: not held(larder, PACKAGE))
