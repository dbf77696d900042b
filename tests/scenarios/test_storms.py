# SPDX-License-Identifier: MIT
"""A few storms of one seed in every run; `./test.sh storms` has many more. And what storms have found, each by itself."""

import pytest

from storm import Storm

SEED = 20
COUNT = 25


@pytest.mark.parametrize("number", range(COUNT))
def test_a_storm_costs_no_client_a_wrong_byte(tmp_path, number):
    storm = Storm(f"{SEED}/{number}", tmp_path)
    problems = storm.run()
    if problems:
        print("---- larderd said:\n" + storm.larder.log[-6000:])
    assert problems == [], storm.describe()
