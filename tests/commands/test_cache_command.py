import io

import pytest
from rich.console import Console

from ura_study.cache import entry
from ura_study.commands.cache import cache as command
from ura_study.data import hashes
from ura_study.data.hashes import Known
from ura_study.errors import ConfigError


@pytest.fixture
def filled(cache):
    for kind in ("fits", "features/group"):
        entry(cache / kind / "x", {"what": kind}, lambda folder: (folder / "data").write_bytes(bytes(5_000_000)))
    return cache


def shown(clear=None) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    assert command(clear, console) == 0
    return console.export_text()


def row(text: str, kind: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if f"│ {kind} " in line]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_shows_entries_and_sizes_by_kind(filled):
    assert row(shown(), "fits")[1:3] == ["1", "5.0 MB"]
    assert row(shown(), "features")[1] == "1"
    assert row(shown(), "synthetic")[1:3] == ["0", "0 bytes"]


def test_clears_one_kind_or_all(filled):
    assert "removed fits: 5.0 MB" in shown("fits")
    assert not (filled / "fits").exists()
    assert (filled / "features").exists()
    shown("all")
    assert not (filled / "features").exists()


def test_shows_and_clears_remembered_hashes(filled, tmp_path):
    image = tmp_path / "image"
    image.write_bytes(b"one")
    known = Known(hashes.stamp(image.stat()), "0123456789abcdef")
    hashes.remember({image: known, tmp_path / "other": known})
    assert row(shown(), "hashes")[1] == "2"
    assert "removed hashes: " in (text := shown("hashes"))
    assert row(text, "hashes")[1:3] == ["0", "0 bytes"]
    assert hashes.recall([image]) == {}
    assert (filled / "fits").exists()
    hashes.remember({image: known})
    assert hashes.recall([image, tmp_path / "other"]) == {image: known}
    shown("all")
    assert hashes.recall([image]) == {}


def test_a_kind_that_is_not_there_is_one_line(filled):
    with pytest.raises(ConfigError, match=r"--clear: expected one of .* but got 'fit'; did you mean 'fits'\?"):
        shown("fit")
    assert (filled / "fits").exists()
