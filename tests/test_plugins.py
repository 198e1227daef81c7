"""Plug-ins of the example and of a few lines, through studies, runs, searches and models; no Ray."""

import json

import numpy as np
import pytest
import torch
import yaml
from datasets import make_maps, write_category
from plugged import EXAMPLE, SMALL, SOURCES, copied, write_products

from ura_study import plugins
from ura_study.detectors.build import build_detector
from ura_study.detectors.config import DETECTORS, DetectorSettings
from ura_study.detectors.uranet.config import URANetSettings
from ura_study.errors import ConfigError
from ura_study.metrics.evaluate import evaluate
from ura_study.metrics.names import METRICS, TAKEN, VALIDATION_METRICS, register_metric
from ura_study.model import AnomalyModel
from ura_study.opening import open_study
from ura_study.results.frame import columns
from ura_study.results.results import Results
from ura_study.runs.attempt import attempt, attempt_read
from ura_study.runs.job import Job
from ura_study.search.space.space import read_space
from ura_study.settings import rebuild
from ura_study.study.config import VariantSettings, validated
from ura_study.study.loading import load_study
from ura_study.study.plan import expand, make_plan
from ura_study.tables.metric_tables import per_category

pytestmark = pytest.mark.usefixtures("unplugged")

MEAN = """
from typing import Literal
from ura_study import Detector, DetectorSettings, Scores, register_detector

class MeanSettings(DetectorSettings):
    name: Literal["mean"] = "mean"
    width: int = 3

@register_detector(MeanSettings)
class Mean(Detector):
    trains_by_gradient = False

    def __init__(self, settings, channels, map_size):
        super().__init__()

    def prepare(self, train, generator): ...

    def score(self, batch, known=None):
        return Scores(batch.features.mean(dim=1))
"""


@pytest.fixture
def study(tmp_path):
    """Write a study file into a folder of its own, with files of the example beside it; return its path."""

    def written(*names, **keys):
        place = tmp_path / "studies"
        listed = [f"plug/{copied(name, place / 'plug')}" for name in names]
        place.mkdir(exist_ok=True)
        raw = {"study": "plugged"} | ({"plugins": listed} if listed else {}) | keys
        (place / "study.yaml").write_text(yaml.safe_dump(raw))
        return place / "study.yaml"

    return written


def data(root, **keys):
    return {"layout": "mvtec_ad", "root": str(root), "image_size": 64} | keys


def done(study, plan):
    """Do all runs of a plan here, and return their records by id."""
    records = {}
    for run in plan.runs.values():
        *_, record = attempt(Job.of(study, run))
        assert record.done, record.failure
        records[run.run_id] = record
    return records


# Importing


def test_a_file_is_relative_to_the_study(study, tmp_path, monkeypatch):
    path = study("detector", base=SMALL)
    monkeypatch.chdir("/")
    loaded = load_study(path)
    assert loaded.plugins == (str(tmp_path / "studies/plug/detector.py"),)
    assert loaded.base.model.name == "autoencoder"
    assert loaded.base.model.width == 4


def test_the_resolved_study_is_the_study(study, tmp_path):
    """As it lies in the folder of results, from where it is opened again."""
    loaded = load_study(study("detector", base=SMALL))
    (tmp_path / "resolved.yaml").write_text(yaml.safe_dump(loaded.model_dump(mode="json")))
    assert load_study(tmp_path / "resolved.yaml") == loaded


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (None, "no such file"),
        ("1 / 0", "cannot be imported (ZeroDivisionError: division by zero)"),
        ("def", "cannot be imported (SyntaxError: "),
        ("import no_such_module", "cannot be imported (ModuleNotFoundError: "),
        (MEAN.replace('"mean"', '"patchcore"'), "detector 'patchcore': this name is taken by a built-in one"),
        (MEAN.replace('= "mean"', ""), "expected a name as the default of its settings, but got none"),
    ],
    ids=["missing", "raises", "syntax", "imports", "taken", "nameless"],
)
def test_a_plugin_that_cannot_be_imported_is_one_line(call, tmp_path, source, told):
    (tmp_path / "study.yaml").write_text("study: x\nplugins: [mine.py]\n")
    if source is not None:
        (tmp_path / "mine.py").write_text(source)
    code, out, err = call("plan", "study.yaml")
    assert code == 2
    assert not out
    assert len(err.splitlines()) == 1
    assert "study.yaml: plugins: " in err
    assert "mine" in err
    assert told in err
    assert load_fails_again(tmp_path / "study.yaml")


