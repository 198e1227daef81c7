import math

import pytest
from made_up import results_of
from scipy import stats

from ura_study.errors import ConfigError
from ura_study.report.config import ReportSettings
from ura_study.results.statistics import LEAST_UNITS
from ura_study.tables.effects_table import effects_tables
from ura_study.tables.formats.flat import flat
from ura_study.tables.formats.latex import latex
from ura_study.tables.formats.markdown import markdown
from ura_study.tables.sheet import sheet

PARTS = ["model.synthesis", "model.perception", "model.restoration"]
CATEGORIES = ("nut", "bolt", "cap", "rod", "pin", "cup")


def bought(variant, category, seed):
    """Perception buys 3 points, restoration 5, both together 2 less; categories differ in what perception buys."""
    perception, restoration = "perception" not in variant, "restoration" not in variant
    own = (CATEGORIES.index(category) - 2.5) / 100
    return 0.5 + perception * (0.03 + own) + restoration * 0.05 - 0.02 * perception * restoration + 0.001 * seed


def table_of(values=bought, categories=CATEGORIES, parts=PARTS[1:], **sections):
    sections = {"seeds": [0, 1], "base": {"model": {"synthesis": False}}} | sections
    (table,) = effects_tables(results_of(values, categories, ablations={"all": {"factorial": parts}}, **sections))
    return table


def test_effects_and_their_intervals_over_categories():
    table = table_of()
    assert [row.labels for row in table.rows] == [("perception",), ("restoration",), ("perception × restoration",)]
    assert [row.cells[0].mean for row in table.rows] == pytest.approx([0.02, 0.04, -0.02])
    assert len(set(table.rows[0].cells[0].run_ids)) == 4 * 6 * 2
    low, high = table.rows[0].cells[0].interval
    deviation = stats.sem([(i - 2.5) / 100 for i in range(6)])
    assert low < 0.02 - deviation < 0.02 + deviation < high
    assert "Means over 6 categories; 95% intervals in brackets." in table.notes
    shown = sheet(table, ReportSettings(), "x")
    assert "| perception | +2.0 [" in markdown(shown)
    assert r"perception × restoration & $-$2.0" in latex(shown)
    assert flat([table])["image_auroc"].tolist() == pytest.approx([0.02, 0.04, -0.02])


def test_what_cannot_be_is_told():
    table = table_of(parts=PARTS, base={})
    assert len(table.rows) == 6
    assert table.notes[-2] == (
        "Over those combinations of the other parts that can be: synthesis over 3 of 4, perception over 3 of 4, "
        "restoration over 3 of 4, synthesis × perception over 1 of 2, synthesis × restoration over 1 of 2, "
        "perception × restoration over 1 of 2."
    )
    assert table.notes[-1].startswith("–: w/o perception, restoration cannot be (")


def test_a_failed_run_is_left_out_and_counted():
    def some(variant, category, seed):
        return "failed" if (variant, category, seed) == ("full", "nut", 1) else bought(variant, category, seed)

    table = table_of(some)
    assert [row.cells[0].mean for row in table.rows] == pytest.approx([0.02, 0.04, -0.02])
    said = "1 pair of category and seed left out at most, where a run failed, is missing, or has no value."
    assert said in table.notes
    nothing = table_of(lambda variant, *_: "missing" if variant == "full" else 0.5)
    assert [row.cells[0].text for row in nothing.rows] == ["no pair"] * 3
    assert math.isnan(nothing.rows[0].cells[0].mean)


def test_few_units_and_a_single_category():
    table = table_of(categories=("nut",), seeds=[0])
    assert f"Means over 1 seed; fewer than {LEAST_UNITS} have no interval." in table.notes
    assert [row.cells[0].interval for row in table.rows] == [None] * 3


def test_without_a_factorial():
    with pytest.raises(ConfigError, match=r"^study 'example': a table of effects needs a factorial ablation$"):
        effects_tables(results_of(lambda *_: 0.5))
