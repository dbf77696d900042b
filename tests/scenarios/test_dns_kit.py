# SPDX-License-Identifier: MIT
"""`larder dns`: what a nameserver is told, from the same table as the origins."""

import json
import re

import client
import larder as larder_
import pytest

FORMATS = ["dnsmasq", "unbound", "bind-rpz", "adguard", "pihole"]


@pytest.fixture(scope="module")
def larder(tmp_path_factory):
    with larder_.Larder(tmp_path_factory.mktemp("dns"), vendors=("apple", "microsoft"),
                        origins={"files.example": "127.0.0.1:9", "only.example:8443": "127.0.0.1:9", "localhost": "127.0.0.1:9", "192.0.2.1": "127.0.0.1:9"}) as larder:
        yield larder


def kit(larder, form: str, *words: str) -> str:
    made = larder.command("dns", "--format", form, "--address", "10.1.2.3", "--address", "2001:db8::3", *words)
    assert made.returncode == 0, made
    return made.stdout


def rules(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and line.lstrip()[0] not in "#;!"]


def test_each_format_says_it_in_its_own_words(larder):
    assert {"local=/swcdn.apple.com/", "host-record=swcdn.apple.com,10.1.2.3", "host-record=swcdn.apple.com,2001:db8::3", "address=/itunes.apple.com/10.1.2.3"} <= set(
        rules(kit(larder, "dnsmasq")))
    assert rules(kit(larder, "pihole")) == rules(kit(larder, "dnsmasq"))
    unbound = rules(kit(larder, "unbound"))
    assert unbound[0] == "server:"
    assert '  local-zone: "swcdn.apple.com." static' in unbound and '  local-data: "swcdn.apple.com. 60 IN AAAA 2001:db8::3"' in unbound
    assert '  local-zone: "itunes.apple.com." redirect' in unbound
    bind = rules(kit(larder, "bind-rpz"))
    assert "swcdn.apple.com 60 IN A 10.1.2.3" in bind and "*.itunes.apple.com 60 IN AAAA 2001:db8::3" in bind and "*.swcdn.apple.com 60 IN A 10.1.2.3" not in bind
    adguard = rules(kit(larder, "adguard"))
    assert "|swcdn.apple.com^$dnsrewrite=NOERROR;A;10.1.2.3" in adguard and "||itunes.apple.com^$dnsrewrite=NOERROR;AAAA;2001:db8::3" in adguard


@pytest.mark.parametrize("form", FORMATS)
def test_names_are_those_of_the_origins_and_no_others(larder, form):
    named = set(re.findall(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", "\n".join(rules(kit(larder, form)))))
    assert "files.example" in named
    assert not named & {"only.example", "localhost", "192.0.2.1"}
    assert "res.public.onecdn.static.microsoft" not in named, "asked by https alone"
    assert "left out: res.public.onecdn.static.microsoft" in kit(larder, form)
    assert "res.public.onecdn.static.microsoft" in "\n".join(rules(kit(larder, form, "--https")))
    # The proxy script has the same table.
    script = client.get(larder.http, "/proxy.pac").body.decode()
    for host in re.findall(r'"[=.]([a-z0-9.-]+)": ",80', script) + re.findall(r'"[=.]([a-z0-9.-]+)": ",[^"]*,80,', script):
        assert host in kit(larder, form) or host in ("localhost", "192.0.2.1"), host


@pytest.mark.parametrize("form", FORMATS)
def test_it_warns_where_steering_is_useless_or_harms(larder, form):
    text = kit(larder, form)
    assert "port 80" in text and "port 443 (listen.sni)" in text and "never cached" in text and "origins.nameservers" in text


@pytest.mark.parametrize("order", [
    {}, {"format": "hosts"}, {"format": 5}, {"format": "dnsmasq", "addresses": ["larder.example"]}, {"format": "dnsmasq", "addresses": ["10.1.2.3:80"]},
    {"format": "dnsmasq", "addresses": ["10.0.0.1\naddress=/#/10.6.6.6"]}, {"format": "dnsmasq", "addresses": "10.1.2.3"}, {"format": "dnsmasq", "more": 1},
    {"format": "dnsmasq", "https": "yes"}, []], ids=str)
def test_a_wrong_order_is_refused_in_words(larder, order):
    answer = client.get(larder.admin, "/api/v1/dns", method="POST", fields={"Content-Type": "application/json"}, body=json.dumps(order).encode())
    assert answer.status == 400 and len(json.loads(answer.body)["detail"]) > 15


def test_the_command_is_used_wrongly(larder):
    assert larder.command("dns").returncode == 2
    wrong = larder.command("dns", "--format", "hosts")
    assert wrong.returncode == 2 and "bind-rpz" in wrong.stderr


def test_the_address_larder_listens_on_is_meant_where_it_is_one(larder, tmp_path):
    assert "host-record=swcdn.apple.com,127.0.0.1" in larder.command("dns", "--format", "dnsmasq").stdout
    everywhere = larder_.Larder(tmp_path, vendors=("apple",))
    everywhere.write_config(listen={"http": ["0.0.0.0:%d" % everywhere.http[1]]})
    with everywhere:
        asked = everywhere.command("dns", "--format", "dnsmasq")
        assert asked.returncode == 1 and "which address" in asked.stderr
