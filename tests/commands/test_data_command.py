"""`ura-study data check` on whole and on spoiled copies of data sets, and `data list`."""

from __future__ import annotations

import io
import shutil

import numpy as np
import pytest
import trees
from PIL import Image
from rich.console import Console

from ura_study.commands import data as data_commands
from ura_study.data.checks.facts import FACTS, Counts, Facts
from ura_study.errors import ConfigError, DataError


@pytest.fixture
def check(tmp_path):
    """Check a data set; return exit code and what was printed."""

    def checked(layout="mvtec_ad", root=tmp_path / "set"):
        text = io.StringIO()
        code = data_commands.check(layout, root, Console(file=text, width=300))
        return code, text.getvalue()

    return checked


@pytest.fixture
def bottle(tmp_path):
    """A small category that is as it should be; its folder."""
    trees.write_mvtec_like(tmp_path / "set", "bottle")
    return tmp_path / "set/bottle"


def lines(text, label):
    return [line for line in text.splitlines() if line.startswith(label)]


@pytest.mark.parametrize("layout", sorted(trees.WRITERS))
def test_small_copies_are_in_order(check, tmp_path, layout):
    trees.WRITERS[layout](tmp_path / "set")
    code, text = check(layout)
    assert (code, lines(text, "problem")) == (0, [])
    assert text.endswith("nothing that would spoil results\n")


def test_both_sets_of_a_study_are_looked_at(check, tmp_path, bottle):
    trees.write_mvtec_like(tmp_path / "other", "bottle")
    (tmp_path / "other/bottle/test/scratch/0.png").write_bytes(b"no image")
    (tmp_path / "other/stray.png").write_bytes(b"no image")
    study = tmp_path / "study.yaml"
    study.write_text("{study: x, data: {layout: mvtec_ad, root: set, test: {root: other}}}")
    code, text = check(str(study), None)
    assert "mvtec_ad → mvtec_ad: images found" in text
    assert "│ bottle → bottle │" in text
    assert any("other/bottle/test/scratch/0.png" in line for line in lines(text, "problem: bottle → bottle: "))
    assert lines(text, f"note: {tmp_path}/other: ")
    assert code == 1


def test_numbers_are_shown_beside_those_published(check, bottle):
    code, text = check()
    row = [cell.strip() for cell in next(line for line in text.splitlines() if "│ bottle" in line).split("│")[1:-1]]
    assert row == ["bottle", "8", "3", "3", "3", "32×32", "scratch 3", "209 / 20 / 63"]
    assert code == 0
    notes = lines(text, "note")
    assert notes[0] == (
        "note: bottle: other numbers of images than published: 8 training (209), 3 normal test (20), "
        "3 anomalous test (63)"
    )
    assert notes[1].startswith("note: not there: cable, capsule, carpet, ")


def test_the_published_numbers_are_no_note(check, bottle, monkeypatch):
    facts = Facts("", "", "", "", "", {"bottle": Counts(8, 3, 3)})
    monkeypatch.setitem(FACTS, "mvtec_ad", facts)
    assert lines(check()[1], "note") == []


def _truncate(bottle):
    path = bottle / "test/good/001.jpg"
    Image.effect_noise((200, 200), 80).save(path)
    path.write_bytes(path.read_bytes()[:-900])


def _text_as_png(bottle):
    (bottle / "train/good/003.png").write_text("text")


def _empty_defects(bottle):
    shutil.rmtree(bottle / "test/scratch")


def _empty_good(bottle):
    shutil.rmtree(bottle / "test/good")


def _black(bottle):
    trees.mask(bottle / "ground_truth/scratch/001_mask.png", value=0)


def _another_size(bottle):
    trees.mask(bottle / "ground_truth/scratch/001_mask.png", size=40)


def _no_mask(bottle):
    (bottle / "ground_truth/scratch/001_mask.png").unlink()


def _other_stem(bottle):
    (bottle / "ground_truth/scratch/001_mask.png").rename(bottle / "ground_truth/scratch/one.png")


