# SPDX-License-Identifier: MIT
"""larderd runs under its own filter of kernel calls, and stays within it whatever it is asked to do."""

import pathlib

from client import get
from content import Content, MiB


def test_every_thread_is_confined(site):
    site.origin.put("/a.pkg", Content("a", 3 * MiB))
    assert site.larder.download("/a.pkg", Content("a", 3 * MiB)).good
    assert get(site.larder.admin, "/api/v1/reports/summary").status == 200
    tasks = list(pathlib.Path(f"/proc/{site.larder.pid}/task").iterdir())
    assert len(tasks) > 5
    for task in tasks:
        status = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
        assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1"), (task / "comm").read_text()


def test_a_reload_and_an_end_stay_within_the_filter(site):
    """The harness fails on a refused call when the daemon ends."""
    site.larder.write_config(log={"level": "debug"})
    site.larder.restart()
    assert "refused the kernel call" not in site.larder.log
