import itertools

import pytest
from hand_made import make_study, plan_of

from ura_study.errors import ConfigError, DataError
from ura_study.runs.job import Job
from ura_study.study.config import VariantSettings
from ura_study.study.plan import BASELINE, expand, left_out

DEFAULTS = VariantSettings()


def names(**ablations):
    return [variant.name for variant in expand(make_study(ablations=ablations))]


def refusal(ablation, **base):
    with pytest.raises(ConfigError) as caught:
        expand(make_study(base=base, ablations={"a": ablation}))
    return str(caught.value)


def test_leave_one_out():
    parts = ["model.synthesis", "model.perception", "model.restoration"]
    study = make_study(ablations={"components": {"leave_one_out": parts}})
    full, *others = expand(study)
    assert (full.name, full.settings, full.changes, full.ablation) == (BASELINE, study.baseline, {}, None)
    assert [v.name for v in others] == ["w/o synthesis", "w/o perception", "w/o restoration"]
    assert [getattr(v.settings.model, p.split(".")[1]) for v, p in zip(others, parts, strict=True)] == [False] * 3
    assert {v.ablation for v in others} == {"components"}


def test_sweep_varies_one_key_at_a_time():
    study = make_study(ablations={"s": {"sweep": {"model.synthesis.strength": [0.1, 2], "training.lr": [0.01]}}})
    _, *others = expand(study)
    assert [v.name for v in others] == ["strength=0.1", "strength=2", "lr=0.01"]
    assert [v.settings.model.synthesis.strength for v in others] == [0.1, 2.0, DEFAULTS.model.synthesis.strength]
    assert others[2].changes == {"training.lr": 0.01}


def test_grid_is_every_combination_in_order():
    grid = {"features.layers": [[2], [2, 3]], "model.restoration.depth": [1, 2]}
    study = make_study(ablations={"g": {"grid": grid}})
    _, *others = expand(study)
    assert [v.name for v in others] == [
        "layers=[2], depth=1",
        "layers=[2], depth=2",
        "layers=[2, 3], depth=1",
        "layers=[2, 3], depth=2",
    ]
    assert [(v.settings.features.layers, v.settings.model.restoration.depth) for v in others] == [
        ((2,), 1),
        ((2,), 2),
        ((2, 3), 1),
        ((2, 3), 2),
    ]


def test_variants_come_in_the_order_of_the_file():
    z, a = {"sweep": {"training.lr": [0.1, 0.01]}}, {"leave_one_out": ["model.restoration"]}
    assert names(z=z, a=a) == ["full", "lr=0.1", "lr=0.01", "w/o restoration"]
    assert names(a=a, z=z) == ["full", "w/o restoration", "lr=0.1", "lr=0.01"]


def test_values_of_all_kinds_have_readable_names():
    values = [False, True, {"strength": 2, "share": 0.5}]
    assert names(
        parts={"sweep": {"model.synthesis": values}},
        words={"sweep": {"features.weights": ["random"]}},
    ) == ["full", "synthesis=false", "synthesis=true", "synthesis={share:0.5, strength:2}", "weights=random"]


def test_a_section_set_to_a_mapping_is_replaced_as_a_whole():
    study = make_study(
        base={"model": {"synthesis": {"share": 0.5}}},
        ablations={"a": {"sweep": {"model.synthesis": [{"strength": 2}, True]}}},
    )
    _, strength, true = expand(study)
    assert (strength.settings.model.synthesis.strength, strength.settings.model.synthesis.share) == (2.0, 0.8)
    assert true.settings.model.synthesis == make_study().base.model.synthesis


def test_keys_with_one_ending_are_told_apart():
    sweep = {"model.perception.width": [4], "model.restoration.width": [4, 8], "training.lr": [0.1]}
    assert names(a={"sweep": sweep}) == [
        "full",
        "perception.width=4",
        "restoration.width=4",
        "restoration.width=8",
        "lr=0.1",
    ]


def test_keys_with_one_ending_are_told_apart_across_ablations():
    assert names(
        a={"sweep": {"model.perception.width": [4]}},
        b={"grid": {"model.restoration.width": [8], "model.perception.width": [4]}},
    ) == ["full", "perception.width=4", "restoration.width=8, perception.width=4"]


def test_equal_variants_of_one_name_are_one():
    a, b = {"sweep": {"training.lr": [0.1, 0.1]}}, {"grid": {"training.lr": [0.1, 0.2]}}
    variants = expand(make_study(ablations={"a": a, "b": b}))
    assert [(v.name, v.ablation) for v in variants] == [("full", None), ("lr=0.1", "a"), ("lr=0.2", "b")]


