# SPDX-License-Identifier: MIT
"""Slow and greedy clients: each limit of [limits] ends them, and nobody else notices. The limits are set short; what is
timed is only that an end comes, never when exactly."""

import threading
import time

import pytest

from client import Connection, InBackground, eventually
from content import Content, MiB
from origin import HoldHead

CONTENT = Content("limits", 32 * MiB)
SLOWLORIS = b"GET /a.pkg?source=origin.test HTTP/1.1\r\nHost: cache\r\nX-Slow: "


def trickle(connection: Connection, byte: bytes, seconds: float = 30):
    """Sends one byte each tenth of a second until an answer comes, and gives that."""
    connection.socket.settimeout(0.1)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            connection._pending += connection.socket.recv(65536)
            break
        except TimeoutError:
            connection.send(byte)
    connection.socket.settimeout(30)
    return connection.response()


# ---- heads and bodies

@pytest.mark.larder(limits={"head_timeout": "1s"})
def test_a_head_that_comes_a_byte_at_a_time_is_answered_408_and_closed(larder):
    with Connection(larder.http) as connection:
        connection.send(SLOWLORIS)
        answer = trickle(connection, b"a")
        assert answer.status == 408
        assert answer["Connection"] == "close"
        assert connection.closed_by_peer()
    assert larder.number("requests_timed_out") == 1


@pytest.mark.larder(limits={"head_timeout": "1s"})
def test_a_second_head_that_does_not_end_is_answered_408_too(site):
    site.origin.put("/a.pkg", CONTENT)
    with Connection(site.larder.http) as connection:
        connection.send(b"GET /a.pkg?source=origin.test HTTP/1.1\r\nHost: cache\r\nRange: bytes=0-9\r\n\r\n" + SLOWLORIS)
        assert connection.response().body == CONTENT.read(0, 10)
        assert trickle(connection, b"a").status == 408


@pytest.mark.larder(limits={"body_timeout": "1s", "body_rate": "1 KiB"})
@pytest.mark.parametrize("field, byte", [("Content-Length: 100000", b"x"), ("Transfer-Encoding: chunked", b"1\r\nx\r\n")])
def test_a_body_that_comes_a_byte_at_a_time_is_answered_408_and_never_sent_on(site, field, byte):
    site.origin.put("/ocsp", CONTENT)
    with Connection(site.larder.http) as connection:
        connection.send(f"POST http://origin.test/ocsp HTTP/1.1\r\nHost: origin.test\r\n{field}\r\n\r\n".encode())
        assert trickle(connection, byte).status == 408
        assert connection.closed_by_peer()
    assert site.origin.asked("/ocsp", "POST") == []


@pytest.mark.larder(limits={"body_timeout": "1s", "body_rate": "1 KiB"})
def test_a_body_that_is_slow_but_steady_is_passed_on(site):
    site.origin.put("/ocsp", CONTENT)
    body = Content("body", 64 * 1024).read()
    with Connection(site.larder.http) as connection:
        connection.send(b"POST http://origin.test/ocsp HTTP/1.1\r\nHost: origin.test\r\nContent-Length: %d\r\n\r\n" % len(body))
        for at in range(0, len(body), 2048):  # some three seconds
            connection.send(body[at:at + 2048])
            time.sleep(0.1)
        assert connection.response().status == 200
    assert site.origin.asked("/ocsp", "POST")[0].body == body


@pytest.mark.larder(limits={"keep_alive": "1s", "head_timeout": "30s"})
def test_a_quiet_connection_is_closed_without_a_word(site):
    site.origin.put("/a.pkg", CONTENT)
    with Connection(site.larder.http) as never_asked, Connection(site.larder.http) as asked:
        asked.request("/a.pkg?source=origin.test", fields={"Range": "bytes=0-9"})
        assert asked.response().body == CONTENT.read(0, 10)
        assert asked.closed_by_peer() and never_asked.closed_by_peer()
    assert site.larder.number("requests_timed_out") == 0


# ---- answers

@pytest.mark.larder(limits={"send_timeout": "2s"})
def test_a_client_that_takes_a_byte_now_and_then_is_cut(site):
    site.origin.put("/a.pkg", CONTENT)
    site.larder.get("/a.pkg")
    with Connection(site.larder.http, receive_buffer=4096) as connection:
        connection.request("/a.pkg?source=origin.test")
        with pytest.raises(ConnectionResetError):
            while connection.socket.recv(1):
                time.sleep(0.02)
    assert site.larder.number("answers_timed_out") == 1
    assert site.larder.get("/a.pkg", fields={"Range": "bytes=0-9"}).body == CONTENT.read(0, 10)