def load_fails_again(path):
    """A module that failed is not half there at the next try."""
    with pytest.raises(ConfigError):
        load_study(path)
    return True


def test_a_module_that_does_not_exist(call, tmp_path):
    (tmp_path / "study.yaml").write_text("study: x\nplugins: [no_such_package.detector]\n")
    code, _, err = call("plan", "study.yaml")
    assert code == 2
    assert "study.yaml: plugins: plug-in no_such_package.detector cannot be imported (ModuleNotFoundError: " in err


def test_two_files_of_one_name(tmp_path):
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "mine.py").write_text("")
    assert plugins.imported(str(tmp_path / "a/mine.py")) == "mine"
    assert plugins.imported(str(tmp_path / "a/mine.py")) == "mine"
    with pytest.raises(ConfigError, match=r"b/mine\.py: another module is called 'mine' \(.*a/mine\.py\); rename"):
        plugins.imported(str(tmp_path / "b/mine.py"))


def test_a_file_with_points_in_its_name(study, tmp_path):
    path = study(plugins=["plug/mine.v2.py"], base={"model": {"name": "mean"}})
    (tmp_path / "studies/plug").mkdir()
    (tmp_path / "studies/plug/mine.v2.py").write_text(MEAN)
    loaded = load_study(path)
    assert len(make_plan(loaded, {"nut": "a"}).runs) == 1


def test_plugins_of_another_kind_are_told(study):
    with pytest.raises(ConfigError, match=r"study\.yaml: plugins: expected a list, but got 'x'"):
        load_study(study(plugins="x"))


# Detectors


def test_a_detector_takes_part_in_all_sections(study, mvtec_root):
    path = study(
        "detector",
        data=data(mvtec_root, validation=0.0),
        ablations={
            "detectors": {"grid": {"model": [{"name": "autoencoder"}, {"name": "autoencoder", "width": 2}]}},
        },
    )
    names = [variant.name for variant in expand(load_study(path))]
    assert names == ["full", "model=autoencoder", "model=autoencoder(width=2)"]


def test_its_keys_can_be_swept(study):
    variants = expand(load_study(study("detector", base=SMALL, ablations={"w": {"sweep": {"model.width": [2, 8]}}})))
    assert [variant.settings.model.width for variant in variants] == [4, 2, 8]


def test_a_search_chooses_between_detectors(study):
    space = {
        "model": {"choice": [{"name": "patchcore"}, {"name": "autoencoder"}]},
        "model.width": {"choice": [2, 8], "when": {"model": {"name": "autoencoder"}}},
    }
    loaded = load_study(study("detector", data={"validation": 0.2}, search={"space": space, "trials": 3}))
    found = read_space(loaded.search.space, loaded.base, "search.space").grid()
    assert len(found) == 3
    wrong = space | {"model.width": {"choice": [0, 8], "when": {"model": {"name": "autoencoder"}}}}
    with pytest.raises(ConfigError, match=r"search\.space\.model\.width: expected a number >= 1, but got 0"):
        read_space(wrong, loaded.base, "search.space")


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ({"name": "autoencodr"}, "base.model: .*autoencoder.* but got .*did you mean 'autoencoder'"),
        ({"name": "autoencoder", "widht": 3}, r"base\.model\.widht: unknown key; did you mean 'width'\?"),
        ({"name": "autoencoder", "width": 0}, r"base\.model\.width: expected a number >= 1, but got 0"),
        ({"name": "patchcore", "width": 3}, r"base\.model\.width: unknown key"),
    ],
)
def test_errors_in_its_section_name_the_key(study, model, told):
    with pytest.raises(ConfigError, match=told):
        load_study(study("detector", base={"model": model}))


