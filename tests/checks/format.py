#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every C++ file is as clang-format 14 would write it."""

import subprocess
import sys

from sources import ROOT, tracked

files = tracked(".cpp", ".h")
if not files:
    sys.exit("format: no files found")
result = subprocess.run(["clang-format-14", "--dry-run", "-Werror", *files], cwd=ROOT, capture_output=True, text=True)
if result.returncode:
    # Where it differs in a line is for the editor to show; which files, is enough here.
    wrong = sorted({line.split(":")[0] for line in result.stderr.splitlines() if "[-Wclang-format-violations]" in line})
    print("\n".join(wrong) or result.stderr)
    print("mend with: clang-format-14 -i FILE")
else:
    print(f"{len(files)} files")
sys.exit(1 if result.returncode else 0)
