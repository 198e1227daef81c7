"""Every command and every file that the README names is there and works as written."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
from datasets import write_category

from ura_study import cli
from ura_study.config import Study, load_study
from ura_study.errors import ConfigError
from ura_study.plan import expand

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = {
    language: re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) for language in ("sh", "yaml", "yml", "py")
}
COMMANDS = [line.split("#")[0].strip() for block in BLOCKS["sh"] for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)#]+)\)", README))
def test_linked_files_exist(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize("path", sorted(set(re.findall(r"(?:studies|tests/benchmarks)/\w+\.\w+", README))))
def test_named_files_exist(path):
    assert (ROOT / path).is_file()


def test_ci_calls_the_two_commands_as_written():
    script = (ROOT / ".ci/run").read_text()
    for block in BLOCKS["sh"][:2]:
        command = block.strip()
        installed, then = command.split(" && ")
        assert f"\n{installed.replace('install', 'install -q')} && {then}\n" in script


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("ura-study")])
def test_commands_parse(command, monkeypatch, capsys):
    """Each command is called with `--help` added: unknown commands and options fail, nothing runs."""
    monkeypatch.setattr(sys, "argv", [*shlex.split(command), "--help"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 0, capsys.readouterr().err


def test_every_command_is_in_the_readme():
    from typer.main import get_command

    assert all(re.search(rf"ura-study {name}\b", README) for name in get_command(cli.app).commands)


@pytest.mark.parametrize("path", sorted((ROOT / "studies").glob("*.yaml")), ids=lambda p: p.name)
def test_studies_are_valid(path, monkeypatch):
    for name in ("MVTEC_ROOT", "BTAD_ROOT", "OCT2017_ROOT"):
        monkeypatch.setenv(name, "/data/of-it")
    study = load_study(path)
    assert study.study == path.stem
    assert len(expand(study)) > 1 or study.search is not None


def test_the_example_study_is_valid(tmp_path, monkeypatch):
    monkeypatch.setenv("MVTEC_ROOT", "/data/mvtec")
    (tmp_path / "study.yaml").write_text(BLOCKS["yaml"][0])
    study = load_study(tmp_path / "study.yaml")
    assert [v.name for v in expand(study)][:3] == ["full", "w/o synthesis", "w/o perception"]
    assert study.base == Study(study="x").base, "the README's baseline is not the default"


def test_the_example_of_own_folders_is_valid(tmp_path):
    (tmp_path / "study.yaml").write_text(f"study: own\n{BLOCKS['yml'][0]}")
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


def test_the_example_of_a_detector_in_python_runs(tmp_path, monkeypatch):
    images = write_category(tmp_path, "parts", train=4)
    (images / "test/square").rename(images / "new")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(BLOCKS["py"][0], names)
    assert names["found"].maps.shape == (3, 256, 256)
    assert (tmp_path / "parts.pt").is_file()
