"""Output that nobody listens to, or that cannot show a character, ends nothing: each fault is really caused."""

import errno
import os
import subprocess
import sys

import pytest
from rich.console import Console

from ura_study.output import Output


def called(redirected="", **environment):
    """Call `ura-study data list` in a shell, with what is to become of its output."""
    command = f"{sys.executable} -m ura_study data list {redirected}"
    return subprocess.run(["bash", "-c", command], env=os.environ | environment, capture_output=True, check=False)


def test_a_reader_that_has_gone_ends_nothing():
    reading, writing = os.pipe()
    output = Output(os.fdopen(writing, "w"))
    console = Console(file=output, width=80)
    console.print("first")
    os.close(reading)
    for _ in range(3):
        console.print("more")
        output.write("x" * 100_000)
        output.flush()
    assert output.error.errno == errno.EPIPE


def test_what_came_before_the_fault_is_written(tmp_path):
    with (tmp_path / "out").open("w") as file:
        output = Output(file)
        output.write("first\n")
        output.flush()
    assert (tmp_path / "out").read_text() == "first\n"
    assert output.error is None


def test_the_head_of_the_output_is_enough():
    ended = called("| head -1; exit ${PIPESTATUS[0]}")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.count(b"\n") == 1


@pytest.mark.parametrize("redirected", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_fault(redirected):
    ended = called(redirected)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_a_full_device_is_told_at_the_end():
    ended = called("> /dev/full")
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.decode() == "ura-study: the output could not be written (No space left on device)\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_characters_that_a_terminal_does_not_know_are_replaced(encoding):
    ended = called(f"; {sys.executable} -m ura_study plan 产.yaml", PYTHONIOENCODING=encoding)
    assert ended.returncode == 2
    assert ended.stderr == b"ura-study: ?.yaml: no such file\n"