def test_errors_in_an_ablation_name_the_key(study):
    path = study("detector", base=SMALL, ablations={"w": {"sweep": {"model.widht": [2]}}})
    with pytest.raises(ConfigError, match=r"ablations\.w: model\.widht: unknown key; did you mean 'width'\?"):
        expand(load_study(path))


def test_without_the_plugin_its_detector_is_unknown(study):
    with pytest.raises(ConfigError, match=r"base\.model: expected a mapping whose name is one of .*'patchcore'"):
        load_study(study(base=SMALL))


def test_its_run_is_recorded(study, mvtec_root):
    loaded, plan = open_study(study("detector", data=data(mvtec_root, categories=["nut"]), base=SMALL))
    (record,) = done(loaded, plan).values()
    assert record.settings["model"]["name"] == "autoencoder"
    assert record.losses["total"] > 0
    assert record.metrics["image_auroc"] is not None
    assert list(record.provenance["plugins"]) == list(loaded.plugins)


def test_a_saved_model_scores_the_same_to_the_bit(tmp_path):
    plugins.imported(str(SOURCES / "detector.py"))
    nut = write_category(tmp_path, "nut")
    model = AnomalyModel(SMALL, image_size=64).fit(nut / "train/good")
    model.save(tmp_path / "nut.pt")
    expected = model.score(nut / "test/square")
    found = AnomalyModel.load(tmp_path / "nut.pt").score(nut / "test/square")
    assert np.array_equal(found.scores, expected.scores)
    assert np.array_equal(found.maps, expected.maps)


def test_a_model_of_a_plugin_that_is_not_there_is_one_line(call, tmp_path, monkeypatch):
    plugins.imported(str(SOURCES / "detector.py"))
    nut = write_category(tmp_path, "nut")
    AnomalyModel(SMALL, image_size=64).fit(nut / "train/good").save(tmp_path / "nut.pt")
    monkeypatch.delitem(DETECTORS._items, "autoencoder")
    rebuild()
    with pytest.raises(ConfigError, match=r"nut\.pt: model: expected a mapping whose name .*, but got .*autoencoder"):
        AnomalyModel.load(tmp_path / "nut.pt")
    code, _, err = call("predict", "nut.pt", nut / "test/square", "-o", "found")
    assert code == 2
    assert len(err.splitlines()) == 1


# What a run is


def run_ids(path):
    plugins._identity.cache_clear()  # once per process a source is read
    return set(make_plan(load_study(path), {"nut": "a"}).runs)


def test_another_source_is_another_run(study, tmp_path):
    path = study("detector", base=SMALL)
    before = run_ids(path)
    assert run_ids(path) == before
    with (tmp_path / "studies/plug/detector.py").open("a") as file:
        file.write("# changed\n")
    assert run_ids(path).isdisjoint(before)


def test_plugins_that_take_no_part_change_no_run(study):
    assert run_ids(study("metric")) == run_ids(study("metric", "layout", "synthesis")) == run_ids(study())
    assert run_ids(study("detector", base=SMALL)) == run_ids(study("detector", "metric", base=SMALL))


def test_plugins_that_take_part_change_the_runs(study, tmp_path):
    plain = run_ids(study())
    root = write_products(tmp_path / "set")
    for names, keys in (
        (["metric"], {"report": {"metrics": ["image_recall_at_5"]}}),
        (["synthesis"], {"base": {"model": {"synthesis": {"kind": "swap"}}}}),
        (["layout"], {"data": {"layout": "ok_nok", "root": str(root)}}),
    ):
        assert run_ids(study(*names, **keys)).isdisjoint(plain), names


def test_only_variants_of_a_detector_depend_on_its_plugin(study):
    grid = {"ablations": {"detectors": {"grid": {"model": [{"name": "autoencoder"}]}}}}
    with_plugin, without = run_ids(study("detector", **grid)), run_ids(study())
    assert without < with_plugin


