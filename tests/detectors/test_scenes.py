"""No normalisation may ruin what the residual finds: made scenes of the three kinds that inspection knows."""

import numpy as np
import pytest
import torch
from datasets import FeatureMaps

from ura_study.detectors.build import build_detector
from ura_study.detectors.uranet.config import URANetSettings
from ura_study.metrics.evaluate import evaluate
from ura_study.training.config import TrainingSettings
from ura_study.training.loop import fit

SIDE, CHANNELS = 16, (10, 14)
SCALES = (1.0, 30.0)  # layers of a network have activations of different size
POINTS = 2.0


def texture(rng):
    """Independent tokens of five kinds, everywhere."""
    kinds = np.random.default_rng(1).normal(size=(5, sum(CHANNELS)))
    field = kinds[rng.integers(5, size=(SIDE, SIDE))]
    return field + 0.3 * rng.normal(size=field.shape), np.ones((SIDE, SIDE), bool)


def aligned(rng):
    """A part that always lies the same way; its left half varies four times as much from image to image."""
    template = np.random.default_rng(2).normal(size=(SIDE, SIDE, sum(CHANNELS)))
    spread = np.where(np.arange(SIDE) < SIDE // 2, 0.4, 0.1)[None, :, None]
    return template + spread * rng.normal(size=template.shape), np.ones((SIDE, SIDE), bool)


def loose(rng):
    """An object somewhere before a plain background, on which there is dust, little of it and only at the border."""
    parts = np.random.default_rng(3).normal(size=(8, sum(CHANNELS))) * 2
    row, column = np.mgrid[:SIDE, :SIDE]
    top, left = rng.integers(4, SIDE - 4, size=2)
    angle = np.arctan2(row - top, column - left) + rng.uniform(0, 2 * np.pi)
    inside = np.hypot(row - top, column - left) < 4
    field = 0.02 * rng.normal(size=(SIDE, SIDE, sum(CHANNELS)))
    field[inside] = parts[np.floor(angle[inside] / (2 * np.pi) * 8).astype(int) % 8]
    field[inside] += 0.3 * rng.normal(size=field[inside].shape)
    dust = rng.integers(SIDE, size=3)
    field[0, dust] += 0.3 * rng.normal(size=(3, sum(CHANNELS)))
    return field, inside


def scenes(scene, images, seed, defects):
    """Return feature maps and masks (images, S, S); a defect is normal content with noise that is nowhere normal."""
    rng, fields, masks = np.random.default_rng(seed), [], []
    for _ in range(images):
        field, place = scene(rng)
        mask = np.zeros((SIDE, SIDE), bool)
        if defects:
            row, column = rng.choice(np.argwhere(place))
            mask[row : row + 2, column : column + 3] = True
            mask &= place
            field[mask] += 0.45 * rng.normal(size=field[mask].shape)
        fields.append(field.astype(np.float32))
        masks.append(mask)
    layers = np.split(np.stack(fields).transpose(0, 3, 1, 2), [CHANNELS[0]], axis=1)
    return FeatureMaps(tuple(layer * scale for layer, scale in zip(layers, SCALES, strict=True)), SIDE), masks


def average_precision(maps, masks):
    found = evaluate(np.ones(len(maps), bool), maps.amax(dim=(1, 2)).numpy(), maps, masks)
    return 100 * found.values["pixel_ap"]


def judged(scene):
    """Return the pixel AP of the map, of the raw residual, and of the residual over what is usual at its position."""
    train, _ = scenes(scene, 24, 0, defects=False)
    test, masks = scenes(scene, 24, 1, defects=True)
    model = {"perception": {"width": 24}, "restoration": {"width": 24, "prototypes": 512, "exclusion": 1}}
    detector = build_detector(URANetSettings.model_validate(model), train.channels, SIDE)
    list(fit(detector, train, TrainingSettings(steps=30), 0, torch.device("cpu")))
    detector.calibrate(train, torch.Generator().manual_seed(0))

    def residual(images, numbers=None):
        with torch.no_grad():
            error, _ = detector._evidence(detector._standardise(images), numbers)
        return error.square().mean(dim=2).sqrt().view(-1, SIDE, SIDE)

    raw = residual(test.batch(slice(None)).features)
    usual = residual(train.batch(slice(None)).features, torch.arange(24)).mean(dim=0)
    maps = detector.score(test.batch(slice(None))).maps
    return tuple(average_precision(found, masks) for found in (maps, raw, raw / usual))


@pytest.mark.parametrize("scene", [texture, aligned, loose])
def test_the_map_is_about_as_good_as_the_raw_residual(scene):
    ours, raw, _ = judged(scene)
    assert ours > raw - POINTS


def test_a_level_for_each_position_would_ruin_the_maps_of_a_loose_object():
    """Why there is none, although it would serve a part that always lies the same way."""
    ours, _, by_position = judged(loose)
    assert by_position < ours - 30
