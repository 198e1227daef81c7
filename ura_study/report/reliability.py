"""The reliability diagram of a study: are tokens that are said to be anomalous with probability p so in p of the cases?

Above, the share of anomalous tokens by mean probability: on the diagonal the two agree, above it defects are
underestimated. Below, how many tokens the bins hold, on a logarithmic scale. See `metrics.calibration`.

The curve is of all tokens together, but the error in the legend is the mean of the runs', as in the tables: together,
what is overestimated in one category would make up for what is underestimated in another.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from matplotlib import rc_context
from matplotlib.figure import Figure

from ura_study.metrics.calibration import Reliability, ece, pooled
from ura_study.plan import Plan
from ura_study.runs.record import Record

#: A column of a two-column paper, in inches.
WIDTH = 3.3
#: Colours of Okabe & Ito, which colour-blind readers tell apart; markers and dashes serve in greyscale.
STYLES = (
    ("#000000", "o", "-"),
    ("#0072B2", "s", "--"),
    ("#D55E00", "^", "-."),
    ("#009E73", "D", ":"),
    ("#E69F00", "v", (0, (5, 1, 1, 1, 1, 1))),
)


@dataclass(frozen=True)
class Curve:
    """One variant's line: all of its runs that have counts."""

    name: str
    counts: Reliability
    ece: float
    """Expected calibration error, mean over its runs, 0..1."""
    runs: int


def curves(plan: Plan, records: Mapping[str, Record]) -> list[Curve]:
    """Return a curve for each variant that has counts, added over categories and seeds, in the order of the plan.

    A variant with the same runs as one before it, under another name, has no curve of its own.
    """
    found, seen = [], set()
    for variant in plan.variants:
        ids = plan.ids[variant.name]
        parts = [Reliability.of(records[i].reliability) for i in ids if i in records and records[i].reliability]
        if parts and ids not in seen:
            found.append(Curve(variant.name, pooled(parts), fmean(map(ece, parts)), len(parts)))
        seen.add(ids)
    return found


def draw(found: Sequence[Curve], kind: Literal["svg", "pdf", "png"] = "svg") -> bytes:
    """Return the diagram of at least one curve as a file; the same bytes for the same curves.

    Of more curves than can be told apart the first ones are drawn, and the legend says how many are not.
    """
    figure = Figure(figsize=(WIDTH, 1.25 * WIDTH), layout="constrained")
    above, below = figure.subplots(2, height_ratios=(3, 1), sharex=True)
    above.plot([0, 1], [0, 1], color="0.6", linewidth=0.8)
    for curve, (colour, marker, dashes) in zip(found, STYLES, strict=False):
        taken = curve.counts.tokens > 0
        p = curve.counts.probability[taken]
        look = {"color": colour, "marker": marker, "linestyle": dashes, "markersize": 3, "linewidth": 1}
        above.plot(p, curve.counts.share[taken], label=f"{curve.name} (ECE {100 * curve.ece:.1f} %)", **look)
        below.plot(p, curve.counts.tokens[taken], **look)
    left_out = len(found) - len(STYLES)
    above.legend(fontsize=6, frameon=False, loc="upper left", title_fontsize=6, title=_note(left_out))
    above.set(ylabel="share of anomalous tokens", ylim=(-0.02, 1.02), aspect="auto")
    below.set(xlabel="probability of being anomalous", ylabel="tokens", yscale="log", xlim=(-0.02, 1.02))
    for axes in (above, below):
        axes.tick_params(labelsize=7)
        axes.xaxis.label.set_size(8)
        axes.yaxis.label.set_size(8)
        axes.spines[["top", "right"]].set_visible(False)
    return _file(figure, kind)


def _note(left_out: int) -> str | None:
    return f"{left_out} more variants are not shown" if left_out > 0 else None


def _file(figure: Figure, kind: str) -> bytes:
    file, undated = io.BytesIO(), {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    with rc_context({"svg.hashsalt": "reliability", "pdf.fonttype": 42}):
        figure.savefig(file, format=kind, metadata=undated[kind], dpi=300)
    return file.getvalue()
