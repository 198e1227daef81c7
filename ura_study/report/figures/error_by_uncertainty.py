"""Uncertainty against error: is a detector wrong more often where it is uncertain? See `metrics.error_by_uncertainty`.

Above, the share of tokens judged wrongly by uncertainty, and the share expected from the probabilities; below, the
number of tokens, on a logarithmic scale.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ura_study.metrics.error_by_uncertainty import EPISTEMIC, TOTAL, ErrorByUncertainty, pooled
from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.style import STYLES, TWO, canvas, sentences, shown
from ura_study.report.figures.choice import contrasted, unshown
from ura_study.report.figures.registry import figure as registered
from ura_study.results.results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Most variants shown, with two lines each.
MOST = 3
#: Shares are not drawn for bins with fewer tokens, in which they are noise.
FEWEST = 20


@dataclass(frozen=True)
class VariantErrors:
    """One variant."""

    name: str
    counts: ErrorByUncertainty
    runs: int


@dataclass(frozen=True)
class Errors:
    """The content of the figure."""

    lines: tuple[VariantErrors, ...]
    unshown: str
    caveats: tuple[str, ...]


def errors_by_uncertainty(results: Results) -> Errors | None:
    """Return the counts of the baseline and of variants to contrast, summed over runs; None if no run has any."""
    lines = []
    for name in contrasted(results, len(STYLES)):
        cells = [(name, category, seed) for category in results.plan.categories for seed in results.plan.seeds]
        parts = [d.errors for cell in cells if (d := results.details(*cell)) is not None and d.errors is not None]
        if parts:
            lines.append(VariantErrors(name, pooled(parts), len(parts)))
    if not lines:
        return None
    first = sorted(lines, key=lambda line: line.name != results.baseline)[:MOST]  # the baseline is never left out
    kept = tuple(line for line in lines if line in first)
    return Errors(kept, unshown(results, [line.name for line in kept]), results.caveats)


def draw(info: Errors) -> Drawn:
    """Return the figure: total uncertainty on the left, its epistemic part on the right."""
    with canvas(TWO, 2.9) as figure:
        grid = figure.subplots(2, 2, height_ratios=(3, 1), sharex="col", sharey="row")
        for (above, below), kind, edges in zip(grid.T, ("total", "epistemic"), (TOTAL, EPISTEMIC), strict=True):
            for line, look in zip(info.lines, STYLES, strict=False):
                _line(above, below, getattr(line.counts, kind), edges, shown(line.name, 24), look)
            below.set_xlabel(f"{kind} uncertainty (standard deviation)")
        grid[0, 0].set(ylabel="share judged wrongly")
        grid[1, 0].set(ylabel="tokens", yscale="log")
        grid[1, 1].set(xscale="log")
        _plain(grid[1, 0], grid[1, 1])
        grid[0, 0].plot([], [], color="0.3", linewidth=0.5, label="promised by the probabilities")
        grid[0, 0].legend(loc="upper left")
    return Drawn("uncertainty-error", _caption(info), _alt(info), figure)


def _line(above: Axes, below: Axes, counts: np.ndarray, edges: np.ndarray, name: str, look: tuple) -> None:
    (colour, marker, dashes), (tokens, wrong, promised) = look, counts
    at = (edges[:-1] + edges[1:]) / 2 if np.allclose(np.diff(edges), edges[1] - edges[0]) else _middle(edges)
    kept = tokens >= FEWEST
    style = {"color": colour, "marker": marker, "linestyle": dashes, "markersize": 3}
    above.plot(at[kept], (wrong / np.maximum(tokens, 1))[kept], label=name, **style)
    above.plot(at[kept], (promised / np.maximum(tokens, 1))[kept], color=colour, linewidth=0.5, linestyle=dashes)
    below.plot(at[tokens > 0], tokens[tokens > 0], **style)


def _middle(edges: np.ndarray) -> np.ndarray:
    return np.sqrt(edges[:-1] * edges[1:])


def _plain(tokens: Axes, deviations: Axes) -> None:
    """Write the ticks of logarithmic axes as plain numbers, not as formulas."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    for axis in (tokens.yaxis, deviations.xaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _caption(info: Errors) -> str:
    runs = max(line.runs for line in info.lines)
    return sentences(
        "Uncertainty against error, tokens of the test images with known masks: share judged wrongly (anomalous at a "
        "probability of one half and more) by total uncertainty and by its epistemic part; thin lines: "
        f"the share that the probabilities promise. "
        f"{f'Up to {runs} runs of a variant together' if runs > 1 else 'One run of a variant'}; bins of fewer "
        f"than {FEWEST} tokens are left out. Below, how many tokens the bins hold.",
        info.unshown,
        *info.caveats,
    )


def _alt(info: Errors) -> str:
    def share(counts: np.ndarray) -> str:
        kept = np.flatnonzero(counts[0] >= FEWEST)
        if not kept.size:
            return "too few tokens"
        first, last = ((counts[1] / np.maximum(counts[0], 1))[kept[i]] for i in (0, -1))
        return f"from {100 * first:.1f} % wrong where least uncertain to {100 * last:.1f} % where most"

    texts = (f"{line.name}: {share(line.counts.total)}" for line in info.lines)
    return f"Uncertainty against error. {'; '.join(texts)}."


@registered("study")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield the figure if a run has counts."""
    if (info := errors_by_uncertainty(results)) is not None:
        yield draw(info)