def test_one_name_for_two_configurations_is_refused():
    ablations = {
        "a": {"sweep": {"features.backbone": ["resnet18, weights=random"]}},
        "b": {"grid": {"features.backbone": ["resnet18"], "features.weights": ["random"]}},
    }
    with pytest.raises(ConfigError) as caught:
        expand(make_study(ablations=ablations))
    name = "backbone=resnet18, weights=random"
    assert str(caught.value) == f"ablations.b: variant '{name}' stands for two different configurations"


@pytest.mark.parametrize(
    ("ablation", "told"),
    [
        (
            {"sweep": {"strength": [1]}},
            "strength: unknown key; expected one of data, features, model, scoring, training",
        ),
        ({"sweep": {"trainin.lr": [1]}}, "trainin.lr: unknown key; did you mean 'training'?"),
        (
            {"sweep": {"model.synthesys.strength": [1]}},
            "model.synthesys.strength: unknown key; did you mean 'synthesis'?",
        ),
        (
            {"grid": {"model.synthesis.strenght": [1]}},
            "model.synthesis.strenght: unknown key; did you mean 'strength'?",
        ),
        ({"leave_one_out": ["model.restoratio"]}, "model.restoratio: unknown key; did you mean 'restoration'?"),
        ({"sweep": {"": [1]}}, ": unknown key; expected one of data, features, model, scoring, training"),
        ({"sweep": {"training.lr": [2]}}, "training.lr: expected a number <= 1, but got 2"),
        ({"sweep": {"training.lr": [float("nan")]}}, "training.lr: expected a finite number, but got NaN"),
        ({"sweep": {"training.clip": [float("inf")]}}, "training.clip: expected a finite number, but got Infinity"),
        ({"sweep": {"training.lr": ["1"]}}, "training.lr: expected a number, but got '1'"),
        ({"leave_one_out": ["model.fusion"]}, "model.fusion: expected a mapping of keys to values, but got false"),
        (
            {"sweep": {"model.synthesis": [{"x": 1}]}},
            "model.synthesis.x: unknown key; expected one of edge, kind, max_area, min_area, ",
        ),
        ({"sweep": {"features.layers.0": [1]}}, "features.layers.0: cannot be set, since features.layers is [1, 2, 3]"),
        ({"sweep": {"features.backbone.x": [1]}}, "features.backbone.x: cannot be set, since features.backbone is tf_"),
        (
            {"factorial": ["model.synthesis", "model.fusion"]},
            "model.fusion: expected a mapping of keys to values, but ",
        ),
        ({"add_one_in": ["model.sinthesis"]}, "model.sinthesis: unknown key; did you mean 'synthesis'?"),
        (
            {"grid": {"model.perception": [False, True], "model.restoration.dept": [1, 2]}},
            "model.restoration.dept: unknown key; did you mean 'depth'?",
        ),
        (
            {"grid": {"training.lr": [0.1, 2], "model.restoration.depth": [1, 2]}},
            "training.lr: expected a number <= 1, but got 2",
        ),
    ],
)
def test_what_the_schema_rejects(ablation, told):
    assert refusal(ablation).startswith(f"ablations.a: {told}")


PARTS = ["model.synthesis", "model.perception", "model.restoration"]
NEED = (
    "model: restoration and perception are both off, so nothing learns from synthesis; with synthesis: false, too, the "
    "score is the distance to the mean"
)


def lost(study):
    return [(one.name, one.ablation, one.reason) for one in left_out(study)]


def test_parts_are_added_in_the_order_given():
    study = make_study(ablations={"a": {"add_one_in": [PARTS[2], PARTS[0], PARTS[1]]}})
    assert [v.name for v in expand(study)] == [
        "full",
        "w/o restoration, synthesis, perception",
        "w/o synthesis, perception",
        "w/o perception",
    ]
    assert lost(study) == []
    bare = expand(study)[1].settings.model
    assert (bare.synthesis, bare.perception, bare.restoration) == (False, False, False)


def test_what_cannot_be_is_left_out_with_the_reason():
    study = make_study(ablations={"a": {"add_one_in": PARTS}})
    assert [v.name for v in expand(study)] == ["full", "w/o synthesis, perception, restoration", "w/o restoration"]
    assert lost(study) == [("w/o perception, restoration", "a", NEED)]
    both = make_study(ablations={"g": {"grid": {PARTS[1]: [False, True], PARTS[2]: [False, {"depth": 2}]}}})
    assert [v.name for v in expand(both)][1:] == [
        "perception=false, restoration={depth:2}",
        "perception=true, restoration=false",
        "perception=true, restoration={depth:2}",
    ]
    assert lost(both) == [("perception=false, restoration=false", "g", NEED)]


