import shutil

import pytest
from datasets import write_category

from ura_study.data.fingerprint import file_digest
from ura_study.data.layouts.mvtec_ad import read
from ura_study.data.table import Sample
from ura_study.data.validation import split
from ura_study.errors import DataError


@pytest.fixture
def samples(tmp_path):
    write_category(tmp_path, "nut", train=40)
    return read(tmp_path, "nut").train


def chosen(samples, share=0.3):
    """The contents in each part of a split."""
    parts = split(samples, share)
    return tuple([file_digest(samples[i].path) for i in part] for part in (parts.train, parts.normal, parts.altered))


def test_every_image_is_in_one_part(samples):
    parts = split(samples, 0.3)
    assert (len(parts.train), len(parts.normal), len(parts.altered)) == (28, 6, 6)
    assert sorted(parts.train + parts.normal + parts.altered) == list(range(40))


def test_neither_names_nor_order_matter(samples, tmp_path):
    train, normal, altered = chosen(samples)
    renamed = []
    for index, sample in enumerate(reversed(samples)):
        path = tmp_path / f"{(7 * index) % 41}.png"
        shutil.copy(sample.path, path)
        renamed.append(Sample(path, "good"))
    again = chosen(renamed)
    assert (set(train), set(normal), altered) == (set(again[0]), set(again[1]), again[2])


@pytest.mark.parametrize(("share", "held"), [(0.01, 8), (0.2, 8), (0.25, 10), (0.275, 11), (0.5, 20)])
def test_the_share_but_at_least_eight(samples, share, held):
    parts = split(samples, share)
    assert len(parts.normal) + len(parts.altered) == held
    assert len(parts.normal) - len(parts.altered) in (0, 1)


def test_a_greater_share_holds_out_more_of_the_same(samples):
    (_, *few), (_, *many) = chosen(samples, 0.2), chosen(samples, 0.4)
    assert all(set(a) < set(b) for a, b in zip(few, many, strict=True))


def test_copies_of_an_image_stay_together(samples, tmp_path):
    copies = []
    for sample in samples:
        copy = sample.path.with_name(f"copy-{sample.path.name}")
        shutil.copy(sample.path, copy)
        copies.append(Sample(copy, "good"))
    train, normal, altered = chosen((*samples, *copies))
    assert not {*train} & {*normal, *altered}
    assert not {*normal} & {*altered}
    assert (len(train), len(normal), len(altered)) == (56, 12, 6)
    assert len(set(altered)) == 6


def test_too_few_images_is_one_line(tmp_path):
    write_category(tmp_path, "few", train=15)
    shutil.copy(tmp_path / "few/train/good/000.png", tmp_path / "few/train/good/999.png")
    with pytest.raises(DataError) as caught:
        split(read(tmp_path, "few").train, 0.5)
    assert str(caught.value) == (
        f"{tmp_path}/few/train/good: data.validation needs at least 16 different training images, but got 15"
    )


def test_sixteen_images_are_enough(tmp_path):
    write_category(tmp_path, "enough", train=16)
    parts = split(read(tmp_path, "enough").train, 0.1)
    assert (len(parts.train), len(parts.normal), len(parts.altered)) == (8, 4, 4)