@pytest.mark.larder(limits={"send_timeout": "4s"})
def test_a_client_that_sleeps_for_less_than_its_time_gets_everything(site):
    site.origin.put("/a.pkg", CONTENT)
    slept = threading.Event()

    def sleep_once(received):
        if received > 8 * MiB and not slept.is_set():
            slept.set()
            time.sleep(2)  # it is the client that is slow here; nothing waits for it

    result = site.larder.download("/a.pkg", CONTENT, on_bytes=sleep_once)
    assert result.good and result.received == CONTENT.size
    assert site.larder.number("answers_timed_out") == 0


# ---- how many

@pytest.mark.larder(limits={"connections_per_client": 3, "exempt": []})
def test_one_connection_too_many_of_an_address_is_answered_429(site):
    site.origin.put("/a.pkg", CONTENT)
    with Connection(site.larder.http), Connection(site.larder.http), Connection(site.larder.http) as third:
        third.request("/a.pkg?source=origin.test", fields={"Range": "bytes=0-9"})
        assert third.response().status == 206
        refused = site.larder.get("/a.pkg")
        assert refused.status == 429 and int(refused["Retry-After"]) > 0 and refused["Connection"] == "close"
        assert site.larder.get("/a.pkg", source="127.0.0.2", fields={"Range": "bytes=0-9"}).status == 206
    eventually(lambda: site.larder.get("/a.pkg", fields={"Range": "bytes=0-9"}).status == 206)
    assert site.larder.number("connections_over_limit") >= 1


@pytest.mark.larder(limits={"connections_per_client": 2})
def test_an_exempt_address_may_have_as_many_connections_as_all(site):
    site.origin.put("/a.pkg", CONTENT)
    connections = [Connection(site.larder.http) for _ in range(20)]
    for connection in connections:
        connection.request("/a.pkg?source=origin.test", fields={"Range": "bytes=0-9"})
        assert connection.response().status == 206
        connection.close()


@pytest.mark.larder(limits={"connections": 2})
def test_one_client_too_many_of_all_is_answered_503(site):
    site.origin.put("/a.pkg", CONTENT)
    with Connection(site.larder.http), Connection(site.larder.http):
        eventually(lambda: site.larder.number("clients_connected") == 2)
        refused = site.larder.get("/a.pkg", source="127.0.0.2")
        assert refused.status == 503 and int(refused["Retry-After"]) > 0 and refused["Connection"] == "close"
    eventually(lambda: site.larder.get("/a.pkg", fields={"Range": "bytes=0-9"}).status == 206)


@pytest.mark.larder(limits={"connections": 2})
def test_who_is_one_too_many_and_says_nothing_is_closed_soon(site):
    with Connection(site.larder.http), Connection(site.larder.http):
        eventually(lambda: site.larder.number("clients_connected") == 2)
        with Connection(site.larder.http) as silent:
            assert silent.closed_by_peer()


@pytest.mark.larder(limits={"connections": 2})
def test_a_flood_of_clients_that_are_too_many_is_closed_at_once(site):
    with Connection(site.larder.http), Connection(site.larder.http):
        eventually(lambda: site.larder.number("clients_connected") == 2)
        flood = [Connection(site.larder.http) for _ in range(400)]
        assert eventually(lambda: site.larder.number("connections_refused") >= 100)
        for connection in flood:
            connection.close()
    site.origin.put("/a.pkg", CONTENT)
    eventually(lambda: site.larder.get("/a.pkg", fields={"Range": "bytes=0-9"}).status == 206)


@pytest.mark.larder(limits={"requests": 2})
def test_one_request_too_many_under_way_is_answered_503_and_may_come_again(site):
    held = [HoldHead(), HoldHead()]
    for number, hold in enumerate(held):
        site.origin.put(f"/{number}.pkg", CONTENT, fault=[hold])
    running = [InBackground(site.larder.get, f"/{number}.pkg") for number in range(2)]
    eventually(lambda: site.larder.number("requests_running") == 2)
    with Connection(site.larder.http) as connection:
        connection.request("/0.pkg?source=origin.test")
        refused = connection.response()
        assert refused.status == 503 and int(refused["Retry-After"]) > 0
        for hold in held:
            hold.go.set()
        assert [answer.result().status for answer in running] == [200, 200]
        eventually(lambda: site.larder.number("requests_running") == 0)
        connection.request("/0.pkg?source=origin.test", fields={"Range": "bytes=0-9"})
        assert connection.response().body == CONTENT.read(0, 10)
    assert site.larder.number("requests_over_limit") == 1


def test_limits_are_taken_over_by_a_reload(site):
    site.origin.put("/a.pkg", CONTENT)
    with Connection(site.larder.http) as first:
        first.request("/a.pkg?source=origin.test", fields={"Range": "bytes=0-9"})
        assert first.response().status == 206
        site.larder.write_config(limits={"connections_per_client": 1, "exempt": []})
        site.larder.signal(1)
        eventually(lambda: site.larder.get("/a.pkg", fields={"Range": "bytes=0-9"}).status == 429)
        first.request("/a.pkg?source=origin.test", fields={"Range": "bytes=0-9"})
        assert first.response().status == 206
