# SPDX-License-Identifier: MIT
"""The administration's port under abuse: what is too much is refused, and neither health nor clients suffer."""

import contextlib
import json

import pytest

from client import Connection, Cut, eventually, get
from content import Content, MiB

# admin/limits.h
CONNECTIONS = 256
BODY = MiB


def healthy(larder):
    assert get(larder.admin, "/healthz", timeout=10).status == 200


def test_a_body_over_a_mebibyte_is_refused_before_it_is_sent(larder):
    with Connection(larder.admin) as connection:
        connection.send(b"POST /api/v1/cache/evict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 18446744073709551615\r\n\r\n")
        assert connection.response().status in (400, 413)
    with Connection(larder.admin) as connection:
        connection.send(b"POST /api/v1/cache/evict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (BODY + 1))
        assert connection.response().status == 413
        assert connection.closed_by_peer()
    healthy(larder)


def test_a_body_of_the_largest_size_that_is_no_json_is_refused(larder):
    for body in (b"\0" * BODY, b"[" * BODY, b'{"url":"' + b"a" * (BODY - 10) + b'"}', b'{"a":' * (BODY // 5)):
        answer = larder.api_raw("/api/v1/cache/evict", method="POST", body=body, fields={"Content-Type": "application/json"})
        assert 400 <= answer.status < 500, answer.body[:100]
        assert json.loads(answer.body)["status"] == answer.status
    healthy(larder)


@pytest.mark.parametrize("target", ["/api/v1/reports/summary?from=" + "9" * 7000, "/api/v1/reports/versions?" + "product=a&" * 700,
                                    "/api/v1/reports/versions?cursor=" + "A" * 7000, "/api/v1/reports/versions?limit=99999999999999999999",
                                    "/api/v1/reports/versions?limit=-1", "/api/v1/reports/devices/" + "%00" * 2000, "/api/v1/reports/devices/..%2f..%2fstatus",
                                    "/api/v1/cache/objects?cursor=%ff%fe", "/api/v1/../../etc/passwd", "/api/v1/reports/summary?from=2026-99-99T99:99:99Z"])
def test_a_query_beyond_reason_is_refused_in_words(larder, target):
    answer = larder.api_raw(target)
    assert 400 <= answer.status < 500
    assert json.loads(answer.body)["status"] == answer.status
    healthy(larder)


def test_more_connections_than_are_kept_close_the_idle_ones_and_clients_are_served(site):
    content = Content("a", 2 * MiB)
    site.origin.put("/a.pkg", content)
    with contextlib.ExitStack() as stack:
        for _ in range(2 * CONNECTIONS):
            stack.enter_context(Connection(site.larder.admin))
        healthy(site.larder)
        assert site.larder.api("status")
        assert site.larder.download("/a.pkg", content).good


def test_half_sent_requests_do_not_keep_an_administrator_out(site):
    """As many as there are places, each with a request begun: none is idle, so the newest are turned away, for half a minute
    at most; clients notice nothing."""
    content = Content("a", 2 * MiB)
    site.origin.put("/a.pkg", content)
    with contextlib.ExitStack() as stack:
        for _ in range(CONNECTIONS):
            connection = stack.enter_context(Connection(site.larder.admin))
            connection.send(b"GET /api/v1/status HTTP/1.1\r\nHost: local")
        assert site.larder.download("/a.pkg", content).good

        def answered():
            try:
                return get(site.larder.admin, "/healthz", timeout=5).status == 200
            except (OSError, EOFError, Cut):
                return False

        eventually(answered, timeout=60)


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Bearer x", "Basic eDp5", "Bearer " + "a" * 20000, "Bearer correct-horse-battery-stapl",
                                           "Bearer correct-horse-battery-staple-", "bearer\tcorrect"])
def test_what_is_not_the_token_opens_nothing(tmp_path, site, authorization):
    token = tmp_path / "token"
    token.write_text("correct-horse-battery-staple\n")
    token.chmod(0o600)
    site.larder.write_config(access={"admin_token_file": token})
    site.larder.restart()
    fields = {} if authorization is None else {"Authorization": authorization}
    for path in ("/api/v1/status", "/metrics", "/api/v1/config", "/api/v1/cache/objects"):
        answer = site.larder.api_raw(path, fields=fields)
        assert answer.status in (401, 431), path
        assert b"storage" not in answer.body
    assert site.larder.api_raw("/api/v1/status", fields={"Authorization": "Bearer correct-horse-battery-staple"}).status == 200
