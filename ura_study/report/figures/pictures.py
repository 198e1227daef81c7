"""For some test images of each category: the input, its mask, and the maps that led to its score.

A run of the baseline kept these images for the reasons in `runs.pictures`: the anomalous images with the highest,
median and lowest score, false alarms and misses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ura_study.report.drawing.drawn import Drawn
from ura_study.report.drawing.strips import Strip, draw, spanned
from ura_study.report.drawing.style import sentences
from ura_study.report.figures.registry import figure as registered
from ura_study.report.file_names import file_name
from ura_study.results.results import Results
from ura_study.runs.details import EXAMPLE, FALSE_ALARM, HIGHEST, LOWEST, MEDIAN, MISS, Details, Picture

#: Reasons in the order of the columns.
ORDER = (HIGHEST, MEDIAN, LOWEST, MISS, FALSE_ALARM)
#: Most columns on a page.
MOST = 7


@dataclass(frozen=True, eq=False)
class Seen:
    """The pictures of one run."""

    variant: str
    category: str
    seed: int
    run_id: str
    details: Details
    pictures: tuple[Picture, ...]
    caveats: tuple[str, ...] = ()

    @property
    def heads(self) -> list[list[str]]:
        """The lines of text above each picture: why it is shown, its kind of defect, its image score."""
        return [
            [
                ", ".join(reason for reason in picture.reasons if reason != EXAMPLE),
                self.details.defects[picture.index],
                f"{self.details.scores[picture.index]:.3g}",
            ]
            for picture in self.pictures
        ]


def seen(results: Results) -> Iterator[Seen]:
    """Yield the pictures of the baseline for each category, from the first seed with pictures chosen by score."""
    for category in results.plan.categories:
        for seed in results.plan.seeds:
            details = results.pictured(results.baseline, category, seed)
            if details is not None and (kept := ordered(details.pictures)):
                run_id = results.plan.cells[results.baseline, category, seed]
                yield Seen(results.baseline, category, seed, run_id, details, kept, results.caveats)
                break


def ordered(pictures: Sequence[Picture]) -> tuple[Picture, ...]:
    """Return at most `MOST` pictures that were chosen by score, in the order of the columns."""
    places = ((picture, [ORDER.index(r) for r in picture.reasons if r in ORDER]) for picture in pictures)
    ranked = sorted(((min(found), picture) for picture, found in places if found), key=lambda one: one[0])
    return tuple(picture for _, picture in ranked[:MOST])


def strips(pictures: Sequence[Picture]) -> list[Strip]:
    """Return the rows: input, mask, and each kind of map that the detector gives, with its colour scale."""
    rows = [Strip("input", [p.input for p in pictures]), Strip("mask", [p.mask for p in pictures])]
    scales = {"probability": (0.0, 1.0), "uncertainty": (0.0, 0.5)}
    names = {"residual": "restored residual", "probability": "anomaly probability", "anomaly": "anomaly map"}
    for name in ("residual", "probability", "uncertainty", "anomaly"):
        maps = [p.maps.get(name) for p in pictures]
        if all(values is None for values in maps):
            continue
        label = names.get(name, name)
        rows.append(Strip(label, maps, scales[name]) if name in scales else spanned(label, maps))
    return rows


def figure(info: Seen) -> Drawn:
    """Return the figure of one category."""
    rows = strips(info.pictures)
    return draw(f"pictures-{file_name(info.category)}", info.heads, rows, _caption(info, rows), _alt(info))


def legend(info: Seen, rows: Sequence[Strip]) -> str:
    """Return a description of a sheet of the rows: its columns, its rows and their scales."""
    columns = "; ".join(f"{reason} ({defect}, score {score})" for reason, defect, score in info.heads)
    scaled = (f"{row.label} ({row.scale[0]:.3g} to {row.scale[1]:.3g})" if row.scale else row.label for row in rows)
    return f"From left to right: {columns}. From top to bottom: {', '.join(scaled)}."


def _caption(info: Seen, rows: Sequence[Strip]) -> str:
    shown = {reason for picture in info.pictures for reason in picture.reasons}
    both = info.details.anomalous.any() and not info.details.anomalous.all()
    kinds = ((FALSE_ALARM, "false alarm"), (MISS, "miss")) if both else ()
    missing = [word for reason, word in kinds if reason not in shown]
    return sentences(
        f"{info.category}: what {info.variant} (seed {info.seed}, run {info.run_id}) sees in test images. Above each "
        "its reason, kind of defect and image score. Highest, median and lowest are the anomalous images by score; "
        "false alarms and misses are at the threshold of the largest F1 on these very images.",
        "" if both else "Without both normal and anomalous test images there is no such threshold.",
        f"There is no {' and no '.join(missing)}." if missing else "",
        _scales([row.label for row in rows if row.scale is not None]),
        *info.caveats,
    )


def _scales(own: Sequence[str]) -> str:
    """Return the sentence on the units of the rows with the labels `own`, which have a colour scale."""
    units = {
        "restored residual": "the residual is in standard deviations above what is usual in normal images",
        "uncertainty": "uncertainty is the standard deviation of a token's label",
    }
    told = [units[label] for label in own if label in units]
    if {"restored residual", "anomaly probability"} & set(own):
        told.append("the anomaly map is the smoothed sum of evidence in standard deviations above what is usual")
    else:
        told.append("the anomaly map is in the unit of the detector's distances")
    have = f"Each of {', '.join(own)} has" if len(own) > 1 else f"The {own[0]} has"
    return f"{have} one colour scale, on its right; {'; '.join(told)}."


def _alt(info: Seen) -> str:
    columns = (f"{reason} ({defect}, score {score})" for reason, defect, score in info.heads)
    return f"Pictures of {info.category}: {'; '.join(columns)}."


@registered("pictures")
def figures(results: Results) -> Iterator[Drawn]:
    """Yield a figure for each category that has pictures."""
    yield from map(figure, seen(results))
