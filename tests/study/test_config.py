import pytest
from hand_made import ABLATIONS, make_study
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ura_study.results.folder import remember
from ura_study.study.config import Study
from ura_study.study.loading import load_study
from ura_study.study.plan import Plan
from ura_study.study.study_file import dump_yaml, load_yaml

#: `$` could begin an environment variable.
PRINTABLE = st.characters(exclude_characters="$", exclude_categories=["Cs", "Cc", "Zl", "Zp"])

NOTHING = Plan((), {}, (), {}, {})


def study_file(folder, text):
    path = folder / "study.yaml"
    path.write_text(text)
    return path


def test_a_name_is_enough(tmp_path):
    assert load_study(study_file(tmp_path, "study: x")) == Study(study="x")


def test_a_whole_number_may_stand_for_a_number():
    study = make_study(base={"training": {"lr": 1}})
    assert study.base.training.lr == 1.0
    assert type(study.base.training.lr) is float


def test_true_switches_a_part_on_with_its_defaults():
    assert make_study(base={"model": {"synthesis": True}}) == make_study()


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        make_study().base.training.lr = 0.5


@pytest.mark.parametrize(
    ("root", "found"),
    [
        ("images", "studies/images"),
        ("../images", "studies/../images"),
        ("/data/mvtec", "/data/mvtec"),
        ("~/mvtec", "home/mvtec"),
        ("${SET}/x", "studies/set/x"),
    ],
)
def test_root_is_relative_to_the_study_file(tmp_path, monkeypatch, root, found):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SET", "set")
    (tmp_path / "studies").mkdir()
    path = study_file(tmp_path / "studies", f"study: x\ndata: {{layout: mvtec_ad, root: '{root}'}}")
    assert load_study(path).data.root == str(tmp_path / found)


def test_the_root_of_the_set_to_test_on_is_relative_to_the_study_file(tmp_path):
    path = study_file(tmp_path, "study: x\ndata: {layout: mvtec_ad, root: a, test: {root: b}}")
    data = load_study(path).data
    assert (data.root, data.test.layout, data.test.root) == (str(tmp_path / "a"), "mvtec_ad", str(tmp_path / "b"))


def test_a_relative_study_file_gives_an_absolute_root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = study_file(tmp_path, "study: x\ndata: {layout: mvtec_ad, root: images}")
    assert load_study(path.relative_to(tmp_path)).data.root == str(tmp_path / "images")


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"study": "1e3", "seeds": [3, 1]},
        {"base": {"model": {"synthesis": False}, "training": {"lr": 1e-5, "clip": 1e22}}},
        {"base": {"model": {"perception": False}, "features": {"layers": [2, 3]}}},
        {
            "data": {
                "layout": "mvtec_ad",
                "root": "/data/mvtec",
                "categories": ["01", "1e3", "1:30", "-.5", "no", "é|#"],
            }
        },
        {"data": {"layout": "mvtec_ad", "root": "/data/mvtec", "test": {"layout": "textures"}}},
        {
            "data": {"corruption": {"kind": "shift", "severity": 1}, "shots": 4},
            "ablations": {"a": {"sweep": {"data.shots": [1, None]}}},
        },
        {"ablations": ABLATIONS | {"1e3": {"leave_one_out": ["model.synthesis"]}}},
        {"ablations": {"a": {"grid": {"model.synthesis": [True, False, {"strength": 2}], "training.lr": [1e-3, 1]}}}},
        {"evaluation": {"fpr_limit": 0.05}, "resources": {"gpu": 0.25}, "report": {"metrics": ["pixel_ap"]}},
    ],
)
def test_the_resolved_study_is_the_study(tmp_path, sections):
    study = make_study(**sections)
    remember(tmp_path, study, NOTHING)
    assert load_study(tmp_path / "study.yaml") == study


def test_the_resolved_study_holds_every_default(tmp_path):
    remember(tmp_path, make_study(), NOTHING)
    written = load_yaml(tmp_path / "study.yaml")
    assert list(written) == [
        "study",
        "plugins",
        "data",
        "base",
        "seeds",
        "ablations",
        "evaluation",
        "resources",
        "report",
    ]
    assert written["base"]["model"]["synthesis"]["strength"] == 1.0


@given(
    st.dictionaries(
        st.text(PRINTABLE),
        st.one_of(
            st.text(st.sampled_from("0123456789.eE+-:_xnaif~")),
            st.text(PRINTABLE),
            st.floats(allow_nan=False),
            st.integers(),
            st.booleans(),
            st.none(),
        ),
    )
)
def test_what_is_written_is_read_as_the_same(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "x.yaml"
    path.write_text(dump_yaml(value), encoding="utf-8")
    assert load_yaml(path) == value