def _other_folder(bottle):
    (bottle / "ground_truth/scratch").rename(bottle / "ground_truth/Scratch")


def _leak(bottle):
    shutil.copy(bottle / "train/good/004.png", bottle / "test/good/900.png")


def _both(bottle):
    shutil.copy(bottle / "test/good/001.png", bottle / "test/scratch/002.png")


def _no_training(bottle):
    for path in (bottle / "train/good").iterdir():
        path.unlink()


def _circle(bottle):
    (bottle / "test/good/900.png").symlink_to("900.png")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (
            _truncate,
            "bottle: 1 file cannot be read: {bottle}/test/good/001.jpg: cannot be read as an image (image file ",
        ),
        (
            _text_as_png,
            "bottle: 1 file cannot be read: {bottle}/train/good/003.png: cannot be read as an image (not an ",
        ),
        (_circle, "bottle: 1 file cannot be read: {bottle}/test/good/900.png: cannot be read (Too many levels of "),
        (_empty_defects, "bottle: no anomalous test image: every metric is undefined"),
        (_empty_good, "bottle: no normal test image: image metrics are undefined"),
        (
            _other_folder,
            "bottle: {bottle}/ground_truth/Scratch/000_mask.png: this mask fits no image of ",
        ),
        (_black, "bottle: 1 defect with an all-black mask, all its pixels count as normal: {truth}/001_mask.png"),
        (
            _another_size,
            "bottle: 1 mask of another size than the image: {truth}/001_mask.png is 40×40, its image 32×32",
        ),
        (
            _no_mask,
            "bottle: 1 anomalous image without a mask: pixel metrics are undefined: {bottle}/test/scratch/001.png",
        ),
        (
            _other_stem,
            "bottle: {truth}/one.png: this mask fits no image of {bottle}/test/scratch, while 001.png has none",
        ),
        (_leak, "bottle: 1 test image also trained on: {bottle}/train/good/004.png and {bottle}/test/good/900.png"),
        (
            _both,
            "bottle: 1 test image both normal and anomalous: {bottle}/test/good/001.png and {bottle}/test/scratch/0",
        ),
        (_no_training, "bottle: {bottle}/train/good: no training image ("),
    ],
)
def test_what_spoils_results_is_one_line(check, bottle, harm, told):
    harm(bottle)
    code, text = check()
    assert code == 1
    (problem,) = lines(text, "problem")
    assert problem.startswith("problem: " + told.format(bottle=bottle, truth=bottle / "ground_truth/scratch"))
    assert "1 problem that would spoil results" in text


def _near(bottle):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 12), np.uint8)).resize((300, 300))
    noise.save(bottle / "train/good/900.png")
    noise.resize((200, 200)).save(bottle / "test/good/900.jpg")


def _twice(bottle):
    shutil.copy(bottle / "train/good/001.png", bottle / "train/good/900.png")


def _extra_mask(bottle):
    trees.mask(bottle / "ground_truth/scratch/900_mask.png")


def _masks_of_normal(bottle):
    trees.mask(bottle / "ground_truth/good/000_mask.png", value=0)


def _elsewhere(bottle):
    trees.pictures(bottle / "train/bad", 3)
    trees.pictures(bottle / "preview", 1)


def _other_endings(bottle):
    for name in ("000.gif", "001.GIF", "notes.txt", "Thumbs.db", ".DS_Store"):
        (bottle / "train/good" / name).write_text("x")


def _no_masks(bottle):
    shutil.rmtree(bottle / "ground_truth")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (
            _near,
            "1 test image nearly alike to a training image: {bottle}/train/good/900.png and {bottle}/test/good/900.j",
        ),
        (_twice, "1 training image twice in training: {bottle}/train/good/001.png and {bottle}/train/good/900.png"),
        (_extra_mask, "1 mask without an image: {bottle}/ground_truth/scratch/900_mask.png"),
        (_masks_of_normal, "1 mask of normal images, which need none: {bottle}/ground_truth/good/000_mask.png"),
        (_elsewhere, "4 images not read, in no folder that the layout has, e.g. {bottle}/preview/000.png"),
        (_other_endings, "2 files not read, of no ending that images have, e.g. {bottle}/train/good/000.gif"),
        (_no_masks, "no masks: pixel metrics are undefined"),
    ],
)
def test_what_is_worth_knowing_does_not_fail(check, bottle, harm, told):
    harm(bottle)
    code, text = check()
    assert code == 0
    assert any(line.startswith(f"note: bottle: {told.format(bottle=bottle)}") for line in lines(text, "note")), text


