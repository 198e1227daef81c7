"""A study in a folder of its own, run by the command line as a user would, and watched."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from family import MARK, Family

from studies import study

#: Seconds after which a command that has not ended hangs, and for which processes may outlive it.
PATIENCE, LINGER = 180.0, 30.0
SABOTAGE = Path(__file__).with_name("sabotage")
#: A command is started at most so often to bring a study to its end.
STARTS = 3


class Scene:
    """The folder of a study and the command that runs it.

    Args:
        folder: where everything of it lies; Ray's sockets too, so its path must be short.
        name: one of `studies.STUDIES`.
        images: the data set, of which the scene takes a copy.
    """

    def __init__(self, folder: Path, name: str, images: Path) -> None:
        self.folder, self.name = folder, name
        self.data, self.results, self.cache, self.temp = (folder / n for n in ("data", "results", "cache", "t"))
        for place in (self.results, self.cache, self.temp):
            place.mkdir(parents=True)
        shutil.copytree(images, self.data)
        (folder / "study.yaml").write_text(yaml.safe_dump(study(name, self.data)))
        self.family, self.arguments = Family(str(folder)), ["study.yaml"]
        self.environment = os.environ | {"URA_STUDY_CACHE": str(self.cache), "RAY_TMPDIR": str(self.temp)}
        self.environment |= {"TMPDIR": str(self.temp), "COLUMNS": "160", "PYTHONUNBUFFERED": "1"}
        self.environment |= {"RAY_AUTH_MODE": "disabled", MARK: str(folder)}
        self.moment, self.codes, self.said, self.seconds = "", list[int](), "", 0.0
        self.wrong: list[str] = []
        """What was seen that must not be."""
        self.kept: list[bytes] = []
        """The lines of `runs.jsonl` at the moment of the fault."""
        self._closing: list[Callable[[], object]] = []

    @property
    def study(self) -> Path:
        """The study's folder of results."""
        return self.results / "struck"

    def lines(self) -> list[bytes]:
        path = self.study / "runs.jsonl"
        return path.read_bytes().splitlines() if path.exists() else []

    def done(self) -> list[str]:
        """Return the run ids of all records that can be read and are done, in order."""
        records = [record for line in self.lines() if (record := _parsed(line)) is not None]
        return [record["run_id"] for record in records if record.get("status") == "done"]

    def sabotage(self, **variables: object) -> None:
        """Let the commands do something wrong of themselves, see `sabotage/sitecustomize.py`."""
        paths = [str(SABOTAGE), *filter(None, [self.environment.get("PYTHONPATH")])]
        self.environment |= {"PYTHONPATH": os.pathsep.join(paths)} | {k: str(v) for k, v in variables.items()}

    def spawn(self, *command: object, log: str = "log.txt") -> subprocess.Popen[bytes]:
        """Start a command whose output goes to a file."""
        with (self.folder / log).open("ab") as out:
            return subprocess.Popen(
                [str(part) for part in command],
                cwd=self.folder,
                env=self.environment,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def start(self, log: str = "log.txt") -> subprocess.Popen[bytes]:
        """Start the study, or go on with it."""
        self._since = time.monotonic()
        self.command = self.spawn(sys.executable, "-m", "ura_study", "run", *self.arguments, log=log)
        return self.command

    def reach(self, draws: random.Random, at_work: bool = False, most: int = 7) -> None:
        """Wait for a random moment: up to `most` records and a while more; `at_work`: not before there is a worker."""
        records = draws.randrange(most + 1)
        delay = draws.uniform(0, 1.5) if records or at_work else draws.uniform(0, 15)
        self.moment = f"{records} records + {delay:.1f} s"
        self.until(lambda: len(self.lines()) >= records and (not at_work or self.workers()))
        self.until(lambda: False, delay)
        self.struck()

    def struck(self) -> None:
        """Note that the fault comes now."""
        self.family.members()
        self.kept, self._since = self.lines(), time.monotonic()

    def workers(self) -> list[int]:
        return self.family.named("ray::Worker", "Trainable")

    def until(self, true: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Wait until something is true, so many seconds have passed, or the command has ended."""
        end = time.monotonic() + seconds
        while self.command.poll() is None and time.monotonic() < end and not true():
            time.sleep(0.1)

    def end(self) -> int:
        """Wait for the end of the command; return its exit code. One that hangs is ended, and so is what it left."""
        try:
            code = self.command.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.wrong.append("hang")
            self.family.end()
            code = self.command.wait()
        if not self.codes:
            self.seconds, self.said = time.monotonic() - self._since, self.last_line()
        self.codes.append(code)
        if left := self.family.left(LINGER):
            self.wrong.append("left " + ", ".join(line.rstrip("\0 ")[:50] for line in left))
            self.family.end()
        return code

    def finish(self, code: int) -> None:
        """Give the same command until it ends with this exit code."""
        for _ in range(STARTS):
            if self.codes[-1] == code:
                break
            self.start()
            self.end()
        if "Traceback" in self.output():
            self.wrong.append("traceback")

    def output(self, log: str = "log.txt") -> str:
        path = self.folder / log
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", path.read_text(errors="replace")) if path.exists() else ""

    def last_line(self, log: str = "log.txt") -> str:
        return ([""] + [line.strip() for line in self.output(log).splitlines() if line.strip()])[-1]

    def on_close(self, call: Callable[[], object]) -> None:
        """Have something undone at the end, last things first."""
        self._closing.append(call)

    def close(self) -> None:
        self.family.end()
        while self._closing:
            self._closing.pop()()


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "run_id" in record else None
