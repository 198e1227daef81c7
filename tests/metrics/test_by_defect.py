"""The metrics of each kind of defect: against the same normal images, without those of other kinds."""

import math

import numpy as np
import pytest
import torch

from ura_study.metrics.evaluate import evaluate
from ura_study.metrics.names import DEFECT_METRICS

KINDS = ["good", "hole", "good", "scratch", "hole", "good"]


def case():
    draws = np.random.default_rng(3)
    labels = np.array([kind != "good" for kind in KINDS])
    masks = [draws.random((16, 16)) < 0.1 if label else None for label in labels]
    maps = draws.random((6, 16, 16)).astype(np.float32)
    maps[1] += 0.5 * masks[1]
    maps[3] += 0.2 * masks[3]
    return {"labels": labels, "scores": maps.max(axis=(1, 2)), "maps": torch.from_numpy(maps), "masks": masks}


@pytest.mark.parametrize(("kind", "kept"), [("hole", [0, 1, 2, 4, 5]), ("scratch", [0, 2, 3, 5])])
def test_a_kind_is_what_evaluate_says_of_its_images_and_the_normal_ones(kind, kept):
    given = case()
    alone = evaluate(*(given[name][kept] for name in ("labels", "scores", "maps")), [given["masks"][i] for i in kept])
    found = evaluate(**given, defects=KINDS).defects
    assert list(found) == ["hole", "scratch"]
    assert found[kind].images == len(kept) - 3
    assert found[kind].values == pytest.approx({name: alone.values[name] for name in DEFECT_METRICS})


def test_a_kind_alone_is_the_whole():
    given = case()
    kinds = ["good" if kind == "good" else "any" for kind in KINDS]
    whole = evaluate(**given, defects=kinds)
    assert whole.defects["any"].values == pytest.approx({name: whole.values[name] for name in DEFECT_METRICS})


def test_the_limit_of_aupro_is_that_of_the_evaluation():
    narrow, usual = (evaluate(**case(), fpr_limit=limit, defects=KINDS).defects["hole"].values for limit in (0.01, 0.3))
    assert narrow["pixel_aupro"] != usual["pixel_aupro"]
    assert narrow["pixel_ap"] == usual["pixel_ap"]


def test_without_kinds_there_are_none():
    assert evaluate(**case()).defects == {}


def undefined_of(**changes):
    found = evaluate(**case() | changes, defects=KINDS).defects
    return {kind: {name for name, value in of.values.items() if math.isnan(value)} for kind, of in found.items()}


def test_undefined():
    pixel = {"pixel_ap", "pixel_aupro"}
    assert undefined_of(maps=None) == {"hole": pixel, "scratch": pixel}
    masks = case()["masks"]
    assert undefined_of(masks=[*masks[:3], None, *masks[4:]]) == {"hole": pixel, "scratch": pixel}  # as of the whole
    black = np.zeros((16, 16), bool)
    assert undefined_of(masks=[*masks[:3], black, *masks[4:]]) == {"hole": set(), "scratch": pixel}
    assert undefined_of(masks=[mask if mask is None else black for mask in masks]) == {"hole": pixel, "scratch": pixel}
    every = {"labels": np.ones(6, bool), "masks": [black if mask is None else mask for mask in masks]}
    assert undefined_of(**every) == {kind: set(DEFECT_METRICS) for kind in ("good", "hole", "scratch")}
    assert evaluate(**case() | {"labels": np.zeros(6, bool), "masks": [None] * 6}, defects=KINDS).defects == {}
