"""How many runs share a GPU where the study leaves that to the program."""

import pytest
from hand_made import done, failed, job_of, make_study, plan_of
from ray.tune.search import Searcher

from ura_study.runs.job import Job
from ura_study.runs.ledger import Ledger
from ura_study.study.config import ResourceSettings
from ura_study.tune.machines import Machines
from ura_study.tune.queue import Queue
from ura_study.tune.shares import Shares
from ura_study.tune.worker import GPU, JOB

GB = 10**9
STUDY = make_study(resources={"gpu": "auto"}, seeds=list(range(6)))
JOBS = [job_of(STUDY, plan_of(STUDY), "full", seed=seed) for seed in range(6)]


def machines(cpus=64, gpus=2, gpu="auto", **resources):
    nodes = [{"NodeID": "a", "Alive": True, "Resources": {"CPU": cpus, "GPU": gpus}}]
    return Machines(ResourceSettings(gpu=gpu, **resources), lambda: nodes), ResourceSettings(gpu=gpu, **resources)


def shares(**more):
    there, resources = machines(**more)
    return Shares(resources, there), there


def on_gpu(job, held, total=80 * GB):
    provenance = {"gpu_bytes": total, "device": "a card"}
    return done(job).model_copy(update={"gpu_held_bytes": held, "provenance": provenance})


def test_the_first_run_decides_with_a_margin(capsys):
    sizes, there = shares()
    assert (sizes.of(JOBS[0]), there.slots()) == (1, 2)
    sizes.learn(on_gpu(JOBS[0], 10 * GB))  # 6.4 fit with a quarter more
    assert sizes.of(JOBS[1]) == pytest.approx(1 / 6, abs=1e-4)
    assert 6 * sizes.of(JOBS[1]) <= 1
    assert there.slots() == 12
    assert "a run held 10.0 of 80 GB, so 6 share a GPU" in capsys.readouterr().err
    sizes.learn(on_gpu(JOBS[1], 40 * GB))
    assert there.slots() == 12  # it is decided once


def test_processors_bound_it(capsys):
    sizes, there = shares(cpus=16, cpu=2)
    sizes.learn(on_gpu(JOBS[0], GB))
    assert there.slots() == 8
    assert "so 4 share a GPU (64 by memory, but each needs its processors)" in capsys.readouterr().err


def test_a_run_larger_than_half_a_card_keeps_it():
    sizes, there = shares()
    sizes.learn(on_gpu(JOBS[0], 70 * GB))
    assert (sizes.of(JOBS[1]), there.slots()) == (1, 2)


def test_a_run_on_a_processor_decides_nothing():
    sizes, there = shares()
    sizes.learn(done(JOBS[0]))
    assert there.slots() == 2


def test_a_share_that_the_study_gives_stays():
    sizes, there = shares(gpu=0.5)
    sizes.learn(on_gpu(JOBS[0], GB))
    job = JOBS[0].model_copy(update={"gpu": 0.5})
    assert (sizes.of(job), there.slots(), sizes.grow(job)) == (0.5, 4, False)


def drawn(queue: Searcher, *names: str) -> list[Job]:
    return [Job.model_validate_json(queue.suggest(name)[JOB]) for name in names]


def test_a_variant_that_runs_out_of_memory_gets_more_until_it_has_a_whole_one(tmp_path, capsys):
    there, resources = machines()
    queue = Queue(JOBS, Ledger(tmp_path), (), shares=Shares(resources, there), slots=there.slots)
    (first,) = drawn(queue, "t0")
    queue.on_trial_complete("t0", {"intervals": [{}], "record": on_gpu(first, 15 * GB).model_dump_json()})
    out = failed(JOBS[1], "CUDA out of memory. Tried to allocate 2 GB").model_dump_json()
    given = []
    for trial in ("t1", "t2", "t3"):
        (job,) = drawn(queue, trial)
        given.append(job.gpu)
        queue.on_trial_complete(trial, {"intervals": [{}], "record": out})
    assert given == [0.25, 0.5, 1.0]
    assert "full ran out of memory with 0.25 of a GPU; it gets twice as much" in capsys.readouterr().err
    assert [record.done for record in queue._ledger.records.values()] == [True, False]  # a whole one was too little
    assert queue.suggest("t4")[GPU] == 1.0


def test_a_worker_that_died_has_not_run_out_of_a_gpus_memory(tmp_path, capsys):
    """Its failure names what may have ended it, memory among it."""
    there, resources = machines()
    queue = Queue(JOBS, Ledger(tmp_path), (), shares=Shares(resources, there), slots=there.slots, retries=1)
    (first,) = drawn(queue, "t0")
    queue.on_trial_complete("t0", {"intervals": [{}], "record": on_gpu(first, 15 * GB).model_dump_json()})
    given = []
    for trial in ("t1", "t2"):
        (job,) = drawn(queue, trial)
        given.append((job.run_id, job.gpu))
        queue.on_trial_error(trial, None)
    assert given == [(JOBS[1].run_id, 0.25)] * 2
    assert "ran out of memory" not in capsys.readouterr().err
    failure = queue._ledger.records[JOBS[1].run_id].failure
    assert (failure.kind, "out of memory" in failure.message) == ("WorkerDied", True)