def test_a_kind_of_defect_called_good_is_doubtful(check, tmp_path, bottle):
    trees.pictures(bottle / "test/ok", 3)
    study = tmp_path / "study.yaml"
    study.write_text("study: x\ndata: {layout: folder, root: set, folder: {normal: test/ok}}\n")
    code, text = check(str(study), None)
    assert code == 1
    (problem,) = [line for line in lines(text, "problem") if "of a kind" in line]
    assert problem == (
        "problem: bottle: 3 images of a kind of defect called 'good', tested as anomalous, "
        f"e.g. {bottle}/test/good/000.png"
    )


def test_images_in_no_category_are_told(check, bottle):
    trees.pictures(bottle.parent / "nut/train/Good", 2)
    code, text = check()
    assert code == 0
    assert (
        f"note: {bottle.parent}: 2 images in no folder of a category, e.g. {bottle.parent}/nut/train/Good/000.png"
        in text
    )


def test_photographs_of_tiles_in_other_folders_are_told(check, tmp_path):
    trees.write_magnetic_tile(tmp_path / "set")
    extra = trees.picture(tmp_path / "set/MT_Break/Imgs/more/exp1_num_7.jpg", 0)
    _, text = check("magnetic_tile")
    assert f"note: magnetic_tile: 1 image not read, in no folder that the layout has: {extra}" in text


def test_files_beside_the_table_of_visa_are_told(check, tmp_path):
    trees.write_visa(tmp_path / "set")
    data = tmp_path / "set/candle/Data"
    trees.picture(data / "Images/Normal/900.JPG", 0)
    trees.mask(data / "Masks/Anomaly/900.png", value=1)
    _, text = check("visa")
    assert f"note: candle: 1 mask without an image: {data}/Masks/Anomaly/900.png" in text
    assert f"note: candle: 1 image not read, in no line of the split table: {data}/Images/Normal/900.JPG" in text


def test_a_split_that_leaves_nothing_to_train_on(check, tmp_path, bottle):
    for path in sorted((bottle / "train/good").iterdir())[1:]:
        shutil.copy(bottle / "train/good/000.png", path)
    study = tmp_path / "study.yaml"
    study.write_text("study: x\ndata: {layout: folder, root: set, folder: {normal: false}}\n")
    code, text = check(str(study), None)
    assert code == 1
    (problem,) = lines(text, "problem")
    assert problem.startswith(
        f"problem: bottle: {bottle}/train/good: setting a share of these images apart for testing leaves none to train "
    )


def test_black_masks_of_the_published_set_are_known(check, tmp_path):
    root = tmp_path / "set"
    trees.write_magnetic_tile(root)
    for kind in ("MT_Blowhole", "MT_Break", "MT_Fray", "MT_Uneven"):
        for path in (root / kind / "Imgs").glob("*.png"):
            trees.mask(path, value=0)
    code, text = check("magnetic_tile")
    assert code == 0
    assert "4 defects with an all-black mask, all its pixels count as normal (4 are in the published set)" in text
    trees.mask(next((root / "MT_Crack/Imgs").glob("*.png")), value=0)
    assert check("magnetic_tile")[0] == 1


def test_patients_on_both_sides(check, tmp_path):
    trees.write_oct2017(tmp_path / "set")
    trees.picture(tmp_path / "set/test/NORMAL/NORMAL-1002-9.jpeg", 0)
    _, text = check("oct2017")
    assert "note: oct2017: 1 patient or item both trained on and tested on: 1002" in text


