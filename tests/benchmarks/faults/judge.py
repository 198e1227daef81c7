"""What a fault cost: runs lost, runs done twice, tables that differ from those of the undisturbed study."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
from scene import Scene

#: What differs from one time to another.
VOLATILE = ("_seconds", "_per_image", "finished", "reused_from")
#: The number of a search's variant: in which order combinations were tried.
ORDER = ("variant", "ablation", "trial", "number")


def lost(scene: Scene, reference: Scene, costs: int) -> int:
    """Return how many runs are not done in the end, or were recorded and are no more; the fault itself `costs` some."""
    missing = set(reference.done()) - set(scene.done())
    again = set(scene.kept) - set(scene.lines())
    return len(missing) + max(0, len(again) - costs)


def doubled(scene: Scene) -> int:
    """Return how often a run was recorded as done that was done already."""
    return sum(count - 1 for count in Counter(scene.done()).values())


def differences(scene: Scene, reference: Scene) -> list[str]:
    """Return the tables in which what the reference has is not the same to the last digit."""
    names = ["results.csv"] + ["search_runs.csv"] * (scene.name == "search")
    found = [name for name in names if not _same(scene.study / name, reference.study / name)]
    if scene.name == "search" and not (scene.study / "search.csv").exists():
        found.append("search.csv")
    if scene.name == "search" and not found:
        states = [sorted(pd.read_csv(s.study / "search.csv").state) for s in (scene, reference)]
        found += ["search.csv"] * (states[0] != states[1])
    return found


def _same(one: Path, other: Path) -> bool:
    if not (one.exists() and other.exists()):
        return False
    ours, wanted = (pd.read_csv(path, dtype=str) for path in (one, other))
    wanted = wanted[[c for c in wanted if not c.endswith(VOLATILE) and c not in ORDER * (one.name != "results.csv")]]
    ours = ours[ours.run_id.isin(wanted.run_id)].reindex(columns=wanted.columns)
    return _sorted(ours).equals(_sorted(wanted))


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values(list(table.columns)).reset_index(drop=True)
