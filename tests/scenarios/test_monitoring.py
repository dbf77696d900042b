# SPDX-License-Identifier: MIT
"""docs/monitoring: what the dashboard, the alerts and the page name is what a running larderd serves, and the alerts fire when they should."""

import json
import re
import subprocess

import pytest
import yaml

import test_mau
import test_tls
from client import eventually
from larder import ROOT, Larder
from origin import Origin

KIT = ROOT / "docs" / "monitoring"
TRIED = sorted((ROOT / "tests" / "monitoring").glob("*.yml"))
# What Prometheus makes of every scrape and of its own alerts.
OF_PROMETHEUS = {"up", "ALERTS"}
# What promtool finds wrong with names that are others' (docs/monitoring/README.md).
OTHERS_FAULTS = {"assetcache_bytes_served", "assetcache_bytes_stored", "assetcache_bytes_used_sum"}
GROUPING = r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)"
WORDS = {"and", "or", "unless", "bool", "offset"}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The metrics of a Larder that has a certificate, follows an application of Office and asks nameservers, since some come only then."""
    folder = tmp_path_factory.mktemp("monitored")
    with Origin() as origin:
        test_mau.publish(origin, "OPIM2019", test_mau.outlook(), "16.109.26053122")
        keys = test_tls.self_signed(folder / "tls")
        with Larder(folder, origins={test_mau.CDN: origin}, vendors=("microsoft",), tls=True, tls_keys=keys,
                    identity={"reverse_names": True, "nameservers": ["127.0.0.1:9"]}) as larder:
            assert test_mau.mau(larder, "0409OPIM2019.xml").status == 200
            yield eventually(lambda: "larder_office_release_age_seconds" in (text := larder.api_raw("/metrics").body.decode()) and text)


def series_of(page: str) -> set[str]:
    """Each series as it is written, without its value."""
    return {line.rsplit(" ", 1)[0] for line in page.splitlines() if line and not line.startswith("#")}


def names_of(page: str) -> set[str]:
    return {series.split("{")[0] for series in series_of(page)}


def promtool(*arguments, text: str | None = None, folder=None) -> str:
    done = subprocess.run(["promtool", *map(str, arguments)], input=text, cwd=folder, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def metrics_in(expression: str) -> set[str]:
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    bare = re.sub(GROUPING, " ", bare)
    return set(re.findall(r"\b[a-zA-Z_]\w*\b(?!\s*\()", bare)) - WORDS - OF_PROMETHEUS


def selections_in(expression: str) -> set[tuple[str, str, str]]:
    """(metric, label, value) of what is chosen by one of Larder's own labels."""
    return {(metric, label, value) for metric, selected in re.findall(r"(\w+)\{([^}]*)\}", expression) if metric not in OF_PROMETHEUS
            for label, _, values in re.findall(r'(\w+)(=~|=)"([^"]*)"', selected) if label not in ("job", "instance")
            for value in values.split("|")}


def dashboard_expressions() -> list[str]:
    board = json.loads((KIT / "larder-dashboard.json").read_text())
    return [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]


def rules() -> list[dict]:
    return [rule for group in yaml.safe_load((KIT / "larder-alerts.yml").read_text())["groups"] for rule in group["rules"]]


def test_metrics_are_as_promtool_wants_them(page):
    found = promtool("check", "metrics", text=page)
    assert {line.split(" ")[0] for line in found.splitlines() if line} <= OTHERS_FAULTS, found


@pytest.mark.parametrize("expressions", [dashboard_expressions, lambda: [rule["expr"] for rule in rules()]], ids=["dashboard", "alerts"])
def test_every_metric_that_is_asked_for_is_served(page, expressions):
    asked = expressions()
    named = set().union(*map(metrics_in, asked))
    assert len(named) > 15
    assert named <= names_of(page), named - names_of(page)
    for metric, label, value in set().union(*map(selections_in, asked)):
        assert f'{metric}{{{label}="{value}"}}' in series_of(page)


def test_every_metric_that_the_documentation_names_is_served(page):
    texts = "".join(file.read_text() for file in sorted((ROOT / "docs").rglob("*.md")))
    named = set(re.findall(r"`(larder_\w+)", texts))
    assert len(named) > 10
    assert named <= names_of(page), named - names_of(page)


def test_the_names_of_others_are_as_the_page_says(page):
    said = set(re.findall(r"^\| `(assetcache_[^`]+)`", (KIT / "README.md").read_text(), re.MULTILINE))
    assert said == {series for series in series_of(page) if series.startswith("assetcache_")}


def test_the_dashboard_is_whole(tmp_path):
    board = json.loads((KIT / "larder-dashboard.json").read_text())
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert panel["type"] == "row" or panel["targets"]
    # Grafana's variables as it fills them in; what is left must be PromQL.
    filled = [re.sub(r"\$__\w+", "5m", expression).replace("$instance", ".*") for expression in dashboard_expressions()]
    assert not [expression for expression in filled if "$" in expression]
    records = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(filled)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": records}]}))
    assert not promtool("check", "rules", tmp_path / "panels.yml")


def test_every_alert_fires_when_it_should():
    tried = [test["name"] for file in TRIED for test in yaml.safe_load(file.read_text())["tests"]]
    assert sorted(tried) == sorted(rule["alert"] for rule in rules())
    assert not promtool("test", "rules", *TRIED)


def test_the_scrape_is_one_that_prometheus_takes(tmp_path):
    text = (KIT / "prometheus.yml").read_text()
    (tmp_path / "larder.token").write_text("0123456789abcdef")
    (tmp_path / "larder-alerts.yml").write_bytes((KIT / "larder-alerts.yml").read_bytes())
    (tmp_path / "prometheus.yml").write_text(text.replace("/etc/prometheus/larder.token", str(tmp_path / "larder.token")))
    assert not promtool("check", "config", "prometheus.yml", folder=tmp_path)
