"""The driver on a real Ray, for what a whole study does not show."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jobs import small_job
from processes import process_of, worker_of

from ura_study.errors import ConfigError, ResourceError
from ura_study.runs import store
from ura_study.runs.attempt import attempt
from ura_study.runs.ledger import Ledger
from ura_study.study.config import ResourceSettings
from ura_study.tune.driver import run_jobs

pytestmark = pytest.mark.slow


def test_a_run_that_fits_nowhere_is_one_line(mvtec_root, tmp_path):
    with pytest.raises(
        ConfigError, match=r"^resources: a run wants cpu 1 gpu 0.5, but the machines have cpu \d+ gpu 0; --wait"
    ):
        run_jobs([small_job(mvtec_root)], Ledger(tmp_path), ResourceSettings(gpu=0.5), ())


def test_sigterm_is_heard_after_ray_has_ended(mvtec_root, tmp_path):
    """While tables and report are written, say. (Ray resets the handler without Python's knowledge.)"""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        assert run_jobs([small_job(mvtec_root)], Ledger(tmp_path), ResourceSettings(), ())
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)


def test_no_cluster_is_one_line(mvtec_root, tmp_path):
    with pytest.raises(ResourceError, match=r"no Ray cluster at 127\.0\.0\.1:1 "):
        run_jobs([small_job(mvtec_root)], Ledger(tmp_path), ResourceSettings(), (), address="127.0.0.1:1")


def test_a_full_disk_stops_the_study_with_one_line(mvtec_root, tmp_path):
    ledger = Ledger(tmp_path)
    (tmp_path / store.FILE).symlink_to("/dev/full")  # which could be read for ever
    jobs = [small_job(mvtec_root, run_id=str(index), seed=index) for index in range(20)]
    with pytest.raises(ResourceError, match=r"runs.jsonl: no disk space left"):
        run_jobs(jobs, ledger, ResourceSettings(), ())


