"""The table of the test set: its texts, its notes, and what it says where scores are missing."""

import numpy as np
import pytest
from hand_made import ABLATIONS
from made_up import made_details, results_of, with_details

from ura_study.errors import ConfigError
from ura_study.tables.export import MAKERS
from ura_study.tables.formats.flat import flat
from ura_study.tables.formats.markdown import markdown
from ura_study.tables.on_test_set_table import BOOTSTRAP, PIXELS, on_test_set_tables
from ura_study.tables.sheet import sheet

DELONG = (
    "Means over seeds. […]: 95% interval for other test images like these, the trained detectors being given; by "
    "DeLong's variance on the scale of logits, and never closer to 100 than the exact interval of a perfect ranking of "
    "as many images. Δ and p: paired DeLong test, not corrected for the 1 test of this table."
)


def left(variant, category, seed):
    """Three normal and four anomalous images, ranked perfectly but for one pair by `layers=[2, 3]`."""
    scores = np.array([0, 1, 2 + 2 * (variant[0] == "l"), 3, 5, 6, 7], np.float32)
    defects = ("good",) * 3 + ("hole",) * 4
    return made_details(defects=defects, scores=scores, pictures=()) if variant != "w/o restoration" else None


def made(folder, values=lambda v, c, s: 11 / 12 if v[0] == "l" else 1.0, make=left, **more):
    fields = {"metrics": ["image_auroc"], "ablations": ABLATIONS} | more
    results = results_of(values, ("nut",), **fields)
    return with_details(results, folder, make), on_test_set_tables(with_details(results, folder, make))


def test_a_perfect_auroc_on_three_normal_images_is_no_certainty(tmp_path):
    results, (table,) = made(tmp_path)
    text = markdown(sheet(table, results.study.report, "example"))
    assert "### Image AUROC, uncertainty of the test set\n" in text
    assert "| category | variant | Image AUROC (%) | Δ from full (points) | p | normal | anomalous |\n" in text
    assert "| nut | full | 100.0 [29.2, 100.0] | – | – | 3 | 4 |\n" in text
    assert "| nut | layers=[2, 3] | 91.7 [16.5, 99.8] | −8.3 [−39.0, +22.3] | 0.512 | 3 | 4 |\n" in text
    assert "| nut | w/o restoration | no scores | – | – | – | – |\n" in text
    assert table.notes == (
        DELONG,
        PIXELS,
        "1 row without numbers: a run has failed, is missing, or kept no scores (an earlier version, a damaged file).",
    )


def test_data_files_hold_intervals_of_both_kinds(tmp_path):
    _, (table,) = made(tmp_path, seeds=[0, 1])
    row = flat([table]).iloc[1]
    assert (row["value"], row["value (std)"], row["(seeds)"]) == (pytest.approx(11 / 12), 0, 2)
    assert row["value (low)"] < row["value"] < row["value (high)"]
    assert row["difference (low)"] < row["difference"] < row["difference (high)"]
    assert (row["difference"], row["p"]) == pytest.approx((-1 / 12, 0.512), abs=1e-3)


def test_failed_runs_say_so(tmp_path):
    results, (table,) = made(tmp_path, lambda v, c, s: "failed" if v == "w/o restoration" else 0.9)
    assert sheet(table, results.study.report, "example").lines[2].cells[0].text == "1 failed"


def test_average_precision_says_which_kind_of_deviation_it_has(tmp_path):
    results, (table,) = made(tmp_path, metrics=["pixel_ap", "image_ap"], seeds=[0, 1])
    assert [column.key for column in table.columns] == ["value", "difference", "normal", "anomalous"]
    assert table.notes[0] == BOOTSTRAP
    assert BOOTSTRAP.startswith("Means over seeds ± standard deviation. Δ: with its 95% interval for other test images")
    assert sheet(table, results.study.report, "example").lines[0].cells[0].text == "100.0 ± 0.0"


def test_records_of_an_earlier_version_are_said_to_have_no_scores(tmp_path):
    _, (table,) = made(tmp_path, make=lambda *cell: None)
    assert table.rows == ()
    assert table.notes == ("No run has kept the scores of its images.",)
    assert flat([table]).empty


def test_a_report_without_image_metrics_has_no_such_table(tmp_path):
    results, tables = made(tmp_path, metrics=["pixel_ap"])
    assert tables == []
    with pytest.raises(ConfigError) as caught:
        MAKERS["test_set"](results)
    assert str(caught.value) == (
        "study 'example': report.metrics: a table of the test set needs one of image_auroc, image_ap, image_f1_max, "
        "but got pixel_ap"
    )
