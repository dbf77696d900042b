# SPDX-License-Identifier: MIT
"""Where the name of an origin may lead, and how Larder finds out where that is."""

import contextlib
import itertools
import socket

import pytest

from client import all_of, eventually, get
from content import Content, MiB
from larder import SLOW, Larder, free_port
from nameserver import A, AAAA, Nameserver
from origin import Answer, Origin

CONTENT = Content("a", 3 * MiB)
LOOPBACK = {"networks": ["127.0.0.0/8", "::1/128"]}


@pytest.fixture
def dns():
    with Nameserver() as dns:
        yield dns


def larder_of(tmp_path, port: int, *, dns=None, names=("vendor.test",), keys=None, **sections) -> Larder:
    """A Larder that looks its origins up: no connect_to."""
    hosts = {f"{name}:{port}": "0.0.0.0:1" for name in names}
    instance = Larder(tmp_path, origins=hosts, host_keys={host: {"connect_to": "", **(keys or {})} for host in hosts}, **sections)
    if dns is not None:
        instance.write_config(origins={"nameservers": [dns.endpoint]})
    return instance


@contextlib.contextmanager
def origin_at(address: str, port: int = 0):
    origin = Origin()
    origin.address = (address, port)
    with origin:
        yield origin


def host_of(origin, name: str = "vendor.test") -> str:
    return f"{name}:{origin.address[1]}"


# ---- where a name may lead

def test_a_name_that_leads_to_this_machine_is_not_followed(tmp_path, origin):
    origin.put("/a.pkg", CONTENT)
    name = f"vendor.localhost:{origin.address[1]}"
    with larder_of(tmp_path, origin.address[1], names=["vendor.localhost"]) as larder:
        answer = larder.get("/a.pkg", host=name)
        assert answer.status == 502
        assert b"no public address but loopback" in answer.body
        assert larder.get("/a.pkg", host=name, method="HEAD").status == 502
        assert get(larder.http, f"http://{name}/a.pkg", host=name, method="POST", body=b"x").status == 502
    assert origin.connections == 0


@pytest.mark.parametrize("address", ["10.255.255.1", "192.168.255.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
                                     "fd00::1", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "::"])
def test_a_name_that_leads_into_the_site_is_not_followed(tmp_path, origin, dns, address):
    dns.put("vendor.test", address)
    with larder_of(tmp_path, origin.address[1], dns=dns) as larder:
        answer = larder.get("/a.pkg", host=host_of(origin))
        assert answer.status == 502 and b"no public address" in answer.body, answer.body
    assert origin.connections == 0


def test_a_listed_network_may_be_led_to(tmp_path, origin, dns):
    dns.put("vendor.test", "127.0.0.1")
    origin.put("/a.pkg", CONTENT)
    with larder_of(tmp_path, origin.address[1], dns=dns, keys=LOOPBACK) as larder:
        assert larder.download("/a.pkg", CONTENT, host=host_of(origin)).good


def test_a_name_that_is_bound_anew_does_not_lead_inside(tmp_path, dns):
    with origin_at("127.0.0.2") as outside, origin_at("127.0.0.3", outside.address[1]) as inside:
        outside.put("/a.pkg", CONTENT)
        outside.put("/b.pkg", CONTENT)
        inside.put("/b.pkg", Content("secret", MiB))
        dns.put("vendor.test", "127.0.0.2", ttl=1)
        with larder_of(tmp_path, outside.address[1], dns=dns, keys={"networks": ["127.0.0.2/32"]}) as larder:
            assert larder.download("/a.pkg", CONTENT, host=host_of(outside)).good
            dns.put("vendor.test", "127.0.0.3", ttl=1)
            asked = dns.asked("vendor.test")
            outside.stop()  # its connections too
            assert eventually(lambda: (larder.get("/b.pkg", host=host_of(outside)).status == 502
                                       and dns.asked("vendor.test") > asked), timeout=60)
            assert b"no public address" in larder.get("/b.pkg", host=host_of(outside)).body
        assert inside.connections == 0


def test_of_several_addresses_those_inside_are_left_out(tmp_path, dns):
    with origin_at("127.0.0.2") as outside, origin_at("127.0.0.3", outside.address[1]) as inside:
        outside.put("/a.pkg", CONTENT)
        dns.put("vendor.test", "127.0.0.3", "fd00::1", "127.0.0.2")
        with larder_of(tmp_path, outside.address[1], dns=dns, keys={"networks": ["127.0.0.2/32"]}) as larder:
            assert larder.download("/a.pkg", CONTENT, host=host_of(outside)).good
        assert inside.connections == 0


def test_a_redirect_goes_no_further_than_a_name(tmp_path, origin, dns):
    port = origin.address[1]
    dns.put("vendor.test", "127.0.0.1")
    dns.put("other.test", "10.255.255.1")
    origin.put("/a.pkg", CONTENT, fault=Answer(302, {"Location": f"http://other.test:{port}/a.pkg"}))
    instance = larder_of(tmp_path, port, dns=dns, names=["vendor.test", "other.test"])
    instance.host_keys[f"vendor.test:{port}"]["networks"] = ["127.0.0.1/32"]
    instance.write_config()
    with instance as larder:
        answer = larder.get("/a.pkg", host=host_of(origin))
        assert answer.status == 502 and b"other.test leads to 10.255.255.1" in answer.body


