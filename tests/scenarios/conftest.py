# SPDX-License-Identifier: MIT
"""What every scenario starts from: an origin, and a Larder that knows it as origin.test."""

import dataclasses
import os

import pytest

import larder as larder_
from client import get
from origin import Origin


@dataclasses.dataclass
class Site:
    origin: Origin
    larder: larder_.Larder


@pytest.fixture
def origin():
    with Origin() as origin:
        yield origin


@pytest.fixture
def site(tmp_path, origin, request):
    """Origin and Larder. `@pytest.mark.larder(section={...})` changes Larder's configuration."""
    marker = request.node.get_closest_marker("larder")
    keywords = dict(marker.kwargs) if marker else {}
    origins = {"origin.test": origin, **{name: origin for name in keywords.pop("hosts", ())}}
    instance = larder_.Larder(tmp_path, origins=origins, **keywords)
    instance.start()
    yield Site(origin, instance)
    report = getattr(request.node, "report_of_call", None)
    if report is not None and report.failed:
        print("---- larderd said:\n" + instance.log[-8000:])
        instance.discard()
    else:
        instance.stop()


@pytest.fixture
def larder(site):
    return site.larder


@pytest.fixture(params=["steered", "proxy"])
def ask(site, request):
    """Asks for a path of origin.test by each entrance whose answers are cached as RFC 9111 says."""
    def ask(path, **keywords):
        target = path if request.param == "steered" else "http://origin.test" + path
        return get(site.larder.http, target, host="origin.test", **keywords)
    return ask


@pytest.fixture
def steered(site):
    """The same by one of them."""
    return lambda path, **keywords: get(site.larder.http, path, host="origin.test", **keywords)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if call.when == "call":
        item.report_of_call = outcome.get_result()


def pytest_configure(config):
    config.addinivalue_line("markers", "larder(**sections): how the Larder of `site` is configured")


def pytest_collection_modifyitems(items):
    """The harness's own tests first: when they fail, nothing else means anything."""
    items.sort(key=lambda item: not item.path.name.startswith("test_harness"))


def pytest_sessionfinish(session):
    """Tells test.sh how many passed and failed."""
    tally = os.environ.get("LARDER_TALLY")
    if tally:
        failed = session.testsfailed
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        passed = len(reporter.stats.get("passed", [])) if reporter else session.testscollected - failed
        with open(tally, "w", encoding="ascii") as file:
            print(passed, failed, file=file)
