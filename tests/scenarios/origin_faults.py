# SPDX-License-Identifier: MIT
"""What an origin of the tests may do wrong, or otherwise than serve its page, with one answer."""

import dataclasses
import threading

from content import Content


@dataclasses.dataclass
class Reset:
    """The connection is reset once the answer has reached byte `at` of the object."""
    at: int


@dataclasses.dataclass
class Truncate:
    """The connection is closed cleanly at byte `at` of the object, though more was promised."""
    at: int


@dataclasses.dataclass
class Stall:
    """Nothing more is sent at byte `at` of the object until `go` is set (or the origin stops)."""
    at: int
    go: threading.Event = dataclasses.field(default_factory=threading.Event)
    reached: threading.Event = dataclasses.field(default_factory=threading.Event)


@dataclasses.dataclass
class HoldHead:
    """The head of the answer waits until `go` is set; `reached` says that the request has come. `then`: an Answer instead of the page."""
    go: threading.Event = dataclasses.field(default_factory=threading.Event)
    reached: threading.Event = dataclasses.field(default_factory=threading.Event)
    then: object = None


@dataclasses.dataclass
class WrongLength:
    """Content-Length is off by `by`; the bytes are all sent and the connection is closed."""
    by: int


@dataclasses.dataclass
class IgnoreRange:
    """A range is answered with 200 and everything."""


@dataclasses.dataclass
class Answer:
    """Another status, with these fields and this body."""
    status: int
    fields: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""


@dataclasses.dataclass
class Become:
    """Before this answer the object becomes another: new content and validators (by Origin.put's own rules)."""
    content: Content


@dataclasses.dataclass
class Instead:
    """Before this answer another page takes the place of this one, with content, validators and faults of its own."""
    page: object                  # an origin.Page


@dataclasses.dataclass
class NoLength:
    """The whole object without its length: the end of the connection ends it."""


@dataclasses.dataclass
class RawAnswer:
    """These very bytes; then, when `go` is set, those of `rest`; then a clean close, unless the connection is kept."""
    data: bytes
    rest: bytes = b""
    keep: bool = False
    go: threading.Event = dataclasses.field(default_factory=threading.Event)
