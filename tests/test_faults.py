"""The campaign of faults in `benchmarks/faults` still works, on the quickest of its kinds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CAMPAIGN = Path(__file__).parent / "benchmarks/faults"
QUICK = ("torn last line of runs.jsonl", "cache cleared at work")  # signals are sent by test_end_to_end


def test_quick_faults_cost_nothing(tmp_path):
    only = [argument for name in QUICK for argument in ("--only", name)]
    table = tmp_path / "table.md"
    command = [sys.executable, str(CAMPAIGN), "--seed", "1", "--markdown", str(table), *only]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.read_text().splitlines()]
    assert [row[0] for row in rows[2:]] == list(QUICK)
    assert all(row[6:10] == ["0", "0", "equal", "no"] for row in rows[2:])
