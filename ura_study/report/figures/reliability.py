"""The reliability diagram of a study: of the tokens with predicted probability p, is the share p anomalous?

Above, the share of anomalous tokens by mean predicted probability: on the diagonal both agree, above it the
probability of defects is underestimated. Below, the number of tokens in each bin, on a logarithmic scale. See
`metrics.calibration`.

The curve pools the tokens of all runs, but the error in the legend is the mean of the errors of the runs, as in the
tables: in pooled tokens, overestimates in one category would cancel underestimates in another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from ura_study.metrics.calibration import Reliability, ece, pooled
from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.style import GREY, ONE, STYLES, canvas, sentences, shown
from ura_study.report.figures.choice import left_out
from ura_study.report.figures.registry import figure as registered
from ura_study.results.names import counted
from ura_study.results.results import Results
from ura_study.runs.record import Record
from ura_study.study.plan import Plan

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Curve:
    """The line of one variant: all of its runs that have counts."""

    name: str
    counts: Reliability
    ece: float
    """Expected calibration error, mean over its runs, 0..1."""
    runs: int


def curves(plan: Plan, records: Mapping[str, Record]) -> list[Curve]:
    """Return a curve for each variant that has counts, summed over categories and seeds, in the order of the plan.

    Of variants with the same runs, only the first has a curve.
    """
    found, seen = [], set()
    for variant in plan.variants:
        ids = plan.ids[variant.name]
        parts = [Reliability.of(records[i].reliability) for i in ids if i in records and records[i].reliability]
        if parts and ids not in seen:
            found.append(Curve(variant.name, pooled(parts), fmean(map(ece, parts)), len(parts)))
        seen.add(ids)
    return found


def draw(found: Sequence[Curve], caveats: Sequence[str] = ()) -> Drawn:
    """Return the diagram.

    Args:
        found: at least one curve; as many as there are `STYLES` are drawn, the first ones.
        caveats: sentences that the caption must contain.
    """
    with canvas(ONE, 1.25 * ONE) as figure:
        above, below = figure.subplots(2, height_ratios=(3, 1), sharex=True)
        above.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
        for curve, (colour, marker, dashes) in zip(found, STYLES, strict=False):
            taken = curve.counts.tokens > 0
            p = curve.counts.probability[taken]
            look = {"color": colour, "marker": marker, "linestyle": dashes, "markersize": 3}
            above.plot(p, curve.counts.share[taken], label=_label(curve), **look)
            below.plot(p, curve.counts.tokens[taken], **look)
        above.legend(loc="upper left")
        above.set(ylabel="share of anomalous tokens", ylim=(-0.02, 1.02))
        below.set(xlabel="probability of being anomalous", ylabel="tokens", xlim=(-0.02, 1.02))
        _logarithmic(below)
    return Drawn("reliability", sentences(_caption(found), *caveats), _alt(found), figure)


def _label(curve: Curve) -> str:
    return f"{shown(curve.name, 26)} (ECE {100 * curve.ece:.1f} %)"


def _logarithmic(axes: Axes) -> None:
    """Make the axis of counts logarithmic, with plain numbers at its ticks, not formulas."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _caption(found: Sequence[Curve]) -> str:
    runs = max(curve.runs for curve in found)
    return sentences(
        f"Reliability: share of anomalous tokens by predicted probability, tokens of up to {counted(runs, 'run')} of a "
        "variant together, on held-out training images with synthetic defects. Below, how many tokens the bins hold.",
        "ECE: expected calibration error, mean of the runs'.",
        left_out(len(found) - len(STYLES), kept=f"the first {len(STYLES)} variants"),
    )


def _alt(found: Sequence[Curve]) -> str:
    return f"Reliability diagram. {'; '.join(_label(curve).strip() for curve in found[: len(STYLES)])}."


@registered("study")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield the figure if images were held out and a detector gives probabilities."""
    if found := curves(results.plan, results.records):
        yield draw(found, results.caveats)
