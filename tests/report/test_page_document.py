"""The report as a page: what is on it, its structure, and that no name breaks it."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hand_made import ABLATIONS, done, failed, job_of, make_study, plan_of
from made_up import with_details
from pages import Page

from ura_study.report.page.document import HERE, breakable, page, rendered, write_report
from ura_study.report.page.provenance import failures
from ura_study.results.results import Results
from ura_study.runs.record import Failure

ORIGIN = {
    "versions": {"python": "3.12.1", "torch": "2.6.0"},
    "commit": "abc123",
    "system": "Linux 6",
    "processor": "A processor",
    "device": "cpu",
    "threads": 2,
}
NASTY = ("<script>alert(1)</script>", "\"q\" & 'a'</table>", "{{ 7 * 7 }} {% x %}")


def results_of(study, categories=("nut", "bolt"), lost=(), missing=()):
    plan = plan_of(study, *categories)
    records = {}
    for cell, run_id in plan.cells.items():
        record = done(job_of(study, plan, *cell), 0.5 + len(records) / 100).model_copy(
            update={"provenance": ORIGIN, "finished": "2026-01-02T03:04:05+00:00"}
        )
        if cell in lost:
            failure = Failure(kind="ValueError", message=f"no {NASTY[0]}", expected=False, traceback=f"at {NASTY[1]}")
            record = record.model_copy(update={"status": "failed", "failure": failure, "metrics": {}, "timings": {}})
        if cell not in missing:
            records[run_id] = record
    return Results(study, plan, records)


@pytest.fixture(scope="module")
def results():
    return results_of(make_study(ablations=ABLATIONS, seeds=[0, 1]), lost=[("w/o restoration", "bolt", 1)])


@pytest.fixture(scope="module")
def source(results):
    return rendered(page(results))


@pytest.fixture(scope="module")
def read(source):
    return Page(source)


def nasty_results():
    base = {"features": {"backbone": NASTY[2]}}
    sweep = {"sweep": {"features.backbone": [*NASTY[:2]]}}
    study = make_study(
        data={"layout": "mvtec_ad", "root": f"/data/{NASTY[0]}"}, base=base, ablations={"backbones": sweep}
    )
    lost = [(f"backbone={NASTY[0]}", NASTY[1], 0)]
    return results_of(study, NASTY, lost)


@pytest.mark.parametrize("made", [nasty_results, lambda: results_of(make_study(ablations=ABLATIONS), missing=())])
def test_structure(made):
    read = Page(rendered(page(made())))
    assert [element.tag for element in read.root.children] == ["html"]
    (html,) = read.root.children
    assert html.attributes["lang"] == "en"
    everything = read.root.all()
    ids = [element.attributes["id"] for element in everything if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for name in ("aria-labelledby", "aria-describedby", "aria-controls", "for"):
        assert {e.attributes[name] for e in everything if name in e.attributes} <= set(ids), name
    assert len(read.root.all("h1")) == len(read.root.all("main")) == len(read.root.all("nav")) == 1
    for link in read.root.all("a"):
        assert link.attributes["href"].removeprefix("#") in ids
    for table in read.root.all("table"):
        title = read.by_id(table.attributes["aria-labelledby"])
        assert (title.tag, bool(title.text.strip())) == ("h3", True)
        assert all(th.attributes["scope"] in ("col", "row") for th in table.all("th"))
        assert len({len(row.children) for row in table.all("tr")}) == 1
    scrolling = [e for e in read.root.all("div") if e.attributes.get("class") == "scroll"]
    assert all(e.attributes["tabindex"] == "0" for e in scrolling)
    assert [t for e in scrolling for t in e.children] == read.root.all("table") != []
    assert len(read.root.all("input")) == len(read.root.all("label")) == len(read.root.all("output")) > 0


def test_nothing_is_loaded_from_elsewhere(source, read):
    for element in read.root.all():
        assert not {"src", "srcset", "onclick", "onload", "onerror"} & set(element.attributes), element.tag
        assert element.attributes.get("href", "#").startswith("#")
    assert not {"link", "img", "iframe", "object", "base", "form"} & {e.tag for e in read.root.all()}
    without_names = re.sub(r'xmlns(:\w+)?="http://www.w3.org/[^"]*"', "", source)
    assert not re.search(r"url\((?!#)|@import|https?:|fetch\(|innerHTML", without_names)


def test_only_its_own_script_runs(read):
    (script,) = read.root.all("script")
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    (policy,) = [e for e in read.root.all("meta") if e.attributes.get("http-equiv") == "Content-Security-Policy"]
    assert f"script-src 'sha256-{digest}'" in policy.attributes["content"]
    assert policy.attributes["content"].startswith("default-src 'none';")


def test_names_are_shown_as_they_are():
    read = Page(rendered(page(nasty_results())))
    assert len(read.root.all("script")) == 1
    assert read.table("categories-1")[0][:4] == ["variant", *NASTY]
    labels = [row[0] for row in read.table("summary-1")[1:]]
    assert labels == ["full", f"backbone={NASTY[0]}", f"backbone={NASTY[1]}"]
    assert f"/data/{NASTY[0]}" in read.by_id("content").text
    assert read.root.all("pre")[0].text == f"at {NASTY[1]}"


def test_a_finished_study_says_so(source, read):
    assert "Finished: 11 of 12 runs are done, 1 failed." in source
    assert read.root.all("title")[0].text == "example – study report"


def test_an_unfinished_study_says_so():
    results = results_of(make_study(ablations=ABLATIONS), missing=[("full", "nut", 0), ("full", "bolt", 0)])
    read = Page(rendered(page(results)))
    assert "Unfinished: 4 of 6 runs are done, 2 left." in read.root.all("header")[0].text
    assert "(unfinished)" in read.root.all("title")[0].text
    assert read.table("summary-1")[1][1] == "2 missing"


def test_a_study_that_has_not_begun():
    study = make_study(ablations=ABLATIONS)
    source = rendered(page(Results(study, plan_of(study), {})))
    assert "Unfinished: 0 of 3 runs are done, 3 left." in source
    assert "No run failed." in source


def test_failures_with_reason_and_traceback(read):
    (failure,) = [e for e in read.root.all("div") if e.attributes.get("class") == "failure"]
    assert f"ValueError: no {NASTY[0]} (a bug)" in failure.text
    assert [item.text for item in failure.all("li")] == ["w/o restoration · bolt · seed 1"]
    runs, traceback = failure.all("details")
    assert "open" in runs.attributes
    assert "open" not in traceback.attributes


def test_runs_that_failed_alike_stand_together():
    study = make_study(ablations=ABLATIONS)
    plan = plan_of(study)
    jobs = [job_of(study, plan, variant.name) for variant in plan.variants]
    found = failures([failed(jobs[0]), failed(jobs[1], "other"), failed(jobs[2])])
    assert [(one.reason, len(one.runs)) for one in found] == [
        ("ResourceError: disk on fire", 2),
        ("ResourceError: other", 1),
    ]


def test_tables_hold_what_sorting_needs(read):
    (head, full, *_) = read.by_id("summary-1").all("tr")
    assert [cell.attributes.get("data-first") for cell in head.children] == [None, *["descending"] * 4]
    assert float(full.children[1].attributes["data-value"]) == pytest.approx(0.515)
    lost = next(row for row in read.by_id("summary-1").all("tr") if row.children[0].text == "w/o restoration")
    assert {cell.attributes["data-value"] for cell in lost.children[1:]} == {""}
    assert {cell.attributes["class"] for cell in lost.children[1:]} == {"failed"}


def test_sections_are_those_that_the_study_has(read):
    keys = [heading.attributes["id"] for heading in read.root.all("h2")]
    assert keys == [
        *("answers", "summary", "components", "sweeps", "comparisons", "test-set", "categories", "defects", "cost"),
        *("protocol", "failures", "provenance"),
    ]
    alone = Page(rendered(page(results_of(make_study()))))
    keys = [heading.attributes["id"] for heading in alone.root.all("h2")]
    assert keys == [
        *("answers", "summary", "test-set", "categories", "defects", "cost"),
        *("protocol", "failures", "provenance"),
    ]


def test_provenance(read):
    text = read.by_id("provenance-terms").text
    for part in ("python 3.12.1, torch 2.6.0", "abc123", "A processor, 2 threads a run, Linux 6", "runs.jsonl"):
        assert part in text
    assert "2026-01-02 03:04:05 to 2026-01-02 03:04:05 UTC" in text
    assert read.table("data-1") == [["category", "fingerprint"], ["nut", "data of nut"], ["bolt", "data of bolt"]]
    assert "backbone: tf_efficientnet_lite0" in read.root.all("pre")[-1].text


def test_long_names_break_at_marks_and_not_in_numbers():
    assert breakable("model=patchcore(coreset=0.1)") == "model=<wbr>patchcore(<wbr>coreset=0.1)"
    assert breakable("AUPRO@0.3") == "AUPRO@0.3"
    assert breakable("a/<b>_/b.") == "a/&lt;b&gt;_/<wbr>b."


def test_same_results_same_bytes(results, source, tmp_path):
    write_report(tmp_path / "deep/report.html", results)
    assert (tmp_path / "deep/report.html").read_text() == source


def colours():
    """Return the colours of the light and the dark page by name."""
    style = (HERE / "report.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks]


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_contrast(scheme):
    """WCAG 2 AA: at least 4.5 between text and what is behind it."""
    found = colours()[scheme]
    pairs = [(text, back) for text in ("text", "muted", "link", "failed") for back in ("page", "head")]
    for text, back in [*pairs, ("warn", "warn-page")]:
        light, dark = sorted((luminance(found[text]), luminance(found[back])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, back)


def test_pictures_are_a_section_of_their_own_where_there_are_some(results, source, tmp_path):
    assert 'href="#pictures"' not in source
    read = Page(rendered(page(with_details(results, tmp_path))))
    assert {"figures", "pictures"} <= {e.attributes.get("id") for e in read.root.all("h2")}
    assert "#pictures" in {e.attributes.get("href") for e in read.root.all("a")}
    assert len(read.root.all("image")) > 12


def test_effects_and_validation_have_sections_where_the_study_has_them():
    parts = ["model.synthesis", "model.perception"]
    study = make_study(ablations={"all": {"factorial": parts}}, data={"validation": 0.2})
    found = {section.key: section.title for section in page(results_of(study)).sections}
    assert (found["components"], found["effects"], found["validation"]) == ("Components", "Effects", "Validation")
    plain = {section.key for section in page(results_of(make_study(ablations=ABLATIONS))).sections}
    assert not plain & {"effects", "validation"}
