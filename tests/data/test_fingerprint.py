import shutil

import pytest
from datasets import write_category
from PIL import Image

from ura_study.data import hashes
from ura_study.data.fingerprint import BLOCK, file_digest, fingerprint
from ura_study.data.layouts.mvtec_ad import read


def test_same_content_elsewhere_is_the_same(mvtec_root, tmp_path):
    shutil.copytree(mvtec_root, tmp_path / "copy")
    assert fingerprint(read(mvtec_root, "nut")) == fingerprint(read(tmp_path / "copy", "nut"))


def test_any_change_shows(tmp_path):
    folder = write_category(tmp_path, "nut")
    seen = {fingerprint(read(tmp_path, "nut"))}
    Image.new("L", (64, 64)).save(folder / "train/good/000.png")
    seen.add(fingerprint(read(tmp_path, "nut")))
    Image.new("L", (64, 64)).save(folder / "ground_truth/square/000_mask.png")
    seen.add(fingerprint(read(tmp_path, "nut")))
    (folder / "ground_truth/square/000_mask.png").unlink()
    seen.add(fingerprint(read(tmp_path, "nut")))
    (folder / "test/good/000.png").rename(folder / "test/square/900.png")
    seen.add(fingerprint(read(tmp_path, "nut")))
    assert len(seen) == 5


@pytest.mark.parametrize("place", [0, BLOCK - 1, BLOCK, 2 * BLOCK])
def test_every_byte_of_a_large_file_counts(tmp_path, place):
    path = tmp_path / "large"
    content = bytearray(3 * BLOCK)
    path.write_bytes(content)
    before = file_digest(path)
    content[place] = 1
    path.write_bytes(content)
    assert file_digest(path) != before


def test_a_file_is_read_once(tmp_path, monkeypatch):
    path = tmp_path / "image"
    path.write_bytes(b"x")
    monkeypatch.setattr(hashes, "SETTLING", 0)
    before = file_digest(path)
    monkeypatch.setattr(type(path), "open", lambda *arguments: pytest.fail("read again"))
    assert file_digest(path) == before