def test_a_worker_with_another_source_refuses(study, mvtec_root):
    loaded, plan = open_study(study("detector", data=data(mvtec_root, categories=["nut"]), base=SMALL))
    raw = Job.of(loaded, next(iter(plan.runs.values()))).model_dump(mode="json")
    assert Job.read(raw).settings == loaded.base
    (file,) = raw["plugins"]
    (record,) = attempt_read(json.dumps(raw | {"plugins": {file: "0123456789abcdef"}}))
    assert record.status == "failed"
    assert record.failure.expected
    assert record.failure.message == (
        f"plug-in {file}: here it is '{raw['plugins'][file]}', but the study was started with '0123456789abcdef'"
    )
    assert (record.run_id, record.category) == (raw["run_id"], "nut")


def test_a_worker_without_the_file_refuses(study, mvtec_root):
    loaded, plan = open_study(study("detector", data=data(mvtec_root, categories=["nut"]), base=SMALL))
    raw = Job.of(loaded, next(iter(plan.runs.values()))).model_dump(mode="json")
    (record,) = attempt_read(json.dumps(raw | {"plugins": {"/no/such/place.py": "0"}}))
    assert record.failure.message == "plug-in /no/such/place.py: no such file"


def test_what_a_notebook_has_registered_is_for_models_alone(study, tmp_path):
    exec(MEAN, {"__name__": "__main__"})
    nut = write_category(tmp_path, "nut")
    model = AnomalyModel({"model": {"name": "mean"}, "features": {"map_size": 8}}, image_size=64)
    assert model.fit(nut / "train/good").score(nut / "test/square").scores.shape == (3,)
    with pytest.raises(ConfigError, match=r"plug-in __main__: .* write it to a file and name that in plugins"):
        make_plan(load_study(study(base={"model": {"name": "mean"}})), {"nut": "a"})


# Layouts


def test_a_layout_with_options(study, tmp_path):
    root = write_products(tmp_path / "set", "lid", "cap")
    keys = {"layout": "ok_nok", "root": str(root), "image_size": 64, "categories": ["lid"]}
    sizes = {}
    for share in (0.2, 0.5):
        path = study("layout", "detector", data=keys | {"options": {"test_share": share}}, base=SMALL)
        loaded, plan = open_study(path)
        (record,) = done(loaded, plan).values()
        sizes[share] = (record.data["train"], record.data["test_normal"], record.data["test_anomalous"])
        assert record.undefined["pixel_ap"] == "4 of 4 anomalous test images have no mask"
    assert sizes == {0.2: (8, 2, 4), 0.5: (5, 5, 4)}


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"options": {"test_shar": 0.5}}, r"data: options\.test_shar: unknown key; did you mean 'test_share'\?"),
        ({"options": {"test_share": 2}}, r"data: options\.test_share: expected a number < 1, but got 2"),
        ({"layout": "ok_nokk"}, r"data\.layout: .* but got 'ok_nokk'; did you mean 'ok_nok'\?"),
        ({"root": None}, "data: layout 'ok_nok' needs a root"),
        ({"layout": "mvtec_ad", "options": {"test_share": 0.5}}, "'options' are those of a plug-in's layout"),
        ({"folder": {}}, "'folder' holds options of the layout 'folder', but the layout is 'ok_nok'"),
    ],
)
def test_wrong_options_of_a_layout_are_told(study, tmp_path, keys, told):
    given = {"layout": "ok_nok", "root": str(tmp_path)} | keys
    with pytest.raises(ConfigError, match=told):
        load_study(study("layout", data=given))


# Metrics

METRIC = {"metrics": ["image_auroc", "image_recall_at_5"]}


def test_a_metric_by_hand():
    """Of twenty normal images one may lie above the threshold, 0.19; of four anomalous ones three are above 0.18."""
    plugins.imported(str(SOURCES / "metric.py"))
    labels = np.array([False] * 20 + [True] * 4)
    scores = np.concatenate([np.arange(20) / 100, [0.17, 0.185, 0.5, 0.9]])
    found = evaluate(labels, scores, None, [None] * 24, also=["image_recall_at_5"])
    assert found.values["image_recall_at_5"] == 0.75


