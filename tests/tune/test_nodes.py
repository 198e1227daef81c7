"""Is it the run or the machine?"""

import pytest
from jobs import small_job

from ura_study.tune.nodes import MOST, Nodes


@pytest.fixture
def jobs(mvtec_root):
    return [small_job(mvtec_root, run_id=str(index)) for index in range(2 * MOST)]


@pytest.fixture
def nodes():
    return Nodes(lambda: ["a", "b", "c", "a" * 16])


def test_a_run_is_tried_elsewhere_and_its_own_failure_is_known_by_the_same_words(nodes, jobs):
    assert nodes.failed(jobs[0], "a", "host", "no such image")
    assert nodes.avoided(jobs[0]) == {"a"}
    assert nodes.avoided(jobs[1]) == set()
    assert not nodes.failed(jobs[0], "b", "host", "no such image")


def test_a_machine_on_which_several_fail_is_not_used_any_more_and_that_is_said(nodes, jobs, capsys):
    for job in jobs[:MOST]:
        assert nodes.failed(job, "a" * 16, "gpu7", "cache: permission denied")
    assert nodes.avoided(jobs[-1]) == {"a" * 16}
    line = f"gpu7 (node aaaaaaaa) is not used any more: {MOST} runs in a row failed there (cache: permission denied)"
    assert capsys.readouterr().err == f"ura-study: {line}\n"


def test_what_was_done_elsewhere_is_told_once(nodes, jobs, capsys):
    for job in jobs[:2]:
        nodes.failed(job, "a", "gpu7", "no such folder")
        nodes.succeeded(job, "b")
    line = "gpu7 (node a): a run failed there and was done elsewhere (no such folder)"
    assert capsys.readouterr().err == f"ura-study: {line}\n"


def test_a_success_in_between_shows_that_a_machine_works(nodes, jobs):
    for job in jobs[: MOST - 1]:
        nodes.failed(job, "a", "host", "odd")
    nodes.succeeded(jobs[-1], "a")
    nodes.failed(jobs[-2], "a", "host", "odd")
    assert nodes.avoided(jobs[-1]) == set()


def test_where_all_machines_fail_alike_none_is_given_up(nodes, jobs):
    for job in jobs[:MOST]:
        assert nodes.failed(job, "a", "host", "no such folder")
    assert not nodes.failed(jobs[0], "b", "host", "no such folder")
    assert nodes.avoided(jobs[-1]) == set()


def test_the_only_machine_is_never_avoided(jobs):
    alone = Nodes(lambda: ["a"])
    assert not alone.failed(jobs[0], "a", "host", "no such image")
    assert alone.avoided(jobs[0]) == set()


def test_a_run_whose_other_machines_have_left_goes_back(jobs):
    usable = ["a", "b"]
    nodes = Nodes(lambda: usable)
    assert nodes.failed(jobs[0], "a", "host", "odd")
    usable.remove("b")
    assert nodes.avoided(jobs[0]) == set()


def test_a_worker_that_died_names_no_machine(nodes, jobs):
    assert not nodes.failed(jobs[0], None, "host", "odd")
