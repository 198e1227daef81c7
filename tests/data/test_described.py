"""The protocol in words, also where variants differ in it."""

import pytest

from ura_study.data import described as words
from ura_study.data.config import DataSettings


def told(*every):
    return words.described(*(DataSettings.model_validate(data) for data in every))


def test_the_usual_protocol_is_not_told():
    assert told({}) == told({}, {}) == told({"validation": 0.2}) == ""


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (
            [{}, {"shots": 1}, {"shots": 4}],
            "shots differ between variants (all, 1, 4): each seed trains on so many of a category's images, drawn by "
            "the seed",
        ),
        (
            [{}, {"contamination": 0.05}],
            "contamination differs between variants (0 %, 5 %): so many of a category's anomalous test images, drawn "
            "by the seed, are trained on as normal and not tested on, so differences between variants are partly those "
            "of their test images",
        ),
        (
            [{"contamination": 0.05, "validation": 0.2}],
            "contaminated: 5 % of a category's anomalous test images, drawn by the seed, are trained on as normal, "
            "some perhaps held out as normal, and not tested on",
        ),
        (
            [{"corruption": {"kind": "shift", "severity": 2}}],
            "test images are corrupted (shift, severity 2), other images are not",
        ),
        ([{"corruption": {"severity": 2}}], ""),
        (
            [{}, {"corruption": {"kind": "shift"}}],
            "test images are corrupted in some variants, other images in none",
        ),
        (
            [{}, {"image_size": 128}],
            "maps are judged at different sizes (256, 128), which alone changes pixel metrics; one data.eval_size "
            "judges all alike",
        ),
        ([{"eval_size": 256}, {"image_size": 128, "eval_size": 256}], ""),
        ([{}, {"resize": "crop"}], "variants see and are judged on different parts of the images"),
        (
            [{"test": {"categories": ["grass"]}}],
            "cross-data: trained on images of one category and tested on those of another, named train → test; pairs "
            "with one training category share their training",
        ),
    ],
)
def test_what_is_unusual(every, expected):
    assert told(*every) == expected


def test_training_and_testing_are_told_apart():
    data = DataSettings.model_validate({"shots": 4, "corruption": {"kind": "contrast"}})
    assert words.trained_on(data).startswith("4-shot: ")
    assert words.tested_on(data).startswith("test images are corrupted (contrast")
    assert words.described(data) == f"{words.trained_on(data)}; {words.tested_on(data)}"