def test_a_study_says_everything(check, tmp_path, bottle):
    (bottle / "train/good").rename(bottle / "ok")
    study = tmp_path / "study.yaml"
    study.write_text("study: x\ndata: {layout: folder, root: set, folder: {train: ok}}\n")
    assert check(str(study), None)[0] == 0


def test_wrong_arguments(check, tmp_path):
    with pytest.raises(ConfigError, match=r"ura-study data check: layout: expected .* did you mean 'btad'\?"):
        check("btat")
    with pytest.raises(ConfigError, match="layout 'btad' needs a root"):
        check("btad", None)
    with pytest.raises(DataError, match="there is no such folder"):
        check("btad", tmp_path / "none")


def test_the_list_names_all_layouts():
    text = io.StringIO()
    assert data_commands.listing(Console(file=text, width=300)) == 0
    assert all(f"{name}  {facts.title}\n" in text.getvalue() for name, facts in FACTS.items())
    assert text.getvalue().count("  licence ") == len(FACTS)


def test_defects_that_cannot_be_told_apart_at_the_size_of_the_study_are_told(check, bottle):
    mask = np.zeros((512, 512), np.uint8)
    mask[10:12, 10:12] = mask[10:12, 13:15] = mask[200:260, 200:260] = 255
    Image.fromarray(mask).save(bottle / "ground_truth/scratch/001_mask.png")
    Image.fromarray(mask).resize((512, 512)).save(bottle / "test/scratch/001.png")
    _, text = check()
    assert "note: bottle: 4 of 5 regions of defects are told apart at 256 px (data.image_size, data.eval_size)" in text


def _grey(bottle):
    path = bottle / "ground_truth/scratch/001_mask.png"
    Image.fromarray(np.arange(1024, dtype=np.uint16).reshape(32, 32).astype(np.uint8)).save(path)


def _inverted(bottle):
    path = bottle / "ground_truth/scratch/001_mask.png"
    Image.fromarray(255 - np.asarray(Image.open(path))).save(path)


def _pages(bottle):
    one = Image.new("L", (32, 32), 9)
    one.save(bottle / "test/good/900.tif", save_all=True, append_images=[Image.new("L", (32, 32), 90)])


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (_grey, "1 mask with more than 16 values, as of a lossy or resized one: {truth}/001_mask.png; what is not "),
        (_inverted, "1 mask of more than half of the image: inverted?: {truth}/001_mask.png"),
        (_pages, "1 file of several pictures, of which the first is read: {bottle}/test/good/900.tif"),
    ],
)
def test_odd_masks_and_files_are_told(check, bottle, harm, told):
    harm(bottle)
    _, text = check()
    line = told.format(bottle=bottle, truth=bottle / "ground_truth/scratch")
    assert any(note.startswith(f"note: bottle: {line}") for note in lines(text, "note")), text


@pytest.mark.parametrize(
    ("top", "depth", "told"),
    [
        (4000, "type", "14 images of more than 8 bits, whose brightest value is 4,000 of 65,535: data.depth: 12"),
        (4000, 12, None),
        (900, 12, "whose brightest value is 900 of 4,095: data.depth: 10 would fill the range"),
        (4000, 10, "problem: bottle: 14 files cannot be read, e.g. "),
        (4000, "file", None),
        (17000, "type", None),
    ],
)
def test_a_range_of_which_little_is_used(tmp_path, bottle, top, depth, told):
    rng = np.random.default_rng(0)
    for path in (p for p in sorted(bottle.rglob("*.png")) if "ground_truth" not in p.parts):
        values = rng.integers(0, top, Image.open(path).size[::-1]).astype(np.uint16)
        values[0, 0] = top
        Image.fromarray(values).save(path)
    study = tmp_path / "study.yaml"
    study.write_text(f"study: a\ndata: {{layout: mvtec_ad, root: set, image_size: 32, depth: {depth}}}\n")
    text = io.StringIO()
    data_commands.check(str(study), None, Console(file=text, width=300))
    said = text.getvalue()
    if told is None:
        assert "more than 8 bits" not in said
    else:
        assert told in said
