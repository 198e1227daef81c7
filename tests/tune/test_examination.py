"""What nodes are asked before they get work, and what becomes of their answers."""

import pytest
from jobs import SETTINGS, small_job

from ura_study.tune.examination import Examined, examined, other_versions, sample
from ura_study.tune.nodes import Nodes


def orders(*jobs):
    return [job.model_dump_json() for job in jobs]


def test_a_machine_that_can_do_runs_has_no_trouble(mvtec_root, cache):
    found = examined(orders(small_job(mvtec_root)))
    assert found.trouble == ""
    assert found.host
    assert other_versions(found.versions) == ""


def test_another_version_of_the_program_is_trouble(mvtec_root, cache):
    found = examined(orders(small_job(mvtec_root, program="0123456789abcdef")))
    assert "ura_study here is another version" in found.trouble


def test_other_images_are_trouble(mvtec_root, cache):
    found = examined(orders(small_job(mvtec_root, fingerprint="0123456789abcdef")))
    assert "the images here are not those the study was started with" in found.trouble


def test_a_cache_that_cannot_be_written_is_trouble(mvtec_root, tmp_path, monkeypatch):
    order = orders(small_job(mvtec_root))
    (tmp_path / "file").touch()
    monkeypatch.setenv("URA_STUDY_CACHE", str(tmp_path / "file/cache"))
    assert "file/cache: cannot be created below a file" in examined(order).trouble


def test_weights_that_cannot_be_had_are_trouble(mvtec_root, cache, monkeypatch):
    def none(name, **options):
        raise OSError("no route to host")

    monkeypatch.setattr("timm.create_model", none)
    features = {"backbone": "resnet18", "layers": [1], "map_size": 8}
    found = examined(orders(small_job(mvtec_root, settings={"features": features})))
    assert found.trouble == "features.backbone: cannot load the weights of 'resnet18' (no route to host)"


def test_a_gpu_that_is_not_there_is_trouble(mvtec_root, cache, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    found = examined(orders(small_job(mvtec_root, gpu=0.5)))
    assert found.trouble == "gpu 0.5 was asked for, but PyTorch finds none there"


def test_other_versions_are_named():
    assert other_versions({"torch": "0.1"}).startswith("torch 0.1 (here ")


def test_each_category_and_backbone_is_in_the_sample(mvtec_root):
    other = SETTINGS["features"] | {"backbone": "resnet18", "weights": "random"}
    jobs = [
        small_job(mvtec_root, run_id="1"),
        small_job(mvtec_root, run_id="2", seed=1),
        small_job(mvtec_root, "bolt", run_id="3"),
        small_job(mvtec_root, run_id="4", settings={"features": other}),
        small_job(mvtec_root, "bolt", run_id="5", settings={"features": other}),
    ]
    assert [job.run_id for job in sample(jobs)] == ["1", "3", "4"]


class Asked:
    """Nodes whose answers come when the test says so."""

    def __init__(self):
        self.asked, self.coming = [], []

    def ask(self, node, jobs):
        self.asked.append(node)

    def answers(self):
        while self.coming:
            yield self.coming.pop(0)


@pytest.fixture
def job(mvtec_root):
    return small_job(mvtec_root)


def test_no_work_is_given_before_a_node_is_found_fit(job, capsys):
    asked, usable = Asked(), ["a", "b", "c"]
    nodes = Nodes(lambda: usable, asked)
    assert not nodes.ready([job])
    assert sorted(asked.asked) == usable
    asked.coming = [("a", Examined("gpu1", "no such folder"))]
    assert not nodes.ready([job])
    asked.coming = [("b", Examined("gpu2"))]
    assert nodes.ready([job])
    assert nodes.avoided(job) == {"a", "c"}
    assert capsys.readouterr().err == ""  # whether none is left is not known yet
    asked.coming = [("c", None)]
    assert nodes.ready([job])
    assert nodes.avoided(job) == {"a"}
    assert capsys.readouterr().err == "ura-study: gpu1 (node a) is not used: no such folder\n"
    usable.append("d")
    assert nodes.ready([job])  # while it is examined
    assert nodes.avoided(job) == {"a", "d"}
    assert asked.asked.count("a") == 1


def test_where_no_node_is_fit_their_runs_will_say_why(job, capsys):
    asked = Asked()
    nodes = Nodes(lambda: ["a", "b"], asked)
    nodes.ready([job])
    asked.coming = [("a", Examined("gpu1", "no such folder")), ("b", Examined("gpu2", "no such folder"))]
    assert nodes.ready([job])
    assert nodes.avoided(job) == set()
    assert capsys.readouterr().err == ""


def test_a_node_with_other_versions_is_used_and_named(job, capsys):
    asked = Asked()
    nodes = Nodes(lambda: ["a", "b"], asked)
    nodes.ready([job])
    asked.coming = [("a", Examined("gpu1", "", {"torch": "0.1"})), ("b", Examined("gpu2"))]
    assert nodes.ready([job])
    assert nodes.avoided(job) == set()
    assert "gpu1 (node a) has torch 0.1 (here " in capsys.readouterr().err


def test_one_machine_alone_is_not_examined(job):
    asked = Asked()
    assert Nodes(lambda: ["a"], asked).ready([job])
    assert asked.asked == []
