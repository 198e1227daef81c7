"""The README's two commands are those that CI calls, its example is the default, and the studies it names are valid."""

from __future__ import annotations

import documents
import pytest
from documents import ROOT

from ura_study.errors import ConfigError
from ura_study.study.config import Study
from ura_study.study.loading import load_study
from ura_study.study.plan import expand

README = ROOT / "README.md"


def test_ci_calls_the_two_commands_as_written():
    script = (ROOT / ".ci/run").read_text()
    for block in documents.blocks(README, "sh")[:2]:
        command = block.strip()
        installed, then = command.split(" && ")
        assert f"\n{installed.replace('install', 'install -q')} && {then}\n" in script


def test_its_first_commands_are_those_of_getting_started():
    for block in documents.blocks(README, "sh")[:2]:
        assert block in documents.blocks(documents.DOCS / "getting-started.md", "sh")


@pytest.mark.parametrize("path", sorted((ROOT / "studies").glob("*.yaml")), ids=lambda p: p.name)
def test_studies_are_valid(path, monkeypatch):
    for name in ("MVTEC_ROOT", "BTAD_ROOT", "OCT2017_ROOT"):
        monkeypatch.setenv(name, "/data/of-it")
    study = load_study(path)
    assert study.study == path.stem
    assert len(expand(study)) > 1 or study.search is not None


@pytest.mark.parametrize("page", [README, documents.DOCS / "study-files.md"], ids=documents.name)
def test_the_example_study_is_the_default(page, tmp_path, monkeypatch):
    monkeypatch.setenv("MVTEC_ROOT", "/data/mvtec")
    (tmp_path / "study.yaml").write_text(documents.blocks(page, "yaml")[0])
    study = load_study(tmp_path / "study.yaml")
    assert [v.name for v in expand(study)][:3] == ["full", "w/o synthesis", "w/o perception"]
    assert study.base == Study(study="x").base, "the page's baseline is not the default"


def test_the_example_of_own_folders_is_valid(tmp_path):
    (tmp_path / "study.yaml").write_text(f"study: own\n{documents.blocks(documents.DOCS / 'data.md', 'yml')[0]}")
    assert load_study(tmp_path / "study.yaml").data.folder.mask_suffix == "_gt"


@pytest.mark.parametrize("name", ["mvtec_ad", "btad", "oct2017"])
def test_the_component_study_shares_the_baseline_of_the_main_study(name, monkeypatch):
    monkeypatch.setenv(f"{name.split('_')[0].upper()}_ROOT", "/data/of-it")
    main, components = (load_study(ROOT / f"studies/{name}{end}.yaml") for end in ("", "_components"))
    assert (main.base, main.data, main.seeds) == (components.base, components.data, components.seeds)


def test_an_unset_root_is_named(monkeypatch):
    monkeypatch.delenv("BTAD_ROOT", raising=False)
    with pytest.raises(ConfigError, match=r"btad.yaml: data.root: environment variable BTAD_ROOT is not set"):
        load_study(ROOT / "studies/btad.yaml")
