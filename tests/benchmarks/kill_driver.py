"""Kill the driver of a search at random moments, start it again each time, and check that nothing was lost or doubled.

    python tests/benchmarks/kill_driver.py --kills 20

The runs are tiny. Printed are the kills, the runs that were begun again, and what is left in the records and in
Optuna's journal after the last start; the exit code is 1 where something is not as it must be.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import optuna
import yaml

STUDY = {
    "study": "killed",
    "data": {"layout": "textures", "image_size": 64, "validation": 0.3},
    "base": {
        "features": {"map_size": 8},
        "model": {"restoration": {"prototypes": 16, "width": 16, "exclusion": 1}, "perception": {"width": 8}},
        "training": {"steps": 20, "reports": 5},
    },
    "seeds": [0, 1],
    "search": {
        "sampler": {"name": "tpe", "n_startup_trials": 4},
        "space": {
            "model.synthesis.strength": {"float": [0.25, 4.0], "log": True},
            "model.perception.mc_samples": {"int": [1, 8]},
            "model.restoration.depth": {"choice": [1, 2]},
        },
    },
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0, help="of the moments at which the driver is killed")
    arguments = parser.parse_args()
    moments = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as place:
        study = STUDY | {"search": STUDY["search"] | {"trials": arguments.trials}}
        (Path(place) / "killed.yaml").write_text(yaml.safe_dump(study))
        killed = sum(_start(place, moments.uniform(0.5, 14)) for _ in range(arguments.kills))
        while _start(place, None):
            pass
        return _judge(Path(place) / "results" / "killed", killed, arguments.trials)


def _start(place: str, seconds: float | None) -> bool:
    """Run the study; kill its driver this long after its first sign of life. Return whether it was killed."""
    command = [sys.executable, "-m", "ura_study", "run", "killed.yaml"]
    log = Path(place) / "log.txt"
    with log.open("ab") as out:
        process = subprocess.Popen(command, cwd=place, stdout=out, stderr=out, start_new_session=True)
        try:
            process.wait(None if seconds is None else 6 + seconds)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            time.sleep(1)  # Ray's processes follow
            return True
    if process.returncode:
        sys.exit(f"exit code {process.returncode}:\n{log.read_text()[-3000:]}")
    return False


def _judge(folder: Path, killed: int, trials: int) -> int:
    records = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines() if line.endswith("}")]
    backend = optuna.storages.journal.JournalFileBackend(str(folder / "optuna.journal"))
    study = optuna.load_study(study_name="killed", storage=optuna.storages.JournalStorage(backend))
    states = collections.Counter(trial.state.name for trial in study.trials)
    doubled = len(records) - len({record["run_id"] for record in records})
    unfinished = [t.number for t in study.trials if not t.state.is_finished()]
    print(f"{killed} kills; {len(study.trials)} trials {dict(states)}; {len(records)} records, {doubled} doubled")
    wrong = doubled or unfinished or len(study.trials) != trials
    print("wrong" if wrong else "nothing lost, nothing doubled, no trial left running")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
