#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every C++ file is as clang-format 14 would write it."""

import subprocess
import sys

from sources import ROOT, tracked

files = tracked(".cpp", ".h")
if not files:
    sys.exit("format: no files found")
result = subprocess.run(["clang-format-14", "--dry-run", "-Werror", *files], cwd=ROOT)
if result.returncode:
    print("mend with: clang-format-14 -i FILE")
else:
    print(f"{len(files)} files")
sys.exit(1 if result.returncode else 0)
