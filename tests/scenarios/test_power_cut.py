# SPDX-License-Identifier: MIT
"""The power fails within a few of the syncs that `./test.sh faults` goes through one by one."""

import pytest

from power_cuts import cut_once


@pytest.mark.parametrize(("sync", "seed"), [(2, 0), (7, 3), (15, 2), (24, 1), (36, 4), (50, 0)])
def test_what_was_durable_is_there_after_a_power_cut(tmp_path, sync, seed):
    _, problems = cut_once(tmp_path, sync, seed)
    assert not problems