def test_undefined_is_nan_with_its_reason():
    plugins.imported(str(SOURCES / "metric.py"))
    found = evaluate(np.array([True]), np.array([0.5]), None, [None], also=["image_recall_at_5"])
    assert np.isnan(found.values["image_recall_at_5"])
    assert found.undefined["image_recall_at_5"] == "normal and anomalous test images are needed"


@pytest.mark.parametrize("value", [1.5, -0.1, float("nan"), float("inf")])
def test_a_metric_outside_of_a_share_is_an_error(value):
    register_metric("odd", title="Odd")(lambda judged: value)
    labels, scores = np.array([False, True]), np.array([0.1, 0.2])
    with pytest.raises(ValueError, match=r"^metric odd: expected a number in 0\.\.1 \(or Undefined raised\), but got"):
        evaluate(labels, scores, None, [None, None], also=["odd"])


@pytest.mark.parametrize("name", ["val_mine", "Mine", "my-metric", "1st", ""])
def test_names_that_metrics_cannot_have(name):
    with pytest.raises(ConfigError, match=f"metric '{name}': expected small letters, digits and _"):
        register_metric(name, title="Mine")


def test_no_metric_is_called_as_another_column():
    kept = set(columns(held_out=True)) - set(METRICS + VALIDATION_METRICS)
    assert kept == TAKEN
    with pytest.raises(ConfigError, match="metric 'seed': this is what another column of results is called"):
        register_metric("seed", title="Seed")


def test_a_metric_from_the_study_to_the_tables(study, tmp_path):
    write_category(tmp_path / "data", "nut", train=40)
    path = study(
        "metric",
        "detector",
        data=data(tmp_path / "data", validation=0.2),
        base=SMALL,
        report={"metrics": ["image_recall_at_5", "val_image_recall_at_5"]},
    )
    loaded, plan = open_study(path)
    records = done(loaded, plan)
    (record,) = records.values()
    assert record.metrics["image_recall_at_5"] is not None
    assert record.metrics["val_image_recall_at_5"] is not None
    results = Results(loaded, plan, records)
    table = per_category(results, "image_recall_at_5")
    assert "Recall at 5 % false alarms" in table.title
    held_out = per_category(results, "val_image_recall_at_5")
    assert "Recall at 5 % false alarms" in held_out.title
    assert table.rows[0].cells[-1].mean == record.metrics["image_recall_at_5"]


def test_a_metric_as_objective(study):
    search = {"space": {"model.width": {"choice": [2, 8]}}, "trials": 2, "objective": "val_image_recall_at_5"}
    path = study("metric", "detector", data={"validation": 0.2}, base=SMALL, search=search)
    loaded = load_study(path)
    assert loaded.further_metrics == ("image_recall_at_5",)
    assert not loaded.search.objective[0].minimizes
    with pytest.raises(ConfigError, match=r"did you mean 'val_image_recall_at_5'"):
        load_study(study("metric", "detector", search=search | {"objective": "val_image_recall_at5"}))


def test_a_misspelt_metric_is_told_with_the_nearest(study):
    with pytest.raises(ConfigError, match=r"report\.metrics.*: unknown metric 'image_recall_at_6'; did you mean"):
        load_study(study("metric", report={"metrics": ["image_recall_at_6"]}))


def test_a_metric_that_is_held_out_needs_images_that_are(study):
    with pytest.raises(ConfigError, match=r"metric val_image_recall_at_5 needs data\.validation > 0"):
        load_study(study("metric", report={"metrics": ["val_image_recall_at_5"]}))


# Kinds of synthesis


@pytest.fixture
def swap():
    plugins.imported(str(SOURCES / "synthesis.py"))
    from synthesis import SwapSettings
    from synthesis import swap as function

    return SwapSettings(), function


