"""What a search may try in `data` is tried on the images before anything runs."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from ura_study.errors import ConfigError, DataError
from ura_study.opening import open_given

LR = {"training.lr": {"float": [0.001, 0.01]}}
FEWER = "/bolt/train/good: data.shots is 7, but category 'bolt' has 6 different training images"


def opened(root, space, **data):
    search = {"space": space, "trials": 2, "split": "test", "objective": "image_auroc"}
    given = {"layout": "mvtec_ad", "root": str(root), "image_size": 64} | data
    return open_given({"study": "example", "data": given, "search": search})


@pytest.mark.parametrize(
    ("space", "data"),
    [
        ({"data.shots": {"int": [1, 7]}}, {}),
        ({"data.shots": {"int": [1, 7], "log": True}}, {}),
        ({"data.shots": {"int": [1, 7], "step": 3}}, {}),
        ({"data.shots": {"choice": [None, 7, 2]}}, {}),
        ({"data.shots": {"fixed": 7}} | LR, {}),
        (
            {"data.shots": {"choice": [1, 7], "when": {"data.contamination": 0.0}}}
            | {"data.contamination": {"choice": [0.0, 0.5]}},
            {},
        ),
        ({"data.shots": {"int": [1, 7], "when": {"data.contamination": 0.0}}}, {"contamination": 0.5}),
    ],
)
def test_more_shots_than_images_in_a_search_are_found_before_anything_runs(mvtec_root, space, data):
    with pytest.raises(DataError) as caught:
        opened(mvtec_root, space, **data)
    assert str(caught.value) == f"study: search.space.data.shots: {mvtec_root}{FEWER}"


def test_as_many_shots_as_images_may_be_searched(mvtec_root):
    study, plan = opened(mvtec_root, {"data.shots": {"int": [1, 6]}})
    assert study.search is not None
    assert len(plan.variants) == 1  # what a search may try is checked, not planned


def test_a_share_that_moves_nothing_is_found_before_anything_runs(mvtec_root):
    with pytest.raises(DataError) as caught:
        opened(mvtec_root, {"data.contamination": {"float": [0.01, 0.5]}})
    assert str(caught.value) == (
        "study: search.space.data.contamination: category 'bolt': data.contamination 0.01 moves 0 of 3 different "
        "anomalous test images; at least one must move and one must stay"
    )


def test_images_of_no_common_size_are_found_before_anything_runs(mvtec_root):
    Image.new("L", (70, 64)).save(mvtec_root / "nut/test/good/001.png")
    with pytest.raises(DataError, match=r"^study: search\.space\.data\.eval_size: .*001\.png: data\.eval_size 'origin"):
        opened(mvtec_root, {"data.eval_size": {"choice": [64, "original"]}})


def test_a_space_that_cannot_be_searched_is_told_as_before(mvtec_root):
    with pytest.raises(ConfigError, match=r"^study: search\.space\.data\.shots: expected a number >= 1, but got 0$"):
        opened(mvtec_root, {"data.shots": {"int": [0, 7]}})


def test_the_plan_says_so_in_one_line(call, tmp_path, mvtec_root):
    search = {"space": {"data.shots": {"int": [1, 7]}}, "trials": 2, "split": "test", "objective": "image_auroc"}
    data = {"layout": "mvtec_ad", "root": str(mvtec_root), "image_size": 64}
    file = tmp_path / "s.yaml"
    file.write_text(json.dumps({"study": "few", "data": data, "search": search}))
    assert call("plan", str(file)) == (2, "", f"ura-study: {file}: search.space.data.shots: {mvtec_root}{FEWER}\n")
