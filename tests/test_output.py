"""What becomes of the output where it cannot be written, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SPEAKING = """
import contextlib, os, sys
from ura_study.output import be_patient, notice, output_failed
be_patient()
with open(sys.argv[1], "w", encoding="utf-8") as file:  # may get the number of a closed descriptor
    for number in range(3):
        print(f"line {number} ä ✓", flush=True)
        if sys.stdin:
            sys.stdin.readline()
    notice("wörth knowing")
    with contextlib.suppress(OSError):
        os.write(2, b"from a library; ")
    file.write("whole")
sys.exit(4 if output_failed() else 0)
"""
LINES = "line 0 ä ✓\nline 1 ä ✓\nline 2 ä ✓\n"
SAID = "ura-study: wörth knowing\n"


@pytest.fixture
def speak(tmp_path):
    """Run `SPEAKING` with its output redirected by bash; return exit code, output and errors, once it was whole."""

    def speaking(redirected: str = "", encoding: str = "utf-8", unbuffered: str = ""):
        python = {"PYTHONIOENCODING": encoding, "PYTHONUNBUFFERED": unbuffered}
        environment = os.environ | {"SPEAKING": SPEAKING} | python
        command = f'"{sys.executable}" -c "$SPEAKING" {tmp_path}/file {redirected}'
        ended = subprocess.run(["bash", "-c", command], env=environment, stdin=subprocess.DEVNULL, capture_output=True)
        assert (tmp_path / "file").read_text() == "whole"
        return ended.returncode, ended.stdout.decode(encoding), ended.stderr.decode(encoding)

    return speaking


def test_whoever_listens_hears_all(speak):
    assert speak() == (0, LINES, f"{SAID}from a library; ")


@pytest.mark.parametrize(
    ("encoding", "lines", "said"),
    [
        ("ascii", LINES.replace("ä", "?").replace("✓", "?"), SAID.replace("ö", "\\xf6")),
        ("latin-1", LINES.replace("✓", "?"), SAID),
    ],
)
def test_letters_that_an_encoding_lacks_are_replaced(speak, encoding, lines, said):
    code, out, err = speak(encoding=encoding)
    assert (code, out) == (0, lines)
    assert said in err


@pytest.mark.parametrize(
    ("redirected", "code", "out", "said"),
    [
        ("> /dev/full", 4, "", "ura-study: output: No space left on device; the command goes on without it\n"),
        ("> /dev/full 2> /dev/full", 4, "", ""),
        (">&-", 0, "", SAID),
        ("2>&-", 0, LINES, ""),
        ("2> /dev/full", 0, LINES, ""),
        ("<&- >&- 2>&-", 0, "", ""),
    ],
)
def test_who_cannot_be_heard_goes_on(speak, redirected, code, out, said):
    found = speak(redirected)
    assert found[:2] == (code, out)
    assert said in found[2]
    assert "Error" not in found[2]
    assert bool(found[2]) == ("2>" not in redirected)


def test_unbuffered(speak):
    assert speak(unbuffered="1") == (0, LINES, f"{SAID}from a library; ")
    assert speak("> /dev/full", unbuffered="1")[0] == 4


def test_a_reader_that_had_enough(tmp_path):
    command = [sys.executable, "-c", SPEAKING, str(tmp_path / "file")]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, env=os.environ | {"PYTHONIOENCODING": "utf-8"}, **pipes) as process:
        assert process.stdout.readline().decode() == LINES.splitlines(keepends=True)[0]
        process.stdout.close()
        process.stdin.write(b"\n\n\n")
        process.stdin.close()
        err = process.stderr.read().decode()
    assert process.returncode == 0
    left, *more = err.splitlines()
    assert left == "ura-study: nobody reads the output any more; the command goes on without it"
    assert more[0] == SAID.strip()
    assert (tmp_path / "file").read_text() == "whole"
