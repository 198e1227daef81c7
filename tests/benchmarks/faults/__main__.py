"""Strike a small study with faults at random moments, run it to its end, and compare it with the undisturbed one.

    python tests/benchmarks/faults --count 60 --seed 0
    python tests/benchmarks/faults --only "node lost" --only "driver SIGINT"

Each kind of fault comes in turn. What happens, and when, follows from the seed, the kind and the round. A table tells
what the command said, with which exit code (then those of the commands that went on with the study), and what the fault
cost. The exit code is 1 where a run was lost or done twice, a table is another, a command hung, left processes behind,
ended with an exit code or a traceback that it must not, or never came to its end.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import clusters
import damage
import machine
import signals
from judge import differences, doubled, lost
from kinds import KINDS, Kind, Skipped
from rich.console import Console
from rich.table import Table
from scene import Scene

from studies import REFERENCES, write_images

#: Modules that register their kinds.
SOURCES = (signals, clusters, damage, machine)
COLUMNS = ("fault", "round", "moment", "said", "exit", "seconds", "lost", "doubled", "table", "hang", "wrong")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, help="number of faults; default: one of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", choices=list(KINDS), metavar="KIND", help="may be given again")
    parser.add_argument("--round", type=int, default=0, help="the first round: 3 makes the faults of the fourth")
    parser.add_argument("--markdown", type=Path, help="file to which the table is appended, row by row")
    parser.add_argument("--list", action="store_true", help="show the kinds")
    options = parser.parse_args()
    if options.list:
        print("\n".join(KINDS))
        return 0
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what was ignored here, the commands would ignore, too
    kinds = [KINDS[name] for name in options.only or KINDS]
    count = len(kinds) if options.count is None else options.count
    table, bad = Table(*COLUMNS), 0
    campaign = Campaign(Path(tempfile.mkdtemp(prefix="f-")), options.seed)
    _note(options.markdown, COLUMNS)
    _note(options.markdown, ["---"] * len(COLUMNS))
    for index in range(count):
        row = campaign.strike(kinds[index % len(kinds)], options.round + index // len(kinds))
        bad += bool(row["wrong"]) and not row["wrong"].startswith("skipped")
        table.add_row(*(str(row[column]) for column in COLUMNS))
        _note(options.markdown, [str(row[column]) for column in COLUMNS])
    Console(width=None if sys.stdout.isatty() else 220).print(table)
    print(f"{count} faults, {bad} went wrong" + (f"; see {campaign.folder}" if bad else ""))
    if not bad:
        shutil.rmtree(campaign.folder)
    return int(bad > 0)


def _note(path: Path | None, cells: tuple[str, ...] | list[str]) -> None:
    """Add a row to a Markdown table, and show it."""
    line = "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    print(line, flush=True)
    if path is not None:
        with path.open("a") as file:
            file.write(line + "\n")


class Campaign:
    """Faults in one folder; each has a scene of its own, which is kept where something went wrong."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self._seed, self._count = folder, seed, 0
        self._references: dict[str, Scene] = {}
        write_images(folder / "images")

    def strike(self, kind: Kind, turn: int) -> dict[str, str]:
        """Have a fault strike; return its row."""
        reference = self._reference(REFERENCES.get(kind.study, kind.study))
        scene = self._scene(kind.study)
        row = dict.fromkeys(COLUMNS, "") | {"fault": kind.name, "round": str(turn)}
        try:
            kind.strike(scene, random.Random(f"{self._seed} {kind.name} {turn}"))
            if scene.codes[-1] not in {0, *kind.codes}:
                scene.wrong.append(f"exit code {scene.codes[-1]}")
            scene.finish(kind.ends)
            row |= _judge(scene, reference, kind)
        except Skipped as why:
            row["wrong"] = f"skipped: {why}"
        except Exception:  # noqa: BLE001 - the other faults are still to come
            row["wrong"] = " ".join(traceback.format_exc().split())[-300:]
        finally:
            scene.close()
        if not row["wrong"]:
            shutil.rmtree(scene.folder)
        else:
            row["wrong"] += f" ({scene.folder.name})"
        return row

    def _reference(self, name: str) -> Scene:
        """Return a study that nothing disturbed."""
        if name not in self._references:
            scene = self._references[name] = self._scene(name)
            started = time.monotonic()
            scene.start()
            if scene.end():
                raise RuntimeError(scene.output()[-3000:])
            scene.close()
            print(f"{name}: {len(scene.done())} runs, undisturbed in {time.monotonic() - started:.1f} s")
        return self._references[name]

    def _scene(self, name: str) -> Scene:
        self._count += 1
        return Scene(self.folder / f"{self._count:03}", name, self.folder / "images")


def _judge(scene: Scene, reference: Scene, kind: Kind) -> dict[str, str]:
    """Return a fault's row, but for its name; `wrong` names all that must not be."""
    costs, twice, other = lost(scene, reference, kind.costs), doubled(scene), differences(scene, reference)
    wrong = scene.wrong + [f"{costs} lost"] * (costs > 0) + [f"{twice} doubled"] * (twice > 0)
    wrong += [f"other {name}" for name in other]
    if scene.codes[-1] != kind.ends:
        wrong.append(f"ends with exit code {scene.codes[-1]}")
    return {
        "moment": scene.moment,
        "said": scene.said[:160],
        "exit": " → ".join(map(str, scene.codes)),
        "seconds": f"{scene.seconds:.1f}",
        "lost": str(costs),
        "doubled": str(twice),
        "table": "other" if other else "equal",
        "hang": "hang" if "hang" in scene.wrong else "no",
        "wrong": ", ".join(dict.fromkeys(wrong)),
    }


if __name__ == "__main__":
    sys.exit(main())
