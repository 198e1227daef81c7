"""The report in a real browser, from disk and without a network: hostile and long names, wide tables, failures."""

from __future__ import annotations

import dataclasses

import pytest
from browser import PALE, STICKING_OUT, launched, opened
from made_up import SEARCH, made_details, noisy, searched, with_details

from ura_study.report.page.document import write_report
from ura_study.results.results import Results, Search
from ura_study.runs.record import Failure
from ura_study.search.variants import with_best
from ura_study.study.plan import Variant, changed, make_plan

pytestmark = pytest.mark.slow

CATEGORIES = (
    *("nut 10", "nut 9", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}"),
    *("a-folder-of-a-name-so-long-that-it-cannot-stand-on-one-line-of-any-telephone_" * 2, "Schraube ÄÖÜ", "βίδα"),
)
BACKBONES = ["resnet18", "<b onmouseover=alert(2)>bold</b>", "a_backbone_with_a_name_of_its_own_that_does_not_end." * 3]
SECTIONS = {
    "study": "a-study-of-a-name-that-is-longer-than-a-telephone-is-wide.and-goes-on",
    "seeds": [0, 1],
    "base": {"training": {"steps": 7}},
    "ablations": {
        "parts": {"leave_one_out": ["model.synthesis", "model.perception", "model.restoration"]},
        "backbones": {"sweep": {"features.backbone": BACKBONES}},
        "strength": {"sweep": {"model.synthesis.strength": [0.25, 2.0, 10.0]}},
    },
    "metrics": ("image_auroc", "val_ece"),
    "data": {"validation": 0.2},
}
PAPER = {"portrait": 680, "landscape": 1009}
"""Pixels between the margins of A4."""


def crowded(folder) -> Results:
    """A study with much of everything: two failures of many runs, a run that is missing, pictures."""
    results = noisy(*CATEGORIES, **SECTIONS)
    records, cells = dict(results.records), list(results.plan.cells.items())
    trace = "Traceback (most recent call last):\n" + f'  File "{CATEGORIES[5]}", line 1\n' * 3
    for n, ((_, category, _), run_id) in enumerate(cells):
        if category == CATEGORIES[2] or n % 13 == 5:
            failure = Failure(kind="ValueError", message=f"{category}: no", expected=n % 2 == 0, traceback=trace)
            lost = {"status": "failed", "failure": failure, "metrics": {}, "timings": {}}
            records[run_id] = records[run_id].model_copy(update=lost)
    del records[cells[0][1]]
    pictured = {("w/o perception", CATEGORIES[0], 0), ("full", CATEGORIES[3], 0), ("full", CATEGORIES[4], 1)}
    results = dataclasses.replace(results, records=records)
    return with_details(results, folder, lambda *cell: made_details() if cell in pictured else None)


def with_search() -> Results:
    """A study that has searched, on test images."""
    base, trials = noisy("nut", search=SEARCH | {"split": "test", "objective": "image_auroc"}), searched()
    variants = [
        Variant(t.variant, changed(base.study.baseline, dict(t.params), ""), t.params, "search") for t in trials
    ]
    plan = make_plan(base.study, base.plan.fingerprints, variants)
    return dataclasses.replace(base, plan=with_best(base.study, base.plan, plan, trials), search=Search(trials, plan))


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    paths = {name: folder / f"{name} & more.html" for name in ("crowded", "searched", "empty")}
    results = crowded(folder)
    write_report(paths["crowded"], results)
    write_report(paths["searched"], with_search())
    write_report(paths["empty"], dataclasses.replace(results, records={}))
    return paths


@pytest.fixture(scope="module")
def browser():
    with launched() as browser:
        yield browser


@pytest.fixture
def wide(browser, reports):
    with opened(browser, reports["crowded"], viewport={"width": 1400, "height": 900}) as page:
        yield page


@pytest.mark.parametrize("width", [380, 1400])
@pytest.mark.parametrize("name", ["crowded", "searched", "empty"])
def test_nothing_sticks_out_of_the_window(browser, reports, name, width):
    with opened(browser, reports[name], viewport={"width": width, "height": 800}) as page:
        page.locator("details").evaluate_all("(all) => all.forEach((e) => { e.open = true; })")
        assert page.evaluate(STICKING_OUT) == {"width": width, "out": []}


def test_names_are_texts(wide):
    assert wide.locator("main script, main img, main b").count() == 0
    assert CATEGORIES[2] in wide.locator("#categories-1 thead").inner_text().replace("\u200b", "")
    assert wide.locator("#failures ~ .failure summary").first.is_visible()


