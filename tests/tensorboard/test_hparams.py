import pytest
from hand_made import ABLATIONS, done, job_of, make_study, plan_of
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment, list_session_groups

from ura_study.study.plan import Variant, changed, joined, make_plan
from ura_study.tensorboard.hparams import columns
from ura_study.tensorboard.writer import TensorBoardWriter

SPACE = {
    "model.perception": {"choice": [True, False]},
    "model.perception.mc_samples": {"int": [1, 32], "when": {"model.perception": True}},
    "training.lr": {"float": [0.001, 0.01], "log": True},
    "features.layers": {"choice": [[1, 2], [2, 3]]},
}


class Tab:
    """What the hparams tab shows of a folder, asked of TensorBoard's own code."""

    def __init__(self, folder):
        multiplexer = EventMultiplexer().AddRunsFromDirectory(str(folder))
        multiplexer.Reload()
        provider = MultiplexerDataProvider(multiplexer, str(folder))
        self._context = backend_context.Context(TBContext(data_provider=provider))

    def experiment(self):
        return get_experiment.Handler(RequestContext(), self._context, "", api_pb2.GetExperimentRequest()).run()

    def groups(self):
        every = [api_pb2.STATUS_UNKNOWN, api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE, api_pb2.STATUS_RUNNING]
        request = api_pb2.ListSessionGroupsRequest(allowed_statuses=every, slice_size=1000)
        return list_session_groups.Handler(RequestContext(), self._context, "", request).run().session_groups

    def rows(self):
        """Return variant → key → value."""
        rows = [{key: plain(value) for key, value in group.hparams.items()} for group in self.groups()]
        return {row.pop("variant"): row for row in rows}


def plain(value):
    return getattr(value, value.WhichOneof("kind"))


def board_of(folder, study, plan):
    return TensorBoardWriter(folder, study, plan, {}.get)


def test_every_key_for_every_variant_and_the_means(tmp_path):
    study = make_study(ablations=ABLATIONS)
    plan = plan_of(study, "nut", "bolt")
    board = board_of(tmp_path, study, plan)
    for category, value in (("nut", 0.25), ("bolt", 0.75)):
        job = job_of(study, plan, "full", category)
        board.finished(job, done(job, value))
    tab = Tab(tmp_path / "tensorboard")
    assert tab.rows() == {
        "full": {"features.layers": "[1, 2, 3]", "model.restoration": True},
        "layers=[2, 3]": {"features.layers": "[2, 3]", "model.restoration": True},
        "w/o restoration": {"features.layers": "[1, 2, 3]", "model.restoration": False},
    }
    experiment = tab.experiment()
    assert {info.name: info.type for info in experiment.hparam_infos} == {
        "variant": api_pb2.DATA_TYPE_STRING,
        "features.layers": api_pb2.DATA_TYPE_STRING,
        "model.restoration": api_pb2.DATA_TYPE_BOOL,
    }
    assert [info.display_name for info in experiment.metric_infos] == list(study.report.metrics)
    full = next(group for group in tab.groups() if group.name == "example: full")
    assert {value.name.tag: value.value for value in full.metric_values} == {
        f"mean/{metric}": 0.5 for metric in study.report.metrics
    }
    assert {group.name: group.sessions[0].status for group in tab.groups()} == {
        "example: full": api_pb2.STATUS_SUCCESS,
        "example: layers=[2, 3]": api_pb2.STATUS_UNKNOWN,
        "example: w/o restoration": api_pb2.STATUS_UNKNOWN,
    }


def candidates(study, plan, *changes):
    variants = [
        Variant(f"search-{number:04}", changed(study.baseline, some, "test"), some, "search")
        for number, some in enumerate(changes)
    ]
    return make_plan(study, plan.fingerprints, variants)


def searching(**sections):
    search = {"space": SPACE, "trials": 2, "objective": {"metric": "val_image_auroc"}}
    return make_study(data={"validation": 0.2}, search=search, **sections)


