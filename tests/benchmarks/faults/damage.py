"""Files that are torn, cut, altered or gone. (A kind for another file is a line more at the end.)"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

from kinds import kind
from scene import Scene

KILLED = (-signal.SIGKILL,)
Harm = Callable[[Path, random.Random], None]


def flip(path: Path, draws: random.Random) -> None:
    """Change some bytes in the middle."""
    content = bytearray(path.read_bytes())
    if not content:
        return
    start = draws.randrange(len(content) // 4, len(content) * 3 // 4 + 1)
    for place in range(start, min(start + 16, len(content))):
        content[place] ^= draws.randrange(1, 256)
    path.write_bytes(content)


def cut(path: Path, draws: random.Random) -> None:
    """Cut a file off somewhere."""
    os.truncate(path, draws.randrange(path.stat().st_size + 1))


def tear(path: Path, draws: random.Random) -> None:
    """Leave the last line as a power cut in the midst of writing would."""
    content = path.read_bytes().removesuffix(b"\n")
    last = content.rfind(b"\n") + 1
    os.truncate(path, draws.randrange(last + 1, max(last + 2, len(content))))


def harmed_at_rest(scene: Scene, draws: random.Random, place: str, pattern: str, harm: Harm) -> None:
    """Kill the driver, then harm one of the files that a pattern names. (Checkpoints are there until a run ends.)"""
    scene.start()
    scene.reach(draws, most=3 if scene.name == "kept" else 7)
    scene.until(lambda: _files(scene, place, pattern))
    scene.struck()
    scene.command.kill()
    scene.end()
    for path in _some(scene, draws, place, pattern):
        harm(path, draws)


def harmed_at_work(scene: Scene, draws: random.Random, place: str, pattern: str, harm: Harm) -> None:
    """Harm one of the files that a pattern names while the study goes on."""
    scene.start()
    scene.reach(draws)
    scene.until(lambda: _files(scene, place, pattern))
    scene.struck()
    for path in _some(scene, draws, place, pattern):
        with contextlib.suppress(FileNotFoundError):  # what is only there for a while is gone by now
            harm(path, draws)
    scene.end()


def _some(scene: Scene, draws: random.Random, place: str, pattern: str) -> list[Path]:
    """Return one of the files that a pattern names, in a list; an empty one where there is none any more."""
    files = _files(scene, place, pattern)
    scene.moment += "" if files else "; none was there"
    return draws.sample(files, min(1, len(files)))


def _files(scene: Scene, place: str, pattern: str) -> list[Path]:
    return sorted(p for p in (scene.folder / place).glob(pattern) if p.is_file() and p.stat().st_size)


_FEATURES, _FITS = ("cache", "features/*/layer-*/maps.npy"), ("cache", "fits/*/weights.pt")
_CHECKPOINTS = ("cache", "checkpoints/*.ckpt")
_RECORDS, _DETAILS = ("results", "*/runs.jsonl"), ("results", "*/details/*.npz")
for _name, _where, _harm, _costs in (
    ("torn last line of runs.jsonl", _RECORDS, tear, 1),
    ("flipped bytes in runs.jsonl", _RECORDS, flip, 2),
    ("flipped bytes in details", _DETAILS, flip, 0),
    ("flipped bytes in features", _FEATURES, flip, 0),
    ("cut features", _FEATURES, cut, 0),
    ("flipped bytes in a fit", _FITS, flip, 0),
    ("cut fit", _FITS, cut, 0),
    ("flipped bytes in a checkpoint", _CHECKPOINTS, flip, 0),
    ("cut checkpoint", _CHECKPOINTS, cut, 0),
    ("torn journal", ("results", "*/optuna.journal"), tear, 0),
):
    _study = "search" if "journal" in _name else "kept" if "checkpoint" in _name else "plain"
    _call = partial(harmed_at_rest, place=_where[0], pattern=_where[1], harm=_harm)
    kind(_name, KILLED, study=_study, costs=_costs)(_call)
kind("features cut at work")(partial(harmed_at_work, place=_FEATURES[0], pattern=_FEATURES[1], harm=cut))


@kind("cache cleared at work")
def cache_cleared(scene: Scene, draws: random.Random) -> None:
    scene.start()
    scene.reach(draws)
    for kind_of_entry in ("features", "fits"):
        shutil.rmtree(scene.cache / kind_of_entry, ignore_errors=True)
    scene.end()


@kind("image vanished", (1, 2))
def image_vanished(scene: Scene, draws: random.Random) -> None:
    """It is there again before the command is given again."""
    scene.start()
    scene.reach(draws)
    image = draws.choice(sorted(scene.data.glob("**/*.png")))
    image.rename(scene.folder / "vanished.png")
    scene.end()
    (scene.folder / "vanished.png").rename(image)


@kind("journal lost", (2,), study="search")
def journal_lost(scene: Scene, draws: random.Random) -> None:
    """While the search goes on. Where the search says that its journal is damaged, it is removed."""
    scene.start()
    scene.reach(draws)
    (scene.study / "optuna.journal").unlink(missing_ok=True)
    scene.end()
    if scene.codes[-1] == 2:
        (scene.study / "optuna.journal").unlink(missing_ok=True)


@kind("journal of another search", (*KILLED, 2), study="search")
def journal_foreign(scene: Scene, draws: random.Random) -> None:
    """It is refused in one line; then it is removed."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    harmed_at_rest(scene, draws, "results", "*/optuna.journal", lambda path, _: path.unlink())
    journal = scene.study / "optuna.journal"
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    other = optuna.create_study(study_name="struck", storage=JournalStorage(JournalFileBackend(str(journal))))
    other.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    scene.start()
    if scene.end() != 2:
        scene.wrong.append("a foreign journal was taken")
    scene.said = scene.last_line()
    journal.unlink()


@kind("file times in the future or past", KILLED)
def file_times(scene: Scene, draws: random.Random) -> None:
    """As after a copy, or with a clock that was wrong."""

    def harm(_: Path, draws: random.Random) -> None:
        shift = draws.choice((-1, 1)) * draws.uniform(1e5, 1e9)
        for path in (*scene.cache.glob("**/*"), *scene.results.glob("**/*"), *scene.data.glob("**/*")):
            os.utime(path, (path.stat().st_mtime + shift,) * 2)
        scene.moment += f", {shift:+.0f} s"

    harmed_at_rest(scene, draws, "results", "*/runs.jsonl", harm)
