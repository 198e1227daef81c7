"""What is wrong, or worth knowing, about one category: pure, from its sample table and a look at its files.

This module is long because it is a list of short, independent checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ura_study.data.checks import twins
from ura_study.data.checks.facts import Counts
from ura_study.data.checks.look import Look
from ura_study.data.checks.tally import counts
from ura_study.data.files import shown
from ura_study.data.preprocessing import Depth
from ura_study.data.table import DOUBTFUL, GOOD, Category, Sample, Why

Looks = Mapping[Path, Look]
#: A mask with more distinct values than this is reported.
SHADES = 16


@dataclass(frozen=True)
class Finding:
    """One line about a category."""

    text: str
    spoils: bool
    """Whether results would be wrong or undefined; otherwise the finding is only information."""


def findings(
    category: Category, looks: Looks, published: Counts | None, black_masks: int, depth: Depth = "type"
) -> list[Finding]:
    """Return all findings of a category, those that spoil results first.

    Args:
        looks: of every image and mask of the category.
        published: the official numbers of images, where known.
        black_masks: how many masks of defects are all black in the published set.
        depth: how the images are read.
    """
    found = (
        *_unreadable(category, looks),
        *_missing_images(category),
        *_pages(category, looks),
        *_range(category, looks, depth),
        *_doubtful(category),
        *_masks(category, looks, black_masks),
        *_left(category),
        *_copies(category, looks),
        *_groups(category),
        *_counts(category, published),
    )
    return sorted(found, key=lambda finding: not finding.spoils)


def strays(paths: Sequence[Path]) -> list[Finding]:
    """Return the finding of images in the root that are in no category's folder."""
    texts = [shown(path) for path in paths]
    return [Finding(_first(texts, "image", "images", "in no folder of a category"), spoils=False)] if texts else []


def _left(category: Category) -> Iterator[Finding]:
    for why in Why:
        if paths := [shown(left.path) for left in category.left if left.why is why]:
            yield Finding(_first(paths, *why.value), spoils=False)


def _unreadable(category: Category, looks: Looks) -> Iterator[Finding]:
    paths = [sample.path for sample in (*category.train, *category.test)] + _mask_paths(category)
    broken = [looks[path].problem for path in paths if looks[path].problem]
    if broken:
        yield Finding(_first(broken, "file", "files", "cannot be read"), spoils=True)


def _missing_images(category: Category) -> Iterator[Finding]:
    _, normal, anomalous = counts(category)
    if not anomalous:
        yield Finding("no anomalous test image: every metric is undefined", spoils=True)
    elif not normal:
        yield Finding("no normal test image: image metrics are undefined", spoils=True)


def _pages(category: Category, looks: Looks) -> Iterator[Finding]:
    paths = [str(s.path) for s in (*category.train, *category.test) if looks[s.path].pages > 1]
    if paths:
        yield Finding(_first(paths, "file", "files", "of several pictures, of which the first is read"), spoils=False)


def _range(category: Category, looks: Looks, depth: Depth) -> Iterator[Finding]:
    """Report images whose values use little of the range by which they are scaled: few grey levels are left."""
    found = [looks[sample.path].brightest for sample in (*category.train, *category.test)]
    known = [value for value in found if value is not None]
    most = 0 if depth == "file" else 65535 if depth == "type" else (1 << depth) - 1
    if known and 4 * max(known) < most:
        many = f"{len(known)} image{'s' * (len(known) != 1)} of more than 8 bits"
        bits = max(max(known).bit_length(), 1)
        text = f"{many}, whose brightest value is {max(known):,} of {most:,}: data.depth: {bits} would fill the range"
        yield Finding(text, spoils=False)


def _doubtful(category: Category) -> Iterator[Finding]:
    paths = [str(sample.path) for sample in category.test if sample.defect == DOUBTFUL]
    if paths:
        what = f"of a kind of defect called '{GOOD}', tested as anomalous"
        yield Finding(_first(paths, "image", "images", what), spoils=True)