def test_larder_does_not_ask_itself(tmp_path, dns):
    dns.put("vendor.test", "127.0.0.1")
    instance = Larder(tmp_path)
    port = instance.http[1]
    instance.origins = {f"vendor.test:{port}": "0.0.0.0:1"}
    instance.host_keys = {f"vendor.test:{port}": {"connect_to": "", **LOOPBACK}}
    instance.write_config(origins={"nameservers": [dns.endpoint]})
    with instance as larder:
        answer = larder.get("/a.pkg", host=f"vendor.test:{port}")
        assert answer.status == 502
        assert b"which is Larder itself" in answer.body and b"origins.nameservers" in answer.body
        assert larder.number("requests") == 1


# ---- how it is found

def test_addresses_are_remembered_for_their_time_to_live(tmp_path, origin, dns):
    dns.put("vendor.test", "127.0.0.1", ttl=300)
    for i in range(20):
        origin.put(f"/{i}.pkg", CONTENT)
    with larder_of(tmp_path, origin.address[1], dns=dns, keys=LOOPBACK) as larder:
        for i in range(20):
            assert larder.download(f"/{i}.pkg", CONTENT, host=host_of(origin)).good
    assert dns.asked("vendor.test", A) == 1 and dns.asked("vendor.test", AAAA) == 1


def test_fifty_clients_cost_one_look_up(tmp_path, origin, dns):
    dns.put("vendor.test", "127.0.0.1")
    for i in range(50):
        origin.put(f"/{i}.pkg", Content("b", MiB))
    with larder_of(tmp_path, origin.address[1], dns=dns, keys=LOOPBACK) as larder:
        downloads = all_of([larder.in_background(f"/{i}.pkg", Content("b", MiB), host=host_of(origin)) for i in range(50)])
        assert [d for d in downloads if not d.good] == []
    assert dns.asked("vendor.test", A) == 1


@pytest.mark.parametrize("fault, said", [("servfail", b"or only failures"), ("silent", b"no answer"), ("truncated", b"too long for UDP"),
                                         ("no such name", b"there is no such name"), ("no address", b"has no address")])
def test_a_name_that_cannot_be_looked_up_is_said_clearly(tmp_path, origin, dns, fault, said):
    if fault == "no address":
        dns.put("vendor.test")
    elif fault != "no such name":
        dns.fault = fault
    with larder_of(tmp_path, origin.address[1], dns=dns) as larder:
        answer = larder.get("/a.pkg", host=host_of(origin), timeout=60 * SLOW)
        assert answer.status in (502, 504)
        assert said in answer.body and b"looking up vendor.test at 127.0.0.1" in answer.body, answer.body


def test_the_system_s_resolver_failing_is_said_clearly(tmp_path, origin):
    with larder_of(tmp_path, origin.address[1], names=["no-such-name.invalid"]) as larder:
        answer = larder.get("/a.pkg", host=host_of(origin, "no-such-name.invalid"), timeout=60 * SLOW)
        assert answer.status == 502 and b"origins.nameservers" in answer.body


def test_one_family_is_enough(tmp_path, origin, dns):
    """A nameserver that never answers for AAAA costs a moment, not a time-out."""
    dns.put("vendor.test", "127.0.0.1")
    dns.silent_types = {AAAA}
    origin.put("/a.pkg", CONTENT)
    with larder_of(tmp_path, origin.address[1], dns=dns, keys=LOOPBACK) as larder:
        assert larder.download("/a.pkg", CONTENT, host=host_of(origin), timeout=5 * SLOW).good


def test_old_addresses_serve_when_the_nameserver_is_gone(tmp_path, origin, dns):
    dns.put("vendor.test", "127.0.0.1", ttl=1)
    with larder_of(tmp_path, origin.address[1], dns=dns, keys=LOOPBACK) as larder:
        numbers = itertools.count()

        def fetches_something_new() -> bool:
            path = f"/{next(numbers)}.pkg"
            origin.put(path, Content("b", 1000))
            return larder.download(path, Content("b", 1000), host=host_of(origin)).good

        assert fetches_something_new()
        asked = dns.asked("vendor.test")
        dns.fault = "servfail"

        def has_asked_anew() -> bool:
            assert fetches_something_new()
            return dns.asked("vendor.test") > asked

        eventually(has_asked_anew)
        assert fetches_something_new()
        eventually(lambda: "using the addresses it had before" in larder.log)


# ---- several addresses

def test_a_dead_address_is_passed_over(tmp_path, dns):
    with origin_at("127.0.0.2") as origin:
        origin.put("/a.pkg", CONTENT)
        dns.put("vendor.test", "127.0.0.9", "::1", "127.0.0.2")
        with larder_of(tmp_path, origin.address[1], dns=dns, keys=LOOPBACK) as larder:
            assert larder.download("/a.pkg", CONTENT, host=host_of(origin), timeout=10 * SLOW).good


@contextlib.contextmanager
def deaf(address: str, port: int):
    """An address whose kernel drops connections: its queue is full and nobody accepts."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect((address, port))
        yield


def test_an_address_that_does_not_answer_is_passed_over(tmp_path, dns):
    port = free_port()
    with origin_at("127.0.0.2", port) as origin, deaf("127.0.0.9", port):
        origin.put("/a.pkg", CONTENT)
        dns.put("vendor.test", "127.0.0.9", "127.0.0.2")
        with larder_of(tmp_path, port, dns=dns, keys=LOOPBACK) as larder:
            assert larder.download("/a.pkg", CONTENT, host=host_of(origin), timeout=20 * SLOW).good
