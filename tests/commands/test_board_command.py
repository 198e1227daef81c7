import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from hand_made import ABLATIONS, done, job_of, make_study, plan_of
from rich.console import Console

from ura_study.commands.board import board
from ura_study.errors import ConfigError, ResourceError
from ura_study.results.folder import remember
from ura_study.tensorboard.writer import TensorBoardWriter

STUDY = make_study(ablations=ABLATIONS)
PLAN = plan_of(STUDY)


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "results" / "example"
    remember(folder, STUDY, PLAN)
    written = TensorBoardWriter(folder, STUDY, PLAN, {}.get)
    job = job_of(STUDY, PLAN, "full")
    written.finished(job, done(job, 0.75))
    return folder.parent


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("localhost", 0))
        return bound.getsockname()[1]


def asked(address: str, path: str, question: dict | None = None) -> object:
    body = None if question is None else json.dumps(question).encode()
    headers = {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{address}{path}", body, headers), timeout=60) as answer:
        return json.load(answer)


@pytest.mark.slow
@pytest.mark.parametrize(("which", "prefix"), [(["example"], ""), ([], "example/tensorboard/")])
def test_it_shows_a_study_until_it_is_interrupted(results, which, prefix):
    command = [sys.executable, "-m", "ura_study", "board", *which, "--results", str(results)]
    port = free_port()
    server = subprocess.Popen(
        [*command, "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # as in the background of a script
    )
    try:
        line = server.stdout.readline()
        address = re.search(r"http://\S+/", line)[0]
        assert line.startswith(f"TensorBoard shows {results}")
        assert address.endswith(f":{port}/")
        runs = {f"{prefix}{name}" for name in ("full", "layers=[2, 3]", "w-o restoration")}
        for _ in range(100):  # it reads the files while it already answers
            if set(asked(address, "data/runs")) == runs:
                break
            time.sleep(0.1)
        assert set(asked(address, "data/runs")) == runs
        every = {"allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS"], "sliceSize": 10}
        groups = asked(address, "data/plugin/hparams/session_groups", every)["sessionGroups"]
        full = next(group for group in groups if group["name"] == "example: full")
        assert {value["name"]["tag"]: value["value"] for value in full["metricValues"]}["mean/pixel_aupro"] == 0.75
    finally:
        server.send_signal(signal.SIGINT)
        rest, errors = server.communicate(timeout=60)
    assert (server.returncode, rest, errors) == (0, "", "")


def test_a_port_in_use_is_one_line(results):
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ResourceError, match=f"^--port: TensorBoard could not bind to port {port}, it was already"):
            board("example", results, port, Console())


def test_nothing_to_show_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match=f"^{tmp_path}: holds no events for TensorBoard"):
        board(None, tmp_path, None, Console())
    remember(tmp_path / "example", STUDY, PLAN)
    with pytest.raises(ConfigError, match=f"^{tmp_path}/example/tensorboard: holds no events"):
        board("example", tmp_path, None, Console())
    with pytest.raises(ConfigError, match=r"holds no study 'exmple'; did you mean 'example'\?"):
        board("exmple", tmp_path, None, Console())
