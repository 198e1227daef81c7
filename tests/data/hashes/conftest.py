"""A file, a data set, and a process that can be made to forget."""

from __future__ import annotations

import pytest
from datasets import write_category

from ura_study.data import fingerprint as module
from ura_study.data import hashes
from ura_study.data.layouts.mvtec_ad import read


@pytest.fixture(autouse=True)
def reads(monkeypatch):
    """Paths that were read, in order; files that were written just now count as settled."""
    monkeypatch.setattr(hashes, "SETTLING", 0)
    seen, whole = [], module._content_digest
    monkeypatch.setattr(module, "_content_digest", lambda path: (seen.append(path), whole(path))[1])
    return seen


@pytest.fixture
def later(monkeypatch, reads):
    """Return what makes this process know as little as one that starts now."""

    def forget() -> None:
        monkeypatch.setattr(module, "_known", {})
        reads.clear()

    return forget


@pytest.fixture
def nut(tmp_path):
    write_category(tmp_path / "set", "nut")
    return read(tmp_path / "set", "nut")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "image"
    path.write_bytes(b"one")
    return path


@pytest.fixture
def database(cache):
    return cache / "hashes" / f"v{hashes.VERSION}.sqlite"
