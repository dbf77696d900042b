# SPDX-License-Identifier: MIT
"""Scripts for hosts that are cached as RFC 9111 says. The fixtures `ask` and `steered` are in conftest.py."""

from email.utils import formatdate

from origin import Answer

HOST = "origin.test"
AGO = formatdate(1_750_000_000, usegmt=True)


def script(site, path, *answers):
    """The origin gives these answers, one a request; None is the page itself."""
    return site.origin.put(path, b"the page", fault=list(answers))


def answer(control=None, body=b"one", status=200, **fields):
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return Answer(status, {**({"Cache-Control": control} if control else {}), **named}, body)


def vary(foo, body, names="Foo", **fields):
    return answer("max-age=60", body, Vary=names, X_Foo=foo, **fields)


def requests(site, path, method="GET"):
    return len(site.origin.asked(path, method))