def test_figures_and_pictures_are_shown(wide):
    drawn = wide.locator("figure svg[role=img]").all()
    boxes = [figure.bounding_box() for figure in drawn]
    assert len(boxes) >= 5
    assert all(box["width"] > 200 and box["height"] > 30 for box in boxes)
    decoded = wide.evaluate("""() => Promise.all([...document.querySelectorAll("svg image")].map(async (drawn) => {
        const image = new Image();
        image.src = drawn.href.baseVal;
        await image.decode();
        return image.naturalWidth * drawn.getBoundingClientRect().width;
    }))""")
    assert len(decoded) > 20
    assert min(decoded) > 0


def test_type_in_figures_can_be_read_on_a_telephone(browser, reports):
    with opened(browser, reports["crowded"], viewport={"width": 380, "height": 800}) as page:
        sizes = page.evaluate("""() => [...document.querySelectorAll("figure svg")].map((drawn) =>
            drawn.getBoundingClientRect().width / drawn.viewBox.baseVal.width)""")
    assert min(sizes) > 1  # pixels that one point takes


def test_what_has_room_stands_beside_its_figure(wide):
    """The answers, and tables that are not wide. Without a figure, a table has the whole line."""
    pairs = wide.locator(".beside > :is(div:not(.grid), .grid:not(.wide)):has(+ figure)").all()
    assert pairs
    for text in pairs:
        here, figure = text.bounding_box(), text.locator("+ figure").bounding_box()
        assert figure["x"] > here["x"] + here["width"]
        assert abs(figure["y"] - here["y"]) < 40
    alone = wide.locator("section[aria-labelledby=sweeps] .beside > .grid").first.bounding_box()
    assert alone["width"] > 1200


def test_the_contents_stay_in_sight(wide):
    wide.locator("#provenance").scroll_into_view_if_needed()
    assert wide.locator("nav").bounding_box()["y"] == 0


def test_a_figure_is_enlarged_and_put_back(wide):
    paper = wide.locator("figure > .paper").first
    before = paper.locator("svg").bounding_box()
    paper.click()
    large = wide.locator("dialog svg")
    assert large.bounding_box()["width"] > 1.5 * before["width"]
    wide.keyboard.press("Escape")
    large.wait_for(state="detached")
    assert paper.locator("svg").bounding_box() == before
    wide.keyboard.press("Enter")  # it has the focus again
    assert large.count() == 1
    wide.get_by_role("button", name="Close").click()
    assert paper.locator("svg").count() == 1


TABLE, DIFFERENCES = "#categories-1", "#comparisons-1"


def cells(page, number, table=DIFFERENCES):
    return page.locator(f"{table} tbody tr > :nth-child({number})")


def sorting(page, number, table=DIFFERENCES):
    return page.locator(f"{table} thead th:nth-child({number})").get_attribute("aria-sort")


def values(page, number, table):
    found = [cell.get_attribute("data-value") for cell in cells(page, number, table).all()]
    return [float(value) for value in found if value], found


@pytest.mark.parametrize(("table", "first"), [(TABLE, "descending"), (DIFFERENCES, "ascending")])
def test_clicks_sort_numbers_first_where_they_are_good_and_the_third_leaves_them_as_written(wide, table, first):
    written = cells(wide, 1, table).all_inner_texts()
    for order in (first, {"ascending": "descending", "descending": "ascending"}[first]):
        wide.click(f"{table} th:nth-child(2) button")
        known, every = values(wide, 2, table)
        assert known == sorted(known, reverse=order == "descending")
        assert len(set(known)) > 3
        assert set(every[len(known) :]) <= {""}  # what has no number comes last either way
        assert sorting(wide, 2, table) == order
    wide.click(f"{table} th:nth-child(2) button")
    assert (cells(wide, 1, table).all_inner_texts(), sorting(wide, 2, table)) == (written, "none")


def test_a_click_sorts_names_by_the_numbers_in_them(wide):
    written = cells(wide, 1).all_inner_texts()
    wide.click(f"{DIFFERENCES} th:first-child button")
    names = cells(wide, 1).all_inner_texts()
    assert names != written
    assert [n for n in names if n.startswith("strength")] == ["strength=0.25", "strength=2.0", "strength=10.0"]
    assert names.index("strength=10.0") < names.index("w/o perception")
    assert (sorting(wide, 1), sorting(wide, 2)) == ("ascending", "none")


