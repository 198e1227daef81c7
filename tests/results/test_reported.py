import pytest
from hand_made import make_study, plan_of

from ura_study.errors import ConfigError
from ura_study.results.reported import Reported, read_reported
from ura_study.results.results import Results
from ura_study.tables.metric_tables import per_category, summary

YAML = """
rows:
  - {method: PatchCore, cite: roth2022, image_auroc: 99.1, pixel_aupro: 93.4}
  - {method: PatchCore, cite: roth2022, category: nut, image_auroc: 98.7}
  - {method: "RD, 2nd", cite: "deng2022,tien2023", image_auroc: 98}
"""
CSV = """method,cite,category,image_auroc,pixel_aupro
PatchCore,roth2022,,99.1,93.4
PatchCore,roth2022,nut,98.7,
"RD, 2nd","deng2022,tien2023",,98,
"""


def written(tmp_path, text, name="reported.yaml"):
    (tmp_path / name).write_text(text)
    return str(tmp_path / name)


@pytest.mark.parametrize(("text", "name"), [(YAML, "reported.yaml"), (CSV, "reported.csv")])
def test_both_formats_say_the_same(tmp_path, text, name):
    rows = read_reported(written(tmp_path, text, name))
    assert [(r.method, r.citation, r.category) for r in rows] == [
        ("PatchCore", "roth2022", "mean"),
        ("PatchCore", "roth2022", "nut"),
        ("RD, 2nd", "deng2022,tien2023", "mean"),
    ]
    assert rows[0].values == pytest.approx({"image_auroc": 0.991, "pixel_aupro": 0.934})
    assert rows[1] == Reported("PatchCore", "roth2022", "nut", {"image_auroc": pytest.approx(0.987)})


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ("rows:\n  - {method: a, cite: b, image_aurok: 1}", "r.yaml", "rows.0.image_aurok: unknown key; did you mean"),
        ("rows:\n  - {method: a, image_auroc: 1}", "r.yaml", "rows.0.cite: this key is required"),
        ("rows:\n  - {method: a, cite: b c, image_auroc: 1}", "r.yaml", "rows.0.cite: expected a string that matches"),
        ("rows:\n  - {method: a, cite: b, image_auroc: 101}", "r.yaml", "rows.0.image_auroc: expected a number <= 100"),
        ("method,cite,image_auroc\na,b,much", "r.csv", "rows.0.image_auroc: expected a number, but got 'much'"),
        ("method,cite,image_auroc\na,b,1,2", "r.csv", "rows.0.(beyond the header): unknown key"),
        (
            "method,cite,image_auroc\na,b,1\na,b,2",
            "r.csv",
            "rows.1: 'a' on 'mean' stands twice",
        ),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path, text, name, line):
    path = written(tmp_path, text, name)
    with pytest.raises(ConfigError) as caught:
        read_reported(path)
    assert str(caught.value).startswith(f"{path}: {line}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["r.yaml", "r.csv"])
def test_a_missing_file(tmp_path, name):
    with pytest.raises(ConfigError, match=f"{name}: no such file"):
        read_reported(str(tmp_path / name))


def results(tmp_path):
    study = make_study(report={"metrics": ["pixel_ap", "image_auroc"], "reported": written(tmp_path, YAML)})
    return Results(study, plan_of(study, "nut", "bolt"), {})


def test_rows_of_a_category_table(tmp_path):
    table = per_category(results(tmp_path), "image_auroc")
    rows = {row.labels[0]: [cell.values or cell.text for cell in row.cells] for row in table.reported}
    assert rows == {
        "PatchCore": [(pytest.approx(0.987),), "–", (pytest.approx(0.991),)],
        "RD, 2nd": ["–", "–", (0.98,)],
    }
    assert table.notes[-1] == "Methods with a citation are as reported in the literature, not measured here."


def test_a_method_without_a_number_is_no_row(tmp_path):
    assert per_category(results(tmp_path), "pixel_ap").reported == ()


def test_rows_of_the_summary(tmp_path):
    patchcore, rd = summary(results(tmp_path)).reported
    assert [cell.values for cell in patchcore.cells] == [(), (pytest.approx(0.991),)]
    assert rd.citation == "deng2022,tien2023"