def test_a_detector_for_a_few_images_is_refused_all_of_them():
    few = [{"name": "pcsnet"}]
    study = make_study(ablations={"g": {"grid": {"data.shots": [None, 4], "model": few}}})
    assert [v.name for v in expand(study)] == ["full", "shots=4, model=pcsnet"]
    told = "data: pcsnet is made for a few images: it needs data.shots, e.g. 4, but got none"
    assert lost(study) == [("shots=null, model=pcsnet", "g", told)]
    assert refusal({"sweep": {"model": few}}) == f"ablations.a: {told}"
    assert len(expand(make_study(data={"shots": 2}, ablations={"s": {"sweep": {"model": few}}}))) == 2


def test_the_bare_variant_itself_may_be_what_cannot_be():
    study = make_study(ablations={"a": {"add_one_in": PARTS[1:]}})
    assert lost(study) == [("w/o perception, restoration", "a", NEED)]


def test_a_factorial_is_every_combination_and_shares_variants_with_other_forms():
    forms = {"one": {"leave_one_out": PARTS}, "all": {"factorial": PARTS[::-1]}, "up": {"add_one_in": PARTS}}
    study = make_study(ablations=forms)
    found = expand(study)
    assert len(found) == 2**3 - 1
    assert len({v.name for v in found}) == len(found) == len(plan_of(study).runs)
    off = {tuple(getattr(v.settings.model, p.split(".")[1]) is False for p in PARTS) for v in found}
    assert off == set(itertools.product((False, True), repeat=3)) - {(False, True, True)}
    assert [name for name, ablation, _ in lost(study)] == ["w/o perception, restoration"] * 2


def test_a_part_that_is_off_in_the_baseline_cannot_be_added():
    told = refusal({"factorial": PARTS[:2]}, model={"synthesis": False})
    assert told == "ablations.a: model.synthesis is off in the baseline, so it cannot be switched on"


def test_a_key_below_a_part_that_is_off():
    told = refusal({"sweep": {"model.synthesis.strength": [1]}}, model={"synthesis": False})
    assert told == "ablations.a: model.synthesis.strength: cannot be set, since model.synthesis is false"


def test_a_plan_changes_nothing_of_its_study():
    ablations = {"a": {"grid": {"model.synthesis": [{"strength": 2}], "training.lr": [0.1, 0.2]}}}
    study = make_study(ablations=ablations)
    before = study.model_dump()
    expand(study)
    assert study.model_dump() == before


def test_variants_differ_in_their_data():
    study = make_study(
        data={"eval_size": 256, "validation": 0.2},
        ablations={
            "size": {"sweep": {"data.image_size": [128, 512]}},
            "few": {"grid": {"data.shots": [1, 4], "model": [{"name": "patchcore"}]}},
            "rough": {"grid": {"data.corruption.kind": ["shift"], "data.corruption.severity": [1, 5]}},
        },
    )
    plan = plan_of(study)
    runs = {run.variant: run for run in plan.runs.values()}
    assert list(runs) == [
        *("full", "image_size=128", "image_size=512", "shots=1, model=patchcore", "shots=4, model=patchcore"),
        *("kind=shift, severity=1", "kind=shift, severity=5"),
    ]
    assert runs["full"].data == study.data
    assert [run.data.image_size for run in runs.values()] == [256, 128, 512, 256, 256, 256, 256]
    assert [run.data.shots for run in runs.values()] == [None, None, None, 1, 4, None, None]
    assert [run.data.corruption.severity for run in runs.values() if run.data.corruption.corrupts] == [1, 5]
    assert {run.data.validation for run in runs.values()} == {0.2}
    assert {type(run.settings) for run in runs.values()} == {VariantSettings}
    job = Job.of(study, runs["image_size=128"])
    assert (job.data.image_size, job.data.eval_size) == (128, 256)


def test_a_variant_in_a_study_of_data_is_the_run_of_a_study_that_has_this_data_throughout():
    sweep = make_study(ablations={"s": {"sweep": {"data.shots": [4]}}})
    assert plan_of(sweep).cells["shots=4", "nut", 0] == plan_of(make_study(data={"shots": 4})).cells["full", "nut", 0]


