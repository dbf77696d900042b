# SPDX-License-Identifier: MIT
"""A Larder whose disk fails as told: larderd_faults and its control file (tests/faults/rules.h has the rules)."""

import pathlib

import larder as larder_


class FaultyLarder(larder_.Larder):
    def __init__(self, directory: pathlib.Path, **keywords):
        self.control = pathlib.Path(directory) / "faults"
        super().__init__(directory, program=larder_.LARDERD_FAULTS, environment={"LARDER_FAULTS": str(self.control)}, **keywords)
        self.state = pathlib.Path(self.sections["storage"]["path"])
        self.disk()

    def disk(self, *rules: str):
        """How the disk is from now on; without rules it is well."""
        fresh = self.control.with_suffix(".new")
        fresh.write_text("\n".join([f"under {self.state}", *rules]) + "\n")
        fresh.replace(self.control)

    def syncs(self) -> int:
        """Syncs of the running, or the last, daemon."""
        try:
            return int((self.control.parent / (self.control.name + ".syncs")).read_text() or 0)
        except FileNotFoundError:
            return 0

    def start(self, timeout: float = 30 * larder_.SLOW) -> "FaultyLarder":
        (self.control.parent / (self.control.name + ".syncs")).unlink(missing_ok=True)
        super().start(timeout)
        return self

    def ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None
