# SPDX-License-Identifier: MIT
"""Which files of the checkout are ours to check."""

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOMS = ("base", "config", "cache", "updates", "reports", "proxy", "admin")


def tracked(*endings: str) -> list[str]:
    """Paths of tracked files (and new ones that are not ignored) with one of the endings, from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted({path for path in listed if path.endswith(endings) and os.path.exists(os.path.join(ROOT, path))})