def test_a_cluster_of_two_nodes_with_shared_gpus(mvtec_root, tmp_path):
    """Fake GPUs are scheduled like real ones; the runs find none and compute on the processor."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "num_gpus": 0})
    cluster.add_node(num_cpus=2, num_gpus=1)
    jobs = [small_job(mvtec_root, run_id=str(index), seed=index, gpu=0.5) for index in range(4)]
    try:
        assert run_jobs(jobs, Ledger(tmp_path), ResourceSettings(gpu=0.5), (), address=cluster.address)
    finally:
        cluster.shutdown()
    records = store.read(tmp_path)
    assert sorted(records) == ["0", "1", "2", "3"]
    assert all(record.done for record in records.values()), [r.failure for r in records.values()]


@pytest.mark.parametrize("mode", ["token", "disabled"])
def test_a_cluster_is_joined_with_a_token_or_without(mvtec_root, tmp_path, mode):
    """Whether a cluster asks for one is found out, whatever token this user has: each in a process of its own."""
    script = tmp_path / "study.py"
    script.write_text(
        "import os, sys\n"
        "from pathlib import Path\n"
        f"os.environ['RAY_AUTH_MODE'] = '{mode}'\n"
        "from ray.cluster_utils import Cluster\n"
        "cluster = Cluster(initialize_head=True, head_node_args={'num_cpus': 1})\n"
        "del os.environ['RAY_AUTH_MODE']\n"
        "from ura_study.study.config import ResourceSettings\n"
        "from ura_study.runs.job import Job\n"
        "from ura_study.runs.ledger import Ledger\n"
        "from ura_study.tune.driver import run_jobs\n"
        "job = Job.model_validate_json(Path(sys.argv[1]).read_text())\n"
        "run_jobs([job], Ledger(Path(sys.argv[2])), ResourceSettings(), (), address=cluster.address)\n"
        "cluster.shutdown()\n"
    )
    (tmp_path / "token").write_text("0123456789abcdef" * 4)
    (tmp_path / "job.json").write_text(small_job(mvtec_root).model_dump_json())
    (tmp_path / "results").mkdir()
    command = [sys.executable, str(script), str(tmp_path / "job.json"), str(tmp_path / "results")]
    environment = os.environ | {"RAY_AUTH_TOKEN_PATH": str(tmp_path / "token")}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert ended.returncode == 0, ended.stderr
    (record,) = store.read(tmp_path / "results").values()
    assert record.done, record.failure


def test_a_node_that_cannot_do_runs_costs_no_result(mvtec_root, tmp_path, capsys):
    """One of three nodes cannot write its cache: that is found before it gets work."""
    from ray.cluster_utils import Cluster

    (tmp_path / "file").write_text("where a folder ought to be")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    cluster.add_node(num_cpus=1)
    cluster.add_node(num_cpus=1)
    cluster.add_node(num_cpus=2, env_vars={"URA_STUDY_CACHE": str(tmp_path / "file/cache")})
    jobs = [small_job(mvtec_root, run_id=str(index), seed=index) for index in range(12)]
    try:
        assert run_jobs(jobs, Ledger(tmp_path), ResourceSettings(), (), address=cluster.address)
    finally:
        cluster.shutdown()
    records = store.read(tmp_path)
    assert len(records) == 12
    assert all(record.done for record in records.values()), [r.failure for r in records.values()]
    said = capsys.readouterr().err
    assert re.search(r"\(node \w{8}\) is not used: .*/file/cache: cannot be created below a file", said)
    assert " failed there" not in said


def test_a_node_that_joins_is_used(mvtec_root, tmp_path, capsys):
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    ray = Path(sys.executable).with_name("ray")
    join = f"sleep 5; exec {ray} start --address={cluster.address} --num-cpus=2 --block"
    joining = subprocess.Popen(["bash", "-c", join], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    jobs = [small_job(mvtec_root, run_id=str(index), seed=index) for index in range(3)]
    try:
        assert run_jobs(jobs, Ledger(tmp_path), ResourceSettings(), (), address=cluster.address, wait=True)
    finally:
        joining.terminate()
        joining.wait()
        cluster.shutdown()
    assert all(record.done for record in store.read(tmp_path).values())
    assert len(store.read(tmp_path)) == 3
    assert "waiting for a machine that can hold a run (cpu 1 gpu 0)" in capsys.readouterr().err


def test_something_else_at_the_address_is_told(mvtec_root, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(ResourceError, match=f"no Ray cluster at 127.0.0.1:{port}: something answers there, but it"):
            run_jobs([small_job(mvtec_root)], Ledger(tmp_path), ResourceSettings(), (), address=f"127.0.0.1:{port}")


def test_a_cache_that_cannot_be_written_is_told_before_anything_starts(mvtec_root, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("where a folder ought to be")
    job = small_job(mvtec_root)
    monkeypatch.setenv("URA_STUDY_CACHE", str(tmp_path / "file/cache"))
    with pytest.raises(ResourceError, match="file/cache"):
        run_jobs([job], Ledger(tmp_path), ResourceSettings(), ())


def test_workers_that_are_ended_for_memory_end_no_study(mvtec_root, tmp_path):
    """Ray's memory monitor kills every worker here: the runs fail with a reason, and the study comes to its end."""
    script = tmp_path / "study.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from ura_study.study.config import ResourceSettings\n"
        "from ura_study.runs.job import Job\n"
        "from ura_study.runs.ledger import Ledger\n"
        "from ura_study.tune.driver import run_jobs\n"
        "job = Job.model_validate_json(Path(sys.argv[1]).read_text())\n"
        "run_jobs([job], Ledger(Path(sys.argv[2])), ResourceSettings(retries=1), ())\n"
    )
    (tmp_path / "job.json").write_text(small_job(mvtec_root).model_dump_json())
    (tmp_path / "results").mkdir()
    killing = {"RAY_memory_usage_threshold": "0.0", "RAY_memory_monitor_refresh_ms": "100"}
    command = [sys.executable, str(script), str(tmp_path / "job.json"), str(tmp_path / "results")]
    ended = subprocess.run(command, env=os.environ | killing, capture_output=True, text=True, timeout=200, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "Trials did not complete" not in ended.stderr
    (record,) = store.read(tmp_path / "results").values()
    assert record.failure.kind == "WorkerDied"


class Killer:
    """Kills the worker as soon as a training has reported that it is half done."""

    def __init__(self):
        self.killed = []

    def progressed(self, job, intervals):
        if intervals and intervals[-1]["step"] > job.settings.training.steps / 2 and not self.killed:
            os.kill(worker_of(os.getpid()), signal.SIGKILL)
            self.killed.append(intervals[-1]["step"])

    def started(self, job): ...
    def finished(self, job, record): ...
    def dropped(self, job): ...
    def proposed(self, proposal): ...


def test_the_training_of_a_killed_worker_is_continued(mvtec_root, tmp_path, cache):
    """On another worker, from the last checkpoint, to the numbers of a training that nothing disturbed."""
    training = {"steps": 300, "reports": 100, "checkpoint": "0.1s", "checkpoint_to": str(tmp_path / "kept")}
    job, killer = small_job(mvtec_root, settings={"training": training}), Killer()
    (tmp_path / "cut").mkdir()
    assert run_jobs([job], Ledger(tmp_path / "cut"), ResourceSettings(), (killer,))
    (record,) = store.read(tmp_path / "cut").values()
    assert record.done, record.failure
    assert 0 < record.provenance["continued_at"] < 300
    assert killer.killed
    assert not list((tmp_path / "kept").iterdir())
    shutil.rmtree(cache / "fits")
    *_, undisturbed = attempt(job)
    assert not undisturbed.fit_shared
    assert record.metrics == undisturbed.metrics


def test_the_death_of_rays_own_process_ends_no_study(mvtec_root, tmp_path, capsys):
    """Ray is started again on this machine, and what ran is tried again."""

    class KillsRay(Killer):
        def progressed(self, job, intervals):
            if intervals and not self.killed:
                self.killed.append(job.run_id)
                os.kill(process_of("raylet/raylet", os.getpid()), signal.SIGKILL)

    training, killer = {"steps": 300, "reports": 100}, KillsRay()
    jobs = [small_job(mvtec_root, run_id=str(seed), seed=seed, settings={"training": training}) for seed in range(3)]
    started = time.monotonic()
    assert run_jobs(jobs, Ledger(tmp_path), ResourceSettings(), (killer,))
    assert time.monotonic() - started < 120
    assert killer.killed
    assert [record.done for record in store.read(tmp_path).values()] == [True] * 3
    assert "raylet) died; Ray is started again" in capsys.readouterr().err


def test_the_death_of_a_clusters_process_here_is_one_line(mvtec_root, tmp_path):
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})

    class KillsRay(Killer):
        def progressed(self, job, intervals):
            os.kill(process_of("raylet/raylet", os.getpid()), signal.SIGKILL)

    job = small_job(mvtec_root, settings={"training": {"steps": 300, "reports": 100}})
    try:
        with pytest.raises(ResourceError, match=r"raylet\) died; start it again, and the same command continues"):
            run_jobs([job], Ledger(tmp_path), ResourceSettings(), (KillsRay(),), address=cluster.address)
    finally:
        cluster.shutdown()
