import pytest
from made_up import results_of

from ura_study.errors import ConfigError
from ura_study.tables.agreement_table import agreement_table

STRENGTH = "model.synthesis.strength"


def table_of(strengths, validation=lambda place: place, **sections):
    results = results_of(
        lambda *_: 0.5, data={"validation": 0.2}, ablations={"s": {"sweep": {STRENGTH: strengths}}}, **sections
    )
    for run_id, record in results.records.items():
        place = record.settings["model"]["synthesis"]["strength"]
        metrics = record.metrics | {"image_auroc": place / 20, "val_image_auroc": validation(place) / 20}
        results.records[run_id] = record.model_copy(update={"metrics": metrics})
    return agreement_table(results)


def test_a_row_per_metric():
    table = table_of([2.0, 3.0, 4.0, 5.0], metrics=("image_auroc", "val_image_auroc"))
    ((label,),) = [row.labels for row in table.rows]
    correlation, variants = table.rows[0].cells
    assert (label, correlation.mean, variants.mean) == ("Image AUROC", 1.0, 5)
    assert 0 < correlation.interval[0] < correlation.interval[1] == 1
    assert len(table.notes) == 1


def test_too_few_variants_and_equal_ones_are_told():
    few = table_of([2.0])
    assert few.rows[0].cells[0].text == "–"
    assert few.notes[1:] == ("–: fewer than 4 variants with both numbers are too few to say anything.",)
    equal = table_of([2.0, 3.0, 4.0], lambda _: 1)
    assert equal.notes[1:] == ("–: all variants are equal on one side, so there is nothing to rank.",)


def test_without_images_held_out():
    told = r"^study 'example': a table of validation against test needs data.validation > 0$"
    with pytest.raises(ConfigError, match=told):
        agreement_table(results_of(lambda *_: 0.5))
