"""The Bayesian signed-rank test with a region of practical equivalence.

Benavoli, Corani, Mangili, Zaffalon & Ruggeri, A Bayesian Wilcoxon signed-rank test based on the Dirichlet process, ICML
2014; with the region: Benavoli, Corani, Demšar & Zaffalon, Time for a change, JMLR 2017, section 4.3.

The distribution of differences over units has a Dirichlet process as its prior, of strength `STRENGTH` and at one
place (0: in the region). A draw from the posterior gives each of the n differences and that place a weight. The mean of
two differences drawn with these weights lies below, within or above the region with some probability each, and the
test tells how often each of the three is the largest.

Our own choice: with few units the place of the prior matters, and a prior in the region would take two small
differences for proof of equivalence. So a difference is called negligible only if it is so with the prior at −∞ and +∞,
too (the imprecise test of 2014). That takes at least six units.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

#: Strength of the prior: it counts as half a unit, as in the papers.
STRENGTH = 0.5
#: Number of draws from the posterior; the standard error of a probability of 0.95 is 0.002.
DRAWS = 10_000
#: Seed of the draws, set anew for each number of units, so that a result does not depend on the rest of a table.
SEED = 20140621
#: Probability above which a difference is called negligible.
SURE = 0.95


class Posterior(NamedTuple):
    """Probabilities that the larger part of differences lies below, within or above the region; they sum to 1."""

    below: float
    within: float
    above: float


def posterior(differences: np.ndarray, rope: float, prior: float = 0.0) -> Posterior:
    """Return the posterior probabilities of differences (units,).

    Args:
        differences: at least one.
        rope: differences from -`rope` to `rope` are practically equivalent; more than 0, in the unit of differences.
        prior: the place of the prior, finite or infinite.
    """
    places = np.array([prior, *differences])  # (n + 1,)
    twice = places[:, None] + places  # (n + 1, n + 1), twice the mean of two
    weights = _weights(len(differences))  # (draws, n + 1)
    below, above = (_mass(weights, np.heaviside(side - 2 * rope, 0.5)) for side in (-twice, twice))
    largest = np.argmax([below, 1 - below - above, above], axis=0)
    return Posterior(*(np.bincount(largest, minlength=3) / DRAWS).tolist())


def judged(differences: np.ndarray, rope: float) -> tuple[Posterior, bool]:
    """Return the posterior with the prior at 0, and whether differences lie in the region wherever the prior is."""
    found = posterior(differences, rope)
    sure = found.within > SURE and all(posterior(differences, rope, end).within > SURE for end in (-math.inf, math.inf))
    return found, sure


def _mass(weights: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Return for each draw the weight (draws,) of the pairs that count; `among` (n + 1, n + 1) is 0, 0.5 or 1."""
    if not among.any():
        return np.zeros(len(weights))
    return np.einsum("ij,ij->i", weights @ among, weights)


@lru_cache(maxsize=32)
def _weights(units: int) -> np.ndarray:
    return np.random.default_rng(SEED).dirichlet([STRENGTH, *[1.0] * units], DRAWS)
