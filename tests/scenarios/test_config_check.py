# SPDX-License-Identifier: MIT
"""larderd --check says everything that is wrong with a configuration, and where."""

import re
import subprocess

import pytest

from larder import LARDERD, ROOT, SLOW


def check(path) -> subprocess.CompletedProcess:
    return subprocess.run([LARDERD, "--config", str(path), "--check"], capture_output=True, text=True, timeout=30 * SLOW)


@pytest.fixture
def config(tmp_path):
    def write(text: str):
        path = tmp_path / "larder.toml"
        path.write_text(text)
        return path
    return write


def test_a_good_configuration_is_accepted(config, tmp_path):
    result = check(config(f'[storage]\npath = "{tmp_path}/state"\ncache_size = "1 GiB"\n'))
    assert result.returncode == 0, result.stdout + result.stderr
    assert not (tmp_path / "state").exists()


def test_every_problem_is_named_with_file_and_line(config):
    path = config('[listen]\nhttp = ["0.0.0.0:99999"]\n\n[storage]\ncache_size = "many"\ncache_sice = "1 GiB"\n\n[access]\nclients = ["10.0.0.1/8"]\n')
    result = check(path)
    assert result.returncode == 2
    lines = {int(number) for number in re.findall(r"larder\.toml:(\d+):", result.stdout + result.stderr)}
    assert {2, 5, 6, 9} <= lines, result.stdout + result.stderr


def test_an_unknown_key_comes_with_the_one_that_was_meant(config):
    result = check(config('[storage]\ncache_sice = "1 GiB"\n'))
    assert result.returncode == 2
    assert "cache_size" in result.stdout + result.stderr


@pytest.mark.parametrize("text", ["[storage\n", "a = \n", "\0\1\2", "[listen]\nhttp = 5\n"], ids=["open bracket", "no value", "binary", "wrong type"])
def test_what_is_not_a_configuration_is_refused_with_its_place(config, text):
    result = check(config(text))
    assert result.returncode == 2
    assert re.search(r"larder\.toml:\d+:", result.stdout + result.stderr)


def test_a_missing_file_is_refused(tmp_path):
    result = check(tmp_path / "nowhere.toml")
    assert result.returncode == 2
    assert "nowhere.toml" in result.stdout + result.stderr


def test_the_example_is_a_good_configuration():
    result = check(ROOT / "config" / "larder.toml")
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_daemon_with_a_bad_configuration_does_not_start(config):
    result = subprocess.run([LARDERD, "--config", str(config("[storage]\ncache_size = 1\n"))], capture_output=True, text=True, timeout=30 * SLOW)
    assert result.returncode == 2
    assert "larder.toml:2:" in result.stdout + result.stderr


def test_an_unknown_argument_is_a_wrong_use(tmp_path):
    assert subprocess.run([LARDERD, "--nonsense"], capture_output=True, timeout=30 * SLOW).returncode == 2
