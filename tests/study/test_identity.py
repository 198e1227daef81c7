"""Which runs are the same: what is part of a run's id, and what is not."""

import json
import subprocess
import sys

import pytest
from hand_made import make_study, plan_of

from ura_study.canonical import digest
from ura_study.study import plan as plan_module
from ura_study.study.config import EvaluationSettings, VariantSettings
from ura_study.study.plan import RUN_VERSION, make_plan

DEFAULTS = VariantSettings()


def run_id(fingerprint="data", category="nut", **sections):
    plan = make_plan(make_study(**sections), {category: fingerprint})
    (identity,) = plan.runs
    return identity


@pytest.mark.parametrize(
    "other",
    [
        {"base": {"training": {"lr": 0.01}}},
        {"base": {"training": {"epochs": 3}}},
        {"base": {"features": {"layers": [2, 3]}}},
        {"base": {"model": {"perception": False}}},
        {"base": {"scoring": {"smoothing": 2}}},
        {"seeds": [1]},
        {"category": "bolt"},
        {"fingerprint": "other data"},
        {"data": {"image_size": 320}},
        {"data": {"validation": 0.2}},
        {"data": {"resize": "crop"}},
        {"data": {"resize": "crop", "shorter_side": 320}},
        {"data": {"eval_size": 320}},
        {"data": {"shots": 4}},
        {"data": {"contamination": 0.1}},
        {"data": {"eval_size": "original"}},
        {"data": {"corruption": {"kind": "shift"}}},
        {"evaluation": {"fpr_limit": 0.05}},
    ],
)
def test_identity_changes_with_what_makes_the_numbers(other):
    assert run_id(**other) != run_id()


@pytest.mark.parametrize(
    "other",
    [
        {"study": "other"},
        {"resources": {"cpu": 4, "gpu": 0.5}},
        {"report": {"metrics": ["pixel_ap"]}},
        {"data": {"layout": "mvtec_ad", "root": "/elsewhere", "categories": ["nut", "bolt"]}},
        {"data": {"resize": "square", "eval_size": 256}},
        {"data": {"corruption": {"kind": "none", "severity": 5}}},
        {"base": make_study().base.model_dump(mode="json")},
        {"base": {"model": {"synthesis": {"strength": 1}}, "training": {"lr": DEFAULTS.training.lr}}},
        {"base": {"training": {"reports": 10}, "model": {"name": "uranet"}, "features": {"layers": [1, 2, 3]}}},
    ],
)
def test_identity_changes_with_nothing_else(other):
    assert run_id(**other) == run_id()


def test_identity_does_not_depend_on_order():
    one = make_study(seeds=[0, 1], ablations={"a": {"sweep": {"training.lr": [0.1, 0.2]}}})
    other = make_study(seeds=[1, 0], ablations={"b": {"sweep": {"training.lr": [0.2, 0.1]}}})
    assert plan_of(one, "nut", "bolt").cells == plan_of(other, "bolt", "nut").cells


def test_keys_that_are_not_in_use_or_change_no_number_leave_the_identity_alone():
    """Records made before there were such keys are found again."""
    settings = make_study().base.model_dump(mode="json")
    for key in ("checkpoint", "checkpoint_to", "refine", "epochs"):
        del settings["training"][key]
    described = {
        "version": RUN_VERSION,
        "settings": settings,
        "image_size": 256,
        "validation": 0.0,
        "evaluation": make_study().evaluation.model_dump(mode="json"),
        "category": "nut",
        "data": "data",
        "seed": 0,
    }
    assert run_id() == digest(described)
    assert run_id(base={"training": {"checkpoint": "1h"}}) == digest(described)


@pytest.mark.parametrize(
    ("sections", "recorded"),
    [
        ({}, "4e7dcfdea36446a8"),
        ({"data": {"shots": 4}}, "6c3fe9db8a5c4d6c"),
        ({"data": {"contamination": 0.1}}, "0e733e77c415d6cf"),
        ({"data": {"unified": True}}, "d2210fac58774c03"),  # what they depended on, then as now: the images of all
        ({"data": {"validation": 0.2}}, "372ee8706be1a066"),
        (
            {"data": {"resize": "crop", "shorter_side": 320, "eval_size": 512, "depth": 12}},
            "7d8908775804af65",
        ),
        (
            {
                "ablations": {
                    "a": {"leave_one_out": ["model.synthesis"]},
                    "b": {"sweep": {"training.lr": [0.1]}},
                },
                "seeds": [0, 1],
            },
            "62862e000f43a1f3",
        ),
    ],
)
def test_studies_that_vary_no_data_find_the_records_of_before(sections, recorded, monkeypatch):
    """What is compared was written down when variants could not differ in their data, and `evaluation` had one key."""
    monkeypatch.setattr(plan_module, "RUN_VERSION", 6)
    monkeypatch.setattr(EvaluationSettings, "model_dump", lambda self, mode: {"fpr_limit": self.fpr_limit})
    monkeypatch.setattr(plan_module, "recipe", lambda: "recipe")
    plan = make_plan(make_study(**sections), {"nut": "1", "bolt": "2"})
    assert digest(list(plan.runs)) == recorded


IDENTITIES = """
import itertools
import json
from ura_study.study import plan as plan_module
from ura_study.canonical import digest
from ura_study.study.config import Study
from ura_study.study.plan import make_plan
ablations = {"a": {"sweep": {"model.synthesis": [{"strength": 2, "share": 0.5}, False]}}}
plan = make_plan(Study.model_validate({"study": "x", "ablations": ablations}), {"nut": "data"})
print(json.dumps(list(plan.runs)))
"""


def test_identity_is_the_same_in_every_process():
    study = make_study(ablations={"a": {"sweep": {"model.synthesis": [{"share": 0.5, "strength": 2}, False]}}})
    here = list(make_plan(study, {"nut": "data"}).runs)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", IDENTITIES], env={"PYTHONHASHSEED": hash_seed}, stdout=subprocess.PIPE, text=True
        )
        for hash_seed in ("1", "2")
    ]
    assert [json.loads(worker.communicate()[0]) for worker in workers] == [here, here]


def test_another_recipe_of_synthetic_defects_is_another_run_where_images_are_held_out(monkeypatch):
    def run_ids(**data):
        return set(plan_of(make_study(data=data)).runs)

    plain, held_out = run_ids(), run_ids(validation=0.2)
    monkeypatch.setattr(plan_module, "recipe", lambda: "another")
    assert run_ids() == plain
    assert run_ids(validation=0.2).isdisjoint(held_out)
