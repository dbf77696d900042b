# SPDX-License-Identifier: MIT
"""What is right in a storm: judged when it is over, from what each client remembers, the ledger and the origin's own count.

Always: every byte is of one version; a version that may no longer be served is not; what Content-Length, Content-Range and
ETag say is so; what is not whole ends by a reset; nothing hangs. Of an object with which nothing went wrong: it is answered whole.
Where nobody was killed: the ledger has each answer, with its bytes.
"""

import re

from client import eventually
from content import MiB

SERVED = {200, 206, 304, 412, 416}
TROUBLED = {400, 403, 404, 408, 429, 500, 502, 503, 504}
# What the kernels between origin and Larder hold of a response when it is broken off.
UNDER_WAY = 6 * MiB


class Oracle:
    def __init__(self, storm):
        self.storm = storm
        self.names: dict[tuple[int, str], set[int]] = {}  # strong entity tag of a thing: the versions it has named

    def judge(self):
        for ask in self.storm.asks:
            fault = self.fault_of(ask)
            if fault:
                self.storm.problem(f"{ask}: {fault}")
        if not self.storm.killed:
            self.judge_ledger()
        for thing in self.storm.things:
            self.judge_line(thing)

    # ---- what may be expected

    def untroubled(self, ask) -> bool:
        """Nothing was drawn that could keep this answer from being whole."""
        thing = ask.thing
        # What cannot be kept is asked for again where it stands, which takes something that tells of what version it is.
        unkept = (self.storm.full or self.storm.tight) and thing.style in ("weak", "weak that stays", "none")
        # An origin that asks for a rest, at whichever object, gets it for all.
        rests = any("rest" in other.faults for other in self.storm.things)
        return thing.calm and not unkept and not rests and not self.storm.was_disturbed(ask.start, ask.end) and not any(
            ask.start <= until and ask.end >= since for since, until in self.storm.origin_down)

    def begun(self, ask) -> float:
        """When the first of the requests began that follow on each other without a gap up to this one: they may share a fill."""
        start = ask.start
        slack = 1 + (ask.thing.size / ask.thing.rate if ask.thing.rate else 0)
        others = sorted((other for other in self.storm.asks if other.thing is ask.thing and other.start < start), key=lambda other: -other.end)
        for other in others:
            if other.start < start and other.end + slack >= start:
                start = other.start
        return start - slack

    def may_be_served(self, ask, version) -> bool:
        thing = ask.thing
        strict = thing.kind == "ordinary" and isinstance(thing.max_age, str)
        if not strict and (thing.faults or self.storm.origin_down or self.storm.disturbed):
            return True  # stale, since the origin could not be asked
        return version.since <= ask.end and version.until >= self.begun(ask) - thing.lifetime

    # ---- one answer

    def fault_of(self, ask) -> str:
        """What is wrong with it; "" nothing."""
        disturbed = self.storm.was_disturbed(ask.start, ask.end)
        if ask.wrong:
            return "wrong bytes"
        if ask.error:
            if ask.error.startswith("no progress"):
                return "hangs"
            # A reset before the head is a failure as any other; a clean close is none that a client understands.
            reset = ask.error.startswith("ConnectionReset") and not self.untroubled(ask)
            # A connection does not outlive the daemon it was made to.
            return "" if self.storm.was_disturbed(ask.connected, ask.end) or reset else "no answer"
        if ask.cut:
            if ask.cut.clean and not disturbed:
                return "not whole, and yet ended cleanly"
            return "cut, though nothing went wrong" if self.untroubled(ask) else ""
        if ask.left:
            return "" if ask.head.status not in (200, 206) or ask.matches else "wrong bytes"
        return self.fault_of_whole(ask)

    def fault_of_whole(self, ask) -> str:
        status = ask.head.status
        if status not in SERVED | TROUBLED:
            return "a status nobody drew"
        if status in TROUBLED:
            return "refused, though nothing went wrong" if self.untroubled(ask) else ""
        if status in (200, 206):
            return self.fault_of_head(ask) if ask.method == "HEAD" else self.fault_of_served(ask)
        if status == 304 and "If-None-Match" not in ask.fields:
            return "304 for a request without If-None-Match"
        if status == 412 and "If-Match" not in ask.fields:
            return "412 for a request without If-Match"
        if status == 416 and ask.head["Content-Range"] not in {"", *(f"bytes */{size}" for size in self.sizes(ask.thing))}:
            return f"416 with the size of no version: {ask.head['Content-Range']}"
        return ""

    @staticmethod
    def sizes(thing) -> set[int]:
        """What an origin that lies about lengths has said is believed until the bytes are short of it."""
        return {version.content.size + lie for version in thing.versions for lie in thing.lies | {0}}

    def fault_of_head(self, ask) -> str:
        length = ask.head["Content-Length"]
        if length and ask.head.status == 200 and int(length) not in self.sizes(ask.thing):
            return f"HEAD tells the length of no version: {length}"
        return ""

    def fault_of_served(self, ask) -> str:
        head = ask.head
        matches = ask.matches
        if head.status == 200:
            # Where the connection's end ends it, nobody can tell a part from the whole.
            endless = "no length" in ask.thing.faults and self.storm.origin_down
            matches = [version for version in matches if version.content.size == ask.received or endless]
        elif head.content_range:
            first, last, size = head.content_range
            matches = [version for version in matches if size - version.content.size in ask.thing.lies | {0}]
            if last - first + 1 != ask.received:
                return f"{head['Content-Range']} with {ask.received} bytes"
            wanted = single_range(ask.fields.get("Range", ""), size)
            if wanted is not None and wanted != (first, last):
                return f"{head['Content-Range']} where {wanted} was asked for"
        if not matches:
            return "of the length of no version"
        if not any(self.may_be_served(ask, version) for version in matches):
            return "a version that is no longer to be served"
        return self.fault_of_tag(ask, matches)

    def fault_of_tag(self, ask, matches) -> str:
        tag = ask.head["ETag"]
        condition = ask.fields.get("If-Range")
        if ask.head.status == 206 and condition is not None and not self.same_bytes(ask, condition, matches):
            return f"a part, though If-Range names other bytes than {tag}"
        if ask.fields.get("If-None-Match") == tag and tag and ask.head.status == 200:
            return "200, though If-None-Match names it"
        if not tag or tag.startswith("W/"):
            return ""
        named = {id(version.content) for version in matches}
        before = self.names.setdefault((ask.thing.number, tag), named)
        self.names[(ask.thing.number, tag)] = before & named
        return "" if before & named else f"{tag} has named other bytes before"

    def same_bytes(self, ask, condition: str, matches) -> bool:
        if condition == ask.head["ETag"]:
            return True
        named = self.names.get((ask.thing.number, condition), set()) | {id(v.content) for v in ask.thing.versions if v.etag == condition}
        return any(id(version.content) in named for version in matches)

    # ---- the record and the line

    def judge_ledger(self):
        """Each answer has been recorded with the bytes the client got; more only where it did not wait for them."""
        owed = {ask.token: ask for ask in self.storm.asks if ask.head is not None}
        wrong: list[str] = []

        def all_there() -> bool:
            rows = {row["id"]: row["bytes_sent"] for row in self.storm.larder.report("devices", limit=1000)}
            wrong[:] = [f"{ask}: the ledger has {rows.get(token)} bytes" for token, ask in owed.items() if not recorded(ask, rows.get(token))]
            return not wrong

        try:
            eventually(all_there, timeout=20)
        except AssertionError:
            for text in wrong:
                self.storm.problem(text)

    def judge_line(self, thing):
        """An object that may be kept, with which nothing went wrong, crossed the line once."""
        storm = self.storm
        kept = thing.max_age == 3600 or thing.kind == "immutable"
        disturbed = storm.tight or storm.full or storm.disturbed or storm.origin_down or storm.counts["order"]
        asks = [ask for ask in storm.asks if ask.thing is thing]
        if not thing.calm or not kept or disturbed or thing.chunked or any("Cache-Control" in ask.fields for ask in asks):
            return
        requests = len(storm.origin.asked(thing.path))
        sent = storm.origin.bytes_sent(thing.path)
        if sent > thing.size + UNDER_WAY * max(0, requests - 1):
            storm.problem(f"{thing.path} of {thing.size} bytes: the origin sent {sent} in {requests} requests, though nothing went wrong")


def recorded(ask, bytes_sent: int | None) -> bool:
    if bytes_sent is None:
        return False
    body = ask.of_object if ask.head["Content-Type"].startswith("multipart/byteranges") else ask.received
    return bytes_sent == body if ask.complete else bytes_sent >= body


def single_range(value: str, size: int) -> tuple[int, int] | None:
    """First and last of the one range asked for; nothing when there are several."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", value)
    if not match:
        return None
    if not match[1]:
        return max(0, size - int(match[2])), size - 1
    return int(match[1]), min(size - 1, int(match[2])) if match[2] else size - 1