def test_keys_sort_and_the_next_key_leads_on(wide):
    wide.focus(f"{DIFFERENCES}-filter")
    wide.keyboard.press("Tab")  # the table, which the arrow keys scroll
    assert wide.evaluate("document.activeElement.className") == "scroll"
    wide.keyboard.press("Tab")
    wide.keyboard.press("Enter")
    assert sorting(wide, 1) == "ascending"
    wide.keyboard.press("Space")
    assert sorting(wide, 1) == "descending"
    wide.keyboard.press("Tab")
    wide.keyboard.press("Enter")
    assert (sorting(wide, 1), sorting(wide, 2)) == ("none", "ascending")
    assert wide.locator(f"{DIFFERENCES}-filter ~ output").inner_text().endswith("(points), ascending")


def test_the_first_key_skips_to_the_content(wide):
    wide.keyboard.press("Tab")
    assert wide.locator(".skip").bounding_box()["x"] >= 0
    wide.keyboard.press("Enter")
    assert wide.evaluate("document.activeElement.id") == "content"


def test_words_filter_rows_and_the_count_says_so(wide):
    told, rows = wide.locator("#comparisons-1-filter ~ output"), wide.locator("#comparisons-1 tbody tr")
    wide.fill("#comparisons-1-filter", "W/O")
    assert (rows.locator("visible=true").count(), told.inner_text()) == (3, "3 of 9 rows")
    wide.fill("#comparisons-1-filter", "w/o nothing-of-this-name")
    assert (rows.locator("visible=true").count(), told.inner_text()) == (0, "0 of 9 rows")
    wide.fill("#comparisons-1-filter", "")
    assert (rows.locator("visible=true").count(), told.inner_text()) == (9, "9 rows")


def test_headings_and_labels_stay_in_sight(browser, reports):
    with opened(browser, reports["crowded"], viewport={"width": 380, "height": 400}) as page:
        table = page.locator(".scroll:has(#categories-1)")
        table.evaluate("(e) => { e.scrollIntoView({ behavior: 'instant' }); e.scrollTo(e.scrollWidth, 300); }")
        frame, head = table.bounding_box(), page.locator("#categories-1 th").first.bounding_box()
        label = page.locator("#categories-1 tbody th").nth(8).bounding_box()
    assert (head["x"], head["y"]) == pytest.approx((frame["x"], frame["y"]), abs=1)
    assert label["x"] == pytest.approx(frame["x"], abs=1)
    assert label["width"] < 380 / 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["crowded", "searched"])
def test_texts_stand_out(browser, reports, name, scheme):
    """WCAG 2 AA: a contrast of at least 4.5, as colours are really laid over each other."""
    with opened(browser, reports[name], color_scheme=scheme) as page:
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        found = page.evaluate(PALE)
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    assert found["texts"] > 100
    assert found["pale"] == []


@pytest.mark.parametrize("side", PAPER)
def test_paper_shows_all(browser, reports, side):
    with opened(browser, reports["crowded"], viewport={"width": PAPER[side], "height": 900}) as page:
        page.fill("#summary-1-filter", "nothing")
        page.emulate_media(media="print")
        across = page.locator("section:has(.wide)")
        assert set(across.evaluate_all("(all) => all.map((e) => getComputedStyle(e).page)")) == {"wide"}
        if side == "portrait":
            across.evaluate_all("(all) => all.forEach((e) => e.remove())")  # these stand on pages turned on their side
        assert page.evaluate(STICKING_OUT) == {"width": PAPER[side], "out": []}
        clipped = "(all) => all.filter((e) => getComputedStyle(e).overflowX !== 'visible').length"
        assert page.locator(".scroll, .paper, pre").evaluate_all(clipped) == 0
        assert page.locator("nav, .tools").locator("visible=true").count() == 0
        assert page.locator("#summary-1 tbody tr").locator("visible=true").count() == 10
        assert page.get_by_text("Traceback (most recent call last)").first.is_visible()
        assert page.get_by_text("backbone: tf_efficientnet_lite0").is_visible()
        assert page.pdf()[:5] == b"%PDF-"


def test_without_its_script_the_page_is_complete(browser, reports):
    with opened(browser, reports["crowded"], java_script_enabled=False) as page:
        assert page.locator("#summary-1 tbody tr").locator("visible=true").count() == 10
        assert page.locator(".tools, th button").locator("visible=true").count() == 0
        page.click("text=Settings of full")
        assert page.get_by_text("backbone: tf_efficientnet_lite0").is_visible()
