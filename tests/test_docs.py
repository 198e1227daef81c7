"""Every command, example, key and link of the pages for users is there and works as written."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import documents
import pytest
from datasets import write_category
from documents import DOCS, PAGES, ROOT
from hand_made import ABLATIONS, done, job_of, make_study, plan_of
from plugged import EXAMPLE
from typer.main import get_command

import ura_study
from ura_study import cli
from ura_study.results.folder import remember
from ura_study.results.reported import read_reported
from ura_study.runs import store
from ura_study.search.space.config import DOMAINS
from ura_study.study.config import Study
from ura_study.study.loading import load_study
from ura_study.study.plan import expand

SETTINGS = documents.hook("settings")
TEXT = {page: page.read_text() for page in PAGES}
ALL = "\n".join(TEXT.values())


def each(language: str) -> list[object]:
    """Return the different blocks of one language, each as a parameter that is called by its last page and number."""
    found = {code: (page, n) for page in PAGES for n, code in enumerate(documents.blocks(page, language), 1)}
    return [pytest.param(code, id=f"{documents.name(page)}-{n}") for code, (page, n) in found.items()]


def pages(of: list[Path]) -> list[object]:
    """Return pages as parameters that are called by their paths."""
    return [pytest.param(page, id=documents.name(page)) for page in of]


# Commands


@pytest.mark.parametrize(
    "command", sorted({c for page in PAGES for c in documents.commands(page) if c.startswith("ura-study")})
)
def test_commands_parse(command, monkeypatch, capsys):
    """Each command is called with `--help` added: unknown commands and options fail, nothing runs."""
    monkeypatch.setattr(sys, "argv", [*shlex.split(command), "--help"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 0, capsys.readouterr().err


def test_every_command_is_described():
    assert all(re.search(rf"ura-study {name}\b", ALL) for name in get_command(cli.app).commands)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"(?:studies|tests|search_spaces)/[\w/]+\.\w+", ALL))))
def test_named_files_exist(path):
    assert (ROOT / path).is_file()


def test_extras_exist():
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = re.findall(r"(?:ura-study|\.)\[([a-z,]+)\]", ALL)
    assert {extra for names in named for extra in names.split(",")} <= set(known)


# Examples


@pytest.fixture
def study_of(tmp_path, monkeypatch, unplugged):
    """Load a study from its text, as if it lay in `studies/`."""
    monkeypatch.setenv("MVTEC_ROOT", "/data/mvtec")
    for folder in ("search_spaces", "examples"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "studies").mkdir()

    def load(text: str) -> Study:
        (tmp_path / "studies/example.yaml").write_text(text)
        return load_study(tmp_path / "studies/example.yaml")

    return load


@pytest.mark.parametrize("code", each("yaml"))
def test_studies_are_valid(code, study_of):
    assert len(expand(study_of(code))) > 1


@pytest.mark.parametrize("code", each("yml"))
def test_parts_of_studies_are_valid(code, study_of):
    assert expand(study_of(f"study: example\n{code}"))


def write_study(place: Path) -> None:
    """Write the results of a study that was run, as far as tables and figures need them."""
    study = make_study(study="quickstart", ablations=ABLATIONS, seeds=[0, 1])
    plan = plan_of(study, "brick", "grass")
    folder = place / "results/quickstart"
    remember(folder, study, plan)
    for number, cell in enumerate(plan.cells):
        store.append(folder, done(job_of(study, plan, *cell), 0.8 + number / 100))


#: What a page's session needs beside the images.
SESSIONS = {None: lambda place: None, "study": write_study}


@pytest.mark.parametrize(
    ("code", "session"),
    [
        pytest.param(code, documents.session(page), id=f"{documents.name(page)}-{n}")
        for page in PAGES
        for n, code in enumerate(documents.programs(page), 1)
    ],
)
def test_python_runs(code, session, tmp_path, monkeypatch):
    images = write_category(tmp_path, "parts", train=4)
    (images / "test/square").rename(images / "new")
    SESSIONS[session](tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(code, names)
    assert names["found"].maps.shape == (3, 256, 256)


@pytest.mark.parametrize("code", [*each("python"), *each("toml")])
def test_what_is_quoted_stands_in_its_file(code):
    notebook = json.loads((DOCS / "notebook.ipynb").read_text())
    sources = [file.read_text() for file in EXAMPLE.rglob("*") if file.suffix in (".py", ".toml")]
    sources += ["".join(cell["source"]) + "\n" for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert any(code in source for source in sources)


def test_rows_from_the_literature_are_valid(tmp_path):
    rows = re.search(r"^```\n(rows:.*?)^```", TEXT[DOCS / "tables.md"], re.DOTALL | re.MULTILINE)
    (tmp_path / "literature.yaml").write_text(rows[1])
    assert [row.category for row in read_reported(str(tmp_path / "literature.yaml"))] == ["mean", "carpet"]


def test_the_file_of_rows_stands_where_the_study_names_it(study_of):
    named = [code for code in documents.blocks(DOCS / "tables.md", "yml") if "reported" in code]
    assert Path(study_of(f"study: example\n{named[0]}").report.reported).name == "literature.yaml"


# Keys


def keys_of(schema: dict) -> Iterator[tuple[str, str]]:
    """Yield the title of each section of a JSON schema with each of its keys."""
    for title, section in {schema["title"]: schema, **schema.get("$defs", {})}.items():
        for key in section.get("properties", {}):
            yield title, key


def test_every_key_is_in_the_reference():
    """What pydantic says of the schemas is an independent list of keys."""
    schemas = [Study, *DOMAINS.values()]
    wanted = {found for schema in schemas for found in keys_of(schema.model_json_schema())}
    wanted -= {(title, key) for title, key in wanted if title == "VariantSettings" or key in SETTINGS.UNWRITTEN}
    titles = {section.anchor: section.schema.__name__ for section in SETTINGS.sections()}
    shown = set()
    for body in re.split(r"^#{2,3} ", SETTINGS.reference(), flags=re.MULTILINE)[1:]:
        title = titles[re.search(r"\{#(\S+) \}", body)[1]]
        shown |= {(title, key) for key in re.findall(r"^#### `(?:\S+\.)?(\w+)`", body, re.MULTILINE)}
    assert wanted == shown


def test_every_key_says_what_it_is():
    for key, body in re.findall(r"^#### `(\S+)`[^\n]*\n\n(.*?)(?=^##|\Z)", SETTINGS.reference(), re.M | re.S):
        kind, *meaning = body.strip().split("\n\n")
        assert kind.startswith("Type: "), key
        assert meaning, key
        assert all(meaning), key


def test_every_public_name_is_in_the_reference():
    shown = re.findall(r"^::: ([\w.]+)$", TEXT[DOCS / "reference/api.md"], re.MULTILINE)
    homes = {name: f"ura_study.{module}.{name}" for name, module in ura_study._HOME.items()}
    assert set(shown) == set(homes.values())
    assert set(ura_study.__all__) == {*homes, "__version__"}


def test_a_key_has_type_range_default_and_meaning():
    text = SETTINGS.reference()
    assert (
        "#### `features.map_size` {#features.map_size }\n\nType: whole number, from 4 to 256 · default `32`\n\n"
        "Side of the common grid" in text
    )
    assert "`model.perception.mc_samples` {#model.perception.mc_samples }\n\nType: whole number, from 1 to 256" in text
    assert "default `6` · read by scoring alone" in text
    assert "Type: number, more than 0, at most 1 · default `0.1`\n\nShare of all training tokens" in text
    assert "Type: `top`, `max` or `std` · default `top`" in text


def test_keys_have_different_anchors():
    found = re.findall(r"\{#(\S+) \}", SETTINGS.reference())
    assert len(found) == len(set(found))


def test_the_reference_stands_in_its_page():
    assert TEXT[DOCS / SETTINGS.PAGE].count(SETTINGS.MARK) == 1


# Links


@pytest.mark.parametrize("page", pages(PAGES))
def test_links_lead_to_files(page):
    """Also on the way to a heading: the reference has those that are made when the site is built."""
    for link in documents.links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            text = target.read_text().replace(SETTINGS.MARK, SETTINGS.reference())
            assert anchor in documents.anchors(text), link


@pytest.mark.parametrize("page", pages(sorted((ROOT / "results").glob("*.md"))))
def test_links_of_measured_results_lead_to_files(page):
    assert all((page.parent / link).exists() for link in documents.links(page))


@pytest.mark.parametrize(
    ("link", "page", "target"),
    [
        ("../results/quality.md", "docs/index.md", "results/quality.md"),
        ("data.md", "docs/index.md", "docs/data.md"),
        ("../../README.md", "docs/reference/api.md", "README.md"),
        ("uncertainty.md", "results/quality.md", "results/uncertainty.md"),
    ],
)
def test_where_links_lead(link, page, target):
    assert documents.hook("outside").leads_to(link, page) == target


def test_what_is_linked_is_added_to_the_site():
    found = documents.hook("outside").linked("docs/index.md")
    assert {"results/quality.md", "results/uncertainty.md"} <= found
    assert not any(path.startswith("docs/") for path in found)


def test_every_page_is_in_the_navigation():
    listed = re.findall(r"(\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")} <= set(listed)


# The site


@pytest.mark.slow
@pytest.mark.skipif(
    not all(importlib.util.find_spec(package) for package in ("mkdocs", "material", "mkdocstrings")),
    reason="MkDocs is not installed: pip install 'ura-study[docs]'",
)
def test_the_site_is_built(tmp_path):
    """Strictly: a link that leads nowhere, or a class that is not there, fails."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    settings = (tmp_path / "site/reference/settings/index.html").read_text()
    assert 'id="model.synthesis.strength"' in settings
    assert "AnomalyModel" in (tmp_path / "site/reference/api/index.html").read_text()
    assert (tmp_path / "site/results/quickstart.svg").is_file()