def test_a_unified_variant_is_the_run_of_a_study_that_is_unified_throughout():
    def cell(*categories, variant="full", **sections):
        return plan_of(make_study(**sections), *categories).cells[variant, "nut", 0]

    sweep = {"ablations": {"u": {"sweep": {"data.unified": [True]}}}}
    throughout = cell("nut", "bolt", data={"unified": True})
    assert cell("nut", "bolt", variant="unified=true", **sweep) == throughout
    assert cell("nut", "bolt", **sweep) == cell("nut") != throughout
    assert cell("nut", "cap", data={"unified": True}) != throughout
    fingerprints = {"nut": "data of nut", "bolt": "data of bolt"}
    assert plan_of(make_study(data={"unified": True}), *fingerprints).fingerprints == fingerprints


def test_one_category_cannot_be_unified():
    study = make_study(ablations={"u": {"sweep": {"data.unified": [True]}}})
    with pytest.raises(DataError, match=r"^data.unified needs at least two categories, but got nut$"):
        plan_of(study, "nut")


@pytest.mark.parametrize(("key", "value"), [("unified", True), ("contamination", 0.1)])
def test_what_is_tested_on_another_set_is_neither_unified_nor_contaminated(key, value):
    data = {"layout": "textures", "categories": ["brick"], "test": {"categories": ["grass"]}}
    study = make_study(data=data, ablations={"u": {"sweep": {f"data.{key}": [value]}}})
    with pytest.raises(ConfigError, match=f"^data: {key} and test cannot be combined$"):
        plan_of(study, "brick → grass")


def test_the_severity_of_no_corruption_makes_no_other_run():
    grid = {"data.corruption.kind": ["none", "shift"], "data.corruption.severity": [1, 3]}
    plan = plan_of(make_study(ablations={"s": {"grid": grid}}))
    assert len(plan.variants) == 5
    assert len(plan.runs) == 3


@pytest.mark.parametrize(
    ("key", "told"),
    [
        *(
            (
                f"data.{key}",
                f"data.{key}: is the same for all variants; of data, contamination, corruption, depth, eval_size, "
                "image_size, resize, shorter_side, shots, unified may differ",
            )
            for key in ("root", "layout", "categories", "validation", "test", "max_pixels")
        ),
        ("data.image_sise", "data.image_sise: unknown key; did you mean 'image_size'?"),
        ("data.corruption.sevirity", "data.corruption.sevirity: unknown key; did you mean 'severity'?"),
        ("data.shots", "data.shots: expected a number >= 1, but got 0"),
        ("data.corruption.kind", "data.corruption.kind: expected 'none', 'brightness', 'contrast', "),
    ],
)
def test_which_data_may_differ(key, told):
    assert refusal({"sweep": {key: [0]}}).startswith(f"ablations.a: {told}")


def test_data_that_cannot_go_together():
    ablation = {"grid": {"data.shots": [1], "data.contamination": [0.1]}}
    assert refusal(ablation) == "ablations.a: data: shots and contamination cannot be combined"


def test_every_cell_has_a_run():
    study = make_study(seeds=[1, 0], ablations={"a": {"sweep": {"training.lr": [0.1]}}})
    plan = plan_of(study, "nut", "bolt")
    assert plan.categories == ("nut", "bolt")
    assert plan.seeds == (1, 0)
    order = [(v, c, s) for v in ("full", "lr=0.1") for s in (1, 0) for c in ("nut", "bolt")]
    assert list(plan.cells) == order
    assert [(r.variant, r.category, r.seed) for r in plan.runs.values()] == order
    assert list(plan.runs) == list(plan.cells.values())
    assert all(run.run_id == run_id for run_id, run in plan.runs.items())


def test_variants_equal_to_the_baseline_share_its_runs():
    study = make_study(
        ablations={
            "a": {
                "sweep": {"training.clip": [float(DEFAULTS.training.clip), 0.1]},
            }
        }
    )
    plan = plan_of(study, "nut", "bolt")
    default = next(variant.name for variant in plan.variants[1:])
    assert len(plan.cells) == 6
    assert len(plan.runs) == 4
    assert plan.cells[default, "nut", 0] == plan.cells["full", "nut", 0] != plan.cells["clip=0.1", "nut", 0]
    assert {run.variant for run in plan.runs.values()} == {"full", "clip=0.1"}


def test_the_reports_baseline_is_a_variant():
    study = make_study(
        report={"baseline": "strength=2"}, ablations={"s": {"sweep": {"model.synthesis.strength": [2.0]}}}
    )
    with pytest.raises(ConfigError, match=r"^report.baseline: no variant 'strength=2'; did you mean 'strength=2.0'\?$"):
        expand(study)
