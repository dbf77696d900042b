# SPDX-License-Identifier: MIT
"""Bytes of any size that need no memory: what stands at an offset follows from the name and the offset alone.

Every block of 1 MiB begins with a stamp (name's seed and block number) and goes on with bytes that begin elsewhere for each
name, so that a byte out of place, a block of another object or a byte of another version of it is seen at once, and where.
"""

import hashlib
import random
import struct

BLOCK = 1 << 20
STAMP = struct.Struct(">QQ")

KiB = 1 << 10
MiB = 1 << 20
GiB = 1 << 30

_REST = BLOCK - STAMP.size
# Twice the same, so that what begins anywhere in the first is one piece.
_rest = memoryview(random.Random(7).randbytes(_REST) * 2)


class Content:
    """The bytes of one version of one object."""

    def __init__(self, name: str, size: int):
        self.name = name
        self.size = size
        self._seed = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
        self._turn = self._seed % _REST

    def parts(self, start: int, end: int):
        """The bytes [start, end) as pieces of at most a block; nothing is joined or copied."""
        end = min(end, self.size)
        while start < end:
            block, within = divmod(start, BLOCK)
            stop = min(end - block * BLOCK, BLOCK)
            if within < STAMP.size:
                stamp = STAMP.pack(self._seed, block)
                yield stamp[within:min(stop, STAMP.size)]
                if stop > STAMP.size:
                    yield _rest[self._turn:self._turn + stop - STAMP.size]
            else:
                yield _rest[self._turn + within - STAMP.size:self._turn + stop - STAMP.size]
            start = block * BLOCK + stop

    def read(self, start: int = 0, end: int | None = None) -> bytes:
        return b"".join(self.parts(start, self.size if end is None else end))

    def sha256(self) -> str:
        digest = hashlib.sha256()
        for part in self.parts(0, self.size):
            digest.update(part)
        return digest.hexdigest()

    def first_difference(self, offset: int, data) -> int | None:
        """Where `data`, received as the bytes at `offset`, differs from this content; nothing when it does not."""
        # Compared as bytes: a comparison of memoryviews goes item by item, thirty times slower.
        data, at = bytes(data), 0
        for part in self.parts(offset, offset + len(data)):
            got, want = data[at:at + len(part)], bytes(part)
            if got != want:
                return offset + at + next(i for i, (a, b) in enumerate(zip(got, want)) if a != b)
            at += len(part)
        return None if at == len(data) else self.size


class Bytes(Content):
    """Given bytes: a manifest, a catalogue."""

    def __init__(self, data: bytes):
        super().__init__("", len(data))
        self._data = memoryview(bytes(data))

    def parts(self, start: int, end: int):
        yield self._data[start:min(end, self.size)]
