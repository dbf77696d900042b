# SPDX-License-Identifier: MIT
"""The live API answers what admin/openapi.yaml says: every field it gives is described there, with its type, and every field
that is described is given. What is not there is refused in problem objects, and nobody else's page may read it."""

import json
import urllib.parse

import pytest
import yaml

from client import Connection, eventually, get
from content import Content, MiB
from larder import ROOT

HOST = "updates.cdn-apple.com"
PATH = "/2026SummerFCS/4054a88c-e206-4849-817b-8a6263d42ddb/UniversalMac_26.6_25G60_Restore.ipsw"
OLDER = "/2026SummerFCS/4054a88c-e206-4849-817b-8a6263d42ddb/UniversalMac_26.5_25F71_Restore.ipsw"
SPECIFICATION = yaml.safe_load((ROOT / "admin" / "openapi.yaml").read_text())

TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "object": dict, "array": list, "null": type(None)}

# How each described GET with a JSON answer is asked, where its path alone is not enough.
QUERIES = {"/api/v1/what": "?url=" + urllib.parse.quote(f"https://{HOST}{PATH}", safe=""),
           "/api/v1/doctor": "?offline=true"}
# Operations whose lists stay empty here: their rows are compared where they are made.
EMPTY = {"/api/v1/reports/releases": "no catalogue has been read", "/api/v1/fills": "nothing runs",
         "/api/v1/cache/prefetch": "nothing was ordered", "/api/v1/webhooks": "none is configured"}


def resolved(schema: dict) -> dict:
    while "$ref" in schema:
        place = SPECIFICATION
        for part in schema["$ref"].removeprefix("#/").split("/"):
            place = place[part]
        schema = place
    if "allOf" in schema:
        parts = [resolved(part) for part in schema["allOf"]]
        schema = {"type": "object", "properties": {key: value for part in parts for key, value in part["properties"].items()}}
    return schema


def differences(schema: dict, value, where: str) -> list[str]:
    schema = resolved(schema)
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{where}: {value!r} is none of {schema['enum']}"]
    wanted = schema.get("type")
    kinds = wanted if isinstance(wanted, list) else [wanted]
    if wanted and not any(isinstance(value, TYPES[kind]) and not (kind in ("integer", "number") and isinstance(value, bool)) for kind in kinds):
        return [f"{where}: {value!r} is no {wanted}"]
    found = []
    if isinstance(value, dict) and "properties" in schema:
        described = schema["properties"]
        found += [f"{where}.{name} is given and not described" for name in value if name not in described]
        found += [f"{where}.{name} is described and not given" for name in described if name not in value]
        for name in value.keys() & described.keys():
            found += differences(described[name], value[name], f"{where}.{name}")
    if isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
        for name in value:
            found += differences(schema["additionalProperties"], value[name], f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for row in value[:5]:
            found += differences(schema["items"], row, f"{where}[]")
    return found


def described() -> list[tuple[str, dict]]:
    operations = []
    for path, methods in SPECIFICATION["paths"].items():
        content = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        if "application/json" in content:
            operations.append((path, content["application/json"]["schema"]))
    return operations


@pytest.mark.larder(vendors=("apple",), hosts=(HOST,))
def test_every_answer_has_the_described_fields_and_no_others(site):
    for path in (PATH, OLDER):
        site.origin.put(path, Content(path, 2 * MiB))
    for token, path in (("MAC1", PATH), ("MAC2", OLDER)):
        assert get(site.larder.http, f"/d/{token}{path}?source={HOST}&sourceScheme=https").status == 200
    assert get(site.larder.http, "http://evil.example/", host="evil.example").status == 403
    eventually(lambda: len(site.larder.report("devices")) == 3 and site.larder.report("lagging") and site.larder.report("problems"))
    site.larder.settle()
    found, asked = [], 0
    for path, schema in described():
        target = path.replace("{id}", "MAC1") + QUERIES.get(path, "")
        answer = site.larder.api_raw(target)
        assert answer.status == 200, (target, answer.body)
        value = json.loads(answer.body)
        if isinstance(value, dict) and value.get("items") == [] and path not in EMPTY:
            found.append(f"{path}: no row to compare")
        found += differences(schema, value, path)
        asked += 1
    assert found == []
    assert asked >= 15


def test_an_answer_has_a_tag_and_is_not_sent_again_while_it_is_the_same(larder):
    first = larder.api_raw("/api/v1/config")
    assert first["ETag"].startswith('"')
    again = larder.api_raw("/api/v1/config", fields={"If-None-Match": first["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert larder.api_raw("/api/v1/config", fields={"If-None-Match": '"other"'}).body == first.body


def test_no_page_of_another_site_reads_the_api(larder):
    for method in ("GET", "OPTIONS"):
        answer = larder.api_raw("/api/v1/status", method=method, fields={"Origin": "http://evil.example", "Access-Control-Request-Method": "GET"})
        assert answer.status == (200 if method == "GET" else 405)
        assert not [name for name, _ in answer.fields if name.lower().startswith("access-control")]


def test_what_is_wrong_is_told_in_a_problem_object(larder):
    for method, target, status in (("GET", "/api/v1/nothing", 404), ("DELETE", "/api/v1/status", 405), ("GET", "/api/v1/reports/versions?cursor=!", 400),
                                   ("GET", "/api/v1/reports/devices?limit=0", 400), ("POST", "/api/v1/cache/pin", 400)):
        answer = larder.api_raw(target, method=method)
        problem = json.loads(answer.body)
        assert answer["Content-Type"] == "application/problem+json"
        assert (answer.status, problem["status"]) == (status, status), target
        assert problem["title"] and problem["detail"] and problem["type"] == "about:blank"


def test_a_token_for_reading_reads_and_orders_nothing(site, tmp_path):
    tokens = {}
    for name in ("admin", "read"):
        file = tmp_path / name
        file.write_text(f"{name}-horse-battery-staple\n")
        file.chmod(0o600)
        tokens[name] = {"Authorization": f"Bearer {name}-horse-battery-staple"}
    site.larder.write_config(access={"admin_token_file": tmp_path / "admin", "read_token_file": tmp_path / "read"})
    site.larder.restart()
    ask = site.larder.api_raw
    for target in ("/api/v1/status", "/metrics", "/api/v1/reports/devices"):
        assert [ask(target, fields=fields).status for fields in ({}, tokens["read"], tokens["admin"])] == [401, 200, 200]
    for target in ("/api/v1/cache/evict", "/api/v1/cache/verify", "/api/v1/tls"):
        refused = ask(target, method="POST", body=b"{}", fields=tokens["read"])
        assert refused.status == 403 and b"admin_token_file" in refused.body
    assert ask("/api/v1/cache/verify", method="POST", fields=tokens["admin"]).status == 202


def test_a_flood_of_requests_is_cut_down_and_clients_notice_nothing(site):
    content = Content("a", MiB)
    site.origin.put("/a.pkg", content)
    statuses = []
    with Connection(site.larder.admin) as connection:
        for _ in range(20):
            connection.send(b"GET /api/v1/fills HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
            statuses += [connection.response().status for _ in range(200)]
        assert get(site.larder.admin, "/healthz").status == 200
        assert site.larder.download("/a.pkg", content).good
    assert statuses[0] == 200 and 429 in statuses
