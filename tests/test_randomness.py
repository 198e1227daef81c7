import random

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from ura_study.randomness import derived_seed, generator


def draws(seed, purpose):
    return torch.rand(8, generator=generator(seed, purpose)).tolist()


def test_a_stream_for_each_seed_and_purpose():
    assert draws(0, "fit") == draws(0, "fit")
    assert len({tuple(draws(seed, purpose)) for seed in range(3) for purpose in ("fit", "calibrate")}) == 6


def test_seed_and_purpose_are_not_confused():
    assert derived_seed(1, "1:a") != derived_seed(11, "a")


def test_seeds_are_the_same_in_every_version():
    assert [derived_seed(0, "fit"), derived_seed(1, "fit")] == [2419121836933295133, 910525452021759937]


@given(st.integers(0), st.text())
def test_seeds_have_63_bits(seed, purpose):
    assert 0 <= derived_seed(seed, purpose) < 2**63
    generator(seed, purpose)


def test_what_else_was_drawn_does_not_matter():
    before = draws(0, "fit")
    for seed in (torch.manual_seed, np.random.seed, random.seed):
        seed(1)
    torch.rand(3)
    state = torch.get_rng_state()
    assert draws(0, "fit") == before
    assert torch.equal(torch.get_rng_state(), state)


def test_a_generator_lives_on_the_processor():
    assert generator(0, "fit").device.type == "cpu"