def test_tokens_of_share_0_stay_as_they_are(swap, generator):
    settings, function = swap
    tokens = torch.randn(4, 16, 6, generator=generator)
    shares = (torch.rand(4, 16, generator=generator) < 0.5).float()
    found = function(tokens, shares, torch.ones(4), settings, generator)
    assert torch.equal(found[shares == 0], tokens[shares == 0])
    assert (found[shares == 1] != tokens[shares == 1]).any(dim=1).all()


def test_a_kind_of_synthesis_trains_uranet(swap, generator):
    train = make_maps(10)
    small = {"perception": {"width": 16}, "restoration": {"width": 8, "prototypes": 16, "exclusion": 1}}
    settings = URANetSettings.model_validate(small | {"synthesis": {"kind": "swap", "share": 1.0}})
    assert type(settings.synthesis) is type(swap[0])
    detector = build_detector(settings, train.channels, train.map_size)
    detector.prepare(train, generator)
    losses = detector.losses(train.batch(slice(None)), 0.0, generator)
    losses["total"].backward()
    assert losses["total"].isfinite()
    other = build_detector(URANetSettings.model_validate(small), train.channels, train.map_size)
    other.load_state_dict(detector.state_dict())
    plain = other.losses(train.batch(slice(None)), 0.0, torch.Generator().manual_seed(0))
    assert plain["perception"] != losses["perception"]


@pytest.mark.parametrize(
    ("synthesis", "told"),
    [
        ({"kind": "swop"}, r"base\.model\.synthesis: expected .*'swap'.*did you mean 'swap'\?"),
        ({"kind": "swap", "strenght": 2}, r"base\.model\.synthesis\.strenght: unknown key; did you mean 'strength'\?"),
        ({"kind": "swap", "edge": 2}, r"base\.model\.synthesis\.edge: edge must be odd, but got 2"),
    ],
)
def test_errors_in_its_section_of_synthesis(study, synthesis, told):
    with pytest.raises(ConfigError, match=told):
        load_study(study("synthesis", base={"model": {"synthesis": synthesis}}))


def test_synthesis_can_be_swept_and_switched_off(study):
    ablations = {
        "kinds": {"sweep": {"model.synthesis": [{"kind": "swap"}]}},
        "parts": {"leave_one_out": ["model.synthesis"]},
    }
    names = [variant.name for variant in expand(load_study(study("synthesis", ablations=ablations)))]
    assert names == ["full", "synthesis=swap", "w/o synthesis"]


# The example


def test_the_study_of_the_example_opens_and_plans():
    loaded, plan = open_study(EXAMPLE / "study.yaml")
    assert plan.ids.keys() == {"full", "model=autoencoder", "model=patchcore", "synthesis=swap"}
    assert len(plan.runs) == 4 * len(plan.categories)
    assert loaded.further_metrics == ("image_recall_at_5",)


def derived(kind):
    for own in kind.__subclasses__():
        yield own
        yield from derived(own)


def test_after_a_test_nothing_is_left():
    """The fixture `unplugged` cleans up behind the tests above."""
    kinds = list(derived(DetectorSettings))
    own = {kind.__module__.split(".")[2] for kind in kinds}
    assert {kind.__module__.split(".")[0] for kind in kinds} == {"ura_study"}
    assert set(DETECTORS.loaded()) == own >= {"uranet", "patchcore"}
    names = ", ".join(f"'{name}'" for name in DETECTORS.loaded())
    with pytest.raises(ConfigError, match=f"whose name is one of {names}, but"):
        validated(VariantSettings, {"model": {"name": "autoencoder"}}, "settings")


def test_a_plan_names_the_code_that_it_imports(call, tmp_path, mvtec_root):
    (tmp_path / "mine.py").write_text("")
    data = {"layout": "mvtec_ad", "root": str(mvtec_root), "image_size": 64}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({"study": "x", "plugins": ["mine.py"], "data": data}))
    code, out, _ = call("plan", "study.yaml")
    assert code == 0
    assert f"plug-ins, which are code: {tmp_path}/mine.py\n" in out
