"""Names in letters that the font of figures does not have."""

import warnings

import pytest
from made_up import results_of, with_details

from ura_study.report.drawing.drawn import encoded, svg
from ura_study.report.drawing.fonts import FONT, _installed, _say_so, _written, drawable
from ura_study.report.drawing.style import canvas, labels
from ura_study.report.figures import gallery

#: A letter that matplotlib's own STIX has and the font of figures has not; one that no font has.
OTHER, NONE = "\N{LATIN SMALL LETTER D WITH PALATAL HOOK}", "\U000e0fff"


@pytest.fixture(autouse=True)
def unsaid():
    for known in (_say_so, _written):
        known.cache_clear()


@pytest.fixture
def no_others(monkeypatch):
    """Let `FONT` be the only font that is installed."""
    from ura_study.report.drawing import fonts

    only = list(_installed())[:1]
    monkeypatch.setattr(fonts, "_installed", lambda: iter(only))
    fonts._font.cache_clear()
    yield
    fonts._font.cache_clear()


@pytest.mark.parametrize("text", ["", "full", "Schlüssel, λ=0.1 ± 2", "Ж", "a\nb", " x"])
def test_what_the_font_has_stays_as_it_is(text, capsys):
    assert drawable(text) == text
    assert capsys.readouterr().err == ""


def test_letters_that_no_font_has_are_written_out_and_that_is_said_once(no_others, capsys):
    assert drawable("測試 a") == r"\u6e2c\u8a66 a"
    assert drawable(f"{NONE}\x1b") == r"\U000e0fff\x1b"
    line = "no installed font has some letters of names; figures show them as codes, as \\u6e2c"
    assert capsys.readouterr().err == f"ura-study: {line}\n"
    assert labels(["測", "試"]) == [r"\u6e2c", r"\u8a66"]


def test_a_letter_that_another_font_has_is_drawn_with_it():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with canvas(3, 3) as figure:
            axes = figure.subplots()
            axes.plot([0, 1], label=f"line {OTHER}")
            axes.legend()
            axes.set_xticks([0, 1], labels([f"tick {OTHER}", "plain"]))
            axes.set_title(f"title {OTHER}{NONE}")
        assert axes.title.get_fontfamily() == [FONT, *axes.title.get_fontfamily()[1:]] != [FONT]
        assert axes.get_xticklabels()[0].get_fontfamily() == axes.title.get_fontfamily()
        assert axes.yaxis.label.get_fontfamily() == [FONT]
        assert axes.title.get_text() == f"title {OTHER}\\U000e0fff"


def test_figures_of_names_in_any_letters_have_no_boxes(tmp_path, capsys):
    results = results_of(
        lambda *cell: 0.5,
        ("測試", "のり", "한국"),
        ablations={"parts": {"leave_one_out": ["model.restoration"]}, "some": {"sweep": {"training.lr": [0.1, 0.3]}}},
        latency=lambda variant: len(variant),
        seeds=[0, 1],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = gallery(with_details(results, tmp_path))
        for one in (*drawn.study, *drawn.pictures):
            for kind in ("svg", "pdf", "png"):
                assert encoded(one, kind)
    text = "".join(map(svg, drawn.study))
    assert ("測試" in text) != (r"\u6e2c\u8a66" in text)
    assert capsys.readouterr().err.count("\n") <= 1
