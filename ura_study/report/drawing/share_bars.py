"""Bars of the shares of variance due to each key, to interactions of keys, and to seeds (analysis of variance)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ura_study.report.drawing.style import BLACK, BLUE, GREY, shown
from ura_study.results.decomposition import Share

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(axes: Axes, shares: Sequence[Share], keys: Sequence[str]) -> None:
    """Draw a bar for each share, hatched for an interaction; a black line marks the share expected by chance."""
    for y, effect in enumerate(shares):
        colour = BLUE if effect.axes else GREY
        together = len(effect.axes) > 1
        look: dict[str, Any] = {
            "facecolor": "white" if together else colour,
            "edgecolor": colour,
            "hatch": "/////" if together else None,
        }
        axes.barh(y, effect.share, height=0.65, linewidth=0.6, **look)
        chance = 0.0 if math.isnan(effect.chance) else effect.chance
        axes.text(max(effect.share, chance) + 0.01, y, f"{100 * effect.share:.0f} %", va="center", fontsize=6)
        if not math.isnan(effect.chance):
            axes.plot([chance] * 2, [y - 0.42, y + 0.42], color=BLACK, linewidth=1.2)
    axes.set_yticks(range(len(shares)), [named(effect, keys) for effect in shares])
    axes.set_ylim(len(shares) - 0.4, -0.6)
    axes.set_xlim(0, 1.15 * max(effect.share for effect in shares))
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g}")
    axes.set_xlabel("share of the variance (%)")
    axes.tick_params(axis="y", length=0)


def named(effect: Share, keys: Sequence[str]) -> str:
    """Return the name of an effect, e.g. `strength × depth`; `seeds` for the effect of no key."""
    return " × ".join(shown(keys[axis], 18) for axis in effect.axes) or "seeds"
