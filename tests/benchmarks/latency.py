"""Is latency repeatable? Two calls of `ura-study latency --again` on a study, and how far their medians are apart.

On a quiet machine the difference is to be at most 10 %.

Run: python tests/benchmarks/latency.py STUDY [RESULTS]
"""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from ura_study.commands.latency import latency
from ura_study.results.opening import open_done
from ura_study.runs.latency import BATCHES, Latency


def measure(study: str, results: Path) -> dict[str, Latency]:
    """Measure each architecture of a study; return the measurements by variant."""
    latency(study, results, again=True, console=Console())
    return dict(open_done(study, results, {}).latencies)


def main() -> None:
    """Print a line for each variant and way of measuring: both medians and their difference in per cent."""
    study, results = sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else "results")
    first, second = measure(study, results), measure(study, results)
    for variant, one in first.items():
        other = second[variant]
        for way in ("network", "decoded"):
            for batch in BATCHES:
                a, b = (getattr(found, way)[batch].median for found in (one, other))
                busy = "  busy" if one.busy or other.busy else ""
                print(f"{variant:24} {way:8} batch {batch}: {a:8.2f} {b:8.2f} ms, {100 * (b / a - 1):+6.1f} %{busy}")


if __name__ == "__main__":
    main()
