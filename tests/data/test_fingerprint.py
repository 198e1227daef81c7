import shutil

from datasets import write_category
from PIL import Image

from ura_study.data.fingerprint import ENDS, file_digest, fingerprint
from ura_study.data.mvtec_ad import read


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


def test_both_ends_of_a_large_file_count(tmp_path):
    path = tmp_path / "large"
    content = bytearray(3 * ENDS)
    digests = set()
    for place in (None, 0, ENDS - 1, 2 * ENDS, 3 * ENDS - 1):
        changed = bytearray(content)
        if place is not None:
            changed[place] = 1
        path.write_bytes(changed)
        digests.add(file_digest(path))
    path.write_bytes(content + b"\0")
    assert len(digests | {file_digest(path)}) == 6