def test_candidates_come_while_the_study_runs(tmp_path):
    study = searching()
    plan = plan_of(study)
    board = board_of(tmp_path, study, plan)
    found = [
        {"training.lr": 0.002, "features.layers": [2, 3]},
        {"training.lr": 0.004, "features.layers": [1, 2], "model.perception": False},
    ]
    for change in found:
        board.extend(candidates(study, plan, *found[: found.index(change) + 1]))
    base = study.base.model_dump()
    samples = base["model"]["perception"]["mc_samples"]
    tab = Tab(tmp_path / "tensorboard")
    assert tab.rows() == {
        "full": {
            "features.layers": "[1, 2, 3]",
            "model.perception": True,
            "model.perception.mc_samples": str(samples),
            "training.lr": base["training"]["lr"],
        },
        "search-0000": {
            "features.layers": "[2, 3]",
            "model.perception": True,
            "model.perception.mc_samples": str(samples),
            "training.lr": 0.002,
        },
        "search-0001": {
            "features.layers": "[1, 2]",
            "model.perception": False,
            "model.perception.mc_samples": "off",
            "training.lr": 0.004,
        },
    }
    rate = next(info for info in tab.experiment().hparam_infos if info.name == "training.lr")
    assert rate.type == api_pb2.DATA_TYPE_FLOAT64
    assert (rate.domain_interval.min_value, rate.domain_interval.max_value) == (0.001, 0.01)


def test_an_edited_study_has_its_new_keys(tmp_path):
    """Whichever folder TensorBoard reads first: that of a variant that is no more in the study says nothing."""
    before = make_study(ablations=ABLATIONS)
    board_of(tmp_path, before, plan_of(before))
    after = make_study(ablations={"lr": {"sweep": {"training.lr": [0.005]}}})
    board_of(tmp_path, after, plan_of(after))
    tab = Tab(tmp_path / "tensorboard")
    assert {info.name for info in tab.experiment().hparam_infos} == {"variant", "training.lr"}
    assert tab.rows().keys() == {"full", "lr=0.005"}


@pytest.mark.parametrize(
    ("ablation", "key", "kind", "values"),
    [
        ({"leave_one_out": ["model.synthesis"]}, "model.synthesis", bool, (True, False)),
        ({"sweep": {"training.lr": [0.5, 0.25]}}, "training.lr", float, (0.002, 0.5, 0.25)),
        ({"sweep": {"features.layers": [[2]]}}, "features.layers", str, ("[1, 2, 3]", "[2]")),
        ({"sweep": {"model": [{"name": "patchcore"}]}}, "model", str, ("uranet", "patchcore")),
        (
            {"sweep": {"model": [{"name": "patchcore"}, {"name": "patchcore", "coreset": 0.25}]}},
            "model",
            str,
            ("uranet", "patchcore", "patchcore(coreset=0.25)"),
        ),
    ],
)
def test_columns_are_of_one_type_and_hold_each_variant(ablation, key, kind, values):
    study = make_study(ablations={"one": ablation})
    (column,) = columns(study)
    assert (column.key, column.kind, column.values) == (key, kind, values)
    variants = plan_of(study).variants
    assert tuple(column.of(v, v.settings.model_dump()) for v in variants) == values


def test_a_key_of_a_section_that_may_go_is_a_text():
    study = make_study(
        ablations={
            "parts": {"leave_one_out": ["model.restoration"]},
            "depth": {"sweep": {"model.restoration.depth": [1, 3]}},
            "rivals": {"sweep": {"model": [{"name": "patchcore"}]}},
        }
    )
    depth = next(column for column in columns(study) if column.key == "model.restoration.depth")
    base = str(study.base.model.restoration.depth)
    assert depth.values == tuple(dict.fromkeys((base, "1", "3", "off")))
    shown = {v.name: depth.of(v, v.settings.model_dump()) for v in plan_of(study).variants}
    assert shown == {
        "full": base,
        "w/o restoration": "off",
        "depth=1": "1",
        "depth=3": "3",
        "model=patchcore": "off",
    }


def test_a_search_and_ablations_share_columns():
    study = searching(ablations={"lr": {"sweep": {"training.lr": [0.05]}}})
    rate = next(column for column in columns(study) if column.key == "training.lr")
    assert max(rate.values) == 0.05
    plan = joined(plan_of(study), candidates(study, plan_of(study), {"training.lr": 0.002}))
    assert [rate.of(v, v.settings.model_dump()) for v in plan.variants][1:] == [0.05, 0.002]
