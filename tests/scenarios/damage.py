# SPDX-License-Identifier: MIT
"""Damage to an LMDB data file, page by page (base/lmdb_check.cpp has the layout)."""

import pathlib
import random
import struct

PAGE = 4096
BRANCH = 1


class DataFile:
    def __init__(self, directory: pathlib.Path):
        self.path = directory / "data.mdb"

    def read(self, page: int, length: int = PAGE) -> bytes:
        with open(self.path, "rb") as file:
            file.seek(page * PAGE)
            return file.read(length)

    def write(self, page: int, data: bytes, at: int = 0):
        with open(self.path, "r+b") as file:
            file.seek(page * PAGE + at)
            file.write(data)

    def pages(self) -> int:
        return self.path.stat().st_size // PAGE

    def newest_head(self) -> int:
        return max((0, 1), key=lambda page: struct.unpack_from("<Q", self.read(page), 16 + 24 + 2 * 48 + 8)[0])

    def live_pages(self) -> int:
        """Pages of the main table's tree and its values."""
        return sum(struct.unpack_from("<QQQ", self.read(self.newest_head()), 16 + 24 + 48 + 8))

    def root_of(self, table: int) -> int:
        """0: of the free pages, 1: the main table's."""
        return struct.unpack_from("<Q", self.read(self.newest_head()), 16 + 24 + table * 48 + 40)[0]

    def in_use(self) -> tuple[list[int], list[int]]:
        """Pages of the trees that count now, and the first pages of their large values."""
        trees, values, waiting = [], [], [self.root_of(1)]
        while waiting:
            page = waiting.pop()
            if page >= 1 << 60:
                continue
            trees.append(page)
            bytes_ = self.read(page)
            kind, lower = struct.unpack_from("<HH", bytes_, 10)
            for at in range(16, lower, 2):
                node, = struct.unpack_from("<H", bytes_, at)
                low, flags, key = struct.unpack_from("<IHH", bytes_, node)
                if kind == BRANCH:
                    waiting.append(low | flags << 32)
                elif flags & 1:
                    values += struct.unpack_from("<Q", bytes_, node + 8 + key)
                elif flags & 2:
                    waiting += struct.unpack_from("<Q", bytes_, node + 8 + key + 40)
        return trees, values

    def spoil(self, kind: str, chance: random.Random) -> bool:
        """False when there is nothing of the kind."""
        if kind == "zero file":
            self.path.write_bytes(b"")
        elif kind == "zeros":
            self.path.write_bytes(bytes(self.path.stat().st_size))
        elif kind == "truncated":
            with open(self.path, "r+b") as file:
                file.truncate(max(2, self.pages() // 2) * PAGE)
        elif kind == "head":
            self.write(self.newest_head(), chance.randbytes(PAGE))
        elif kind == "root":
            self.write(self.root_of(1), chance.randbytes(PAGE))
        elif kind == "free list":
            if self.root_of(0) >= 1 << 60:
                return False
            # Of the list itself, not of its page: numbers that are in use.
            page = self.root_of(0)
            offset = struct.unpack_from("<H", self.read(page), 16)[0]
            self.write(page, struct.pack("<Q", self.root_of(1)), offset + 8 + 8 + 8)
        elif kind == "tree page":
            self.write(chance.choice(self.in_use()[0]), chance.randbytes(PAGE))
        elif kind == "bits":
            page = chance.choice(self.in_use()[0])
            for _ in range(8):
                self.write(page, chance.randbytes(1), chance.randrange(16, PAGE))
        elif kind == "value head":
            pages = self.in_use()[1]
            if not pages:
                return False
            for page in pages:
                self.write(page, struct.pack("<I", 100000), 12)
        elif kind == "value":
            pages = self.in_use()[1]
            if not pages:
                return False
            for page in chance.sample(pages, min(3, len(pages))):
                self.write(page, chance.randbytes(64), 1000)
        else:
            raise ValueError(kind)
        return True


KINDS = ["zero file", "zeros", "truncated", "head", "root", "free list", "tree page", "bits", "value head", "value"]
ENVIRONMENTS = ["index", "chunks", "small", "ledger"]