def _masks(category: Category, looks: Looks, black_masks: int) -> Iterator[Finding]:
    anomalous = [sample for sample in category.test if sample.anomalous]
    without = [str(sample.path) for sample in anomalous if not sample.masks]
    if anomalous and len(without) == len(anomalous):
        yield Finding("no masks: pixel metrics are undefined", spoils=False)
    elif without:
        text = _first(without, "anomalous image", "anomalous images", "without a mask: pixel metrics are undefined")
        yield Finding(text, spoils=True)
    other = [
        f"{mask} is {_size(looks[mask])}, its image {_size(looks[sample.path])}"
        for sample in anomalous
        for mask in sample.masks
        if not (looks[mask].problem or looks[sample.path].problem) and looks[mask].size != looks[sample.path].size
    ]
    if other:
        yield Finding(_first(other, "mask", "masks", "of another size than the image"), spoils=True)
    black = [str(s.masks[0]) for s in anomalous if s.masks and all(looks[mask].black for mask in s.masks)]
    if black:
        known = f" ({black_masks} are in the published set)" if black_masks else ""
        text = _first(black, "defect", "defects", f"with an all-black mask, all its pixels count as normal{known}")
        yield Finding(text, spoils=len(black) > black_masks)
    grey = [str(path) for path in _mask_paths(category) if looks[path].shades > SHADES]
    if grey:
        text = _first(grey, "mask", "masks", f"with more than {SHADES} values, as of a lossy or resized one")
        yield Finding(f"{text}; what is not black counts as a defect", spoils=False)
    most = [str(path) for path in _mask_paths(category) if looks[path].share > 0.5]
    if most:
        yield Finding(_first(most, "mask", "masks", "of more than half of the image: inverted?"), spoils=False)


def _copies(category: Category, looks: Looks) -> Iterator[Finding]:
    train, test = _readable(category.train, looks), _readable(category.test, looks)
    contents = [[looks[sample.path].content for sample in samples] for samples in (train, test)]
    same = twins.exact(*contents)
    if same:
        text = _first([_pair(train[i], test[j]) for i, j in same], "test image", "test images", "also trained on")
        yield Finding(text, spoils=True)
    repeated = twins.repeated(contents[1])
    torn = [_pair(test[i], test[j]) for i, j in repeated if test[i].anomalous != test[j].anomalous]
    if torn:
        yield Finding(_first(torn, "test image", "test images", "both normal and anomalous"), spoils=True)
    for samples, split in ((train, "training"), (test, "test")):
        copies = twins.repeated([looks[sample.path].content for sample in samples])
        pairs = [_pair(samples[i], samples[j]) for i, j in copies]
        if split == "test":
            pairs = [pair for pair in pairs if pair not in torn]
        if pairs:
            yield Finding(_first(pairs, f"{split} image", f"{split} images", f"twice in {split}"), spoils=False)
    hashes = [[looks[sample.path].likeness for sample in samples] for samples in (train, test)]
    alike = [(i, j) for i, j in twins.near(*hashes) if contents[0][i] != contents[1][j]]
    if alike:
        text = _first(
            [_pair(train[i], test[j]) for i, j in alike],
            "test image",
            "test images",
            "nearly alike to a training image",
        )
        yield Finding(f"{text}; look whether they show the same item", spoils=False)


def _groups(category: Category) -> Iterator[Finding]:
    trained = {sample.group for sample in category.train if sample.group is not None}
    both = sorted(trained & {sample.group for sample in category.test})
    if both:
        yield Finding(
            _first(both, "patient or item", "patients or items", "both trained on and tested on"), spoils=False
        )


def _counts(category: Category, published: Counts | None) -> Iterator[Finding]:
    if published is None:
        return
    pairs = zip(("training", "normal test", "anomalous test"), counts(category), published, strict=True)
    odd = [f"{found} {name} ({official})" for name, found, official in pairs if official not in (None, found)]
    if odd:
        yield Finding(f"other numbers of images than published: {', '.join(odd)}", spoils=False)


def _mask_paths(category: Category) -> list[Path]:
    return [mask for sample in category.test for mask in sample.masks]


def _readable(samples: Sequence[Sample], looks: Looks) -> list[Sample]:
    return [sample for sample in samples if not looks[sample.path].problem]


def _pair(one: Sample, other: Sample) -> str:
    return f"{one.path} and {other.path}"


def _size(look: Look) -> str:
    return f"{look.size[0]}×{look.size[1]}"


def _first(items: Sequence[str], one: str, many: str, what: str) -> str:
    """Return e.g. `3 masks without an image, e.g. /data/a.png`."""
    example = f": {items[0]}" if len(items) == 1 else f", e.g. {items[0]}"
    return f"{len(items)} {one if len(items) == 1 else many} {what}{example}"
