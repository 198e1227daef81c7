"""Plug-ins of the example and of a few lines: how they are imported, and which runs depend on them; no Ray."""

import json

import pytest
import yaml
from datasets import write_category
from plugged import EXAMPLE, SMALL, data, write_products

from ura_study import plugins
from ura_study.detectors.config import DETECTORS, DetectorSettings
from ura_study.errors import ConfigError
from ura_study.model import AnomalyModel
from ura_study.opening import open_study
from ura_study.runs.attempt import attempt_read
from ura_study.runs.job import Job
from ura_study.study.config import VariantSettings, validated
from ura_study.study.loading import load_study
from ura_study.study.plan import make_plan

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
