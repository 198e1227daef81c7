"""The driver on a real Ray, for what a whole study does not show."""

from __future__ import annotations

import pytest
from jobs import small_job

from ura_study.config import ResourceSettings
from ura_study.errors import ConfigError, ResourceError
from ura_study.runs import store
from ura_study.runs.ledger import Ledger
from ura_study.tune.driver import run_jobs

pytestmark = pytest.mark.slow


def test_a_run_that_fits_nowhere_is_one_line(mvtec_root, tmp_path):
    with pytest.raises(
        ConfigError, match=r"^resources: a run wants cpu 1 gpu 0.5, but the machines have cpu \d+ gpu 0$"
    ):
        run_jobs([small_job(mvtec_root)], Ledger(tmp_path), ResourceSettings(gpu=0.5), ())


def test_no_cluster_is_one_line(mvtec_root, tmp_path):
    with pytest.raises(ResourceError, match=r"no Ray cluster at 127\.0\.0\.1:1 "):
        run_jobs([small_job(mvtec_root)], Ledger(tmp_path), ResourceSettings(), (), address="127.0.0.1:1")


def test_a_full_disk_stops_the_study_with_one_line(mvtec_root, tmp_path):
    (tmp_path / store.FILE).symlink_to("/dev/full")
    jobs = [small_job(mvtec_root, run_id=str(index), seed=index) for index in range(20)]
    with pytest.raises(ResourceError, match=r"runs.jsonl: no disk space left"):
        run_jobs(jobs, Ledger(tmp_path), ResourceSettings(), ())


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
