"""`ura-study data`: check a data set, and list facts about the supported ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ura_study.data.checks.facts import Counts, facts_of
from ura_study.data.checks.findings import Finding, findings, strays
from ura_study.data.checks.look import Look, look_at
from ura_study.data.checks.tally import counts, kinds, sizes
from ura_study.data.config import DataSettings
from ura_study.data.images import load_masks
from ura_study.data.layouts.config import LAYOUTS
from ura_study.data.layouts.registry import layout_of, locate
from ura_study.data.pairs import pairs, read_pair
from ura_study.data.preprocessing import Depth
from ura_study.data.table import Category
from ura_study.errors import DataError
from ura_study.study.config import validated
from ura_study.study.loading import load_study

#: Exit code if a problem would make results wrong or undefined.
SPOILED = 1


def check(layout: str, root: Path | None, console: Console) -> int:
    """Show the content of a data set and its problems; return 1 if one would make results wrong or undefined, else 0.

    Args:
        layout: the name of a layout, or a study file (`.yaml`, `.yml`) whose `data` section is used.
        root: folder of the data set; not used with a study file.
        console: where to print.

    Raises:
        ConfigError: where the layout or the study file is invalid.
        DataError: where the categories cannot be found.
    """
    data = _settings(layout, root)
    facts = facts_of(data.layout)
    names = pairs(data)
    table = _table(data.layout if data.test is None else f"{data.layout} → {data.test.layout}")
    found: dict[str, list[Finding]] = {}
    for name in names:
        published = facts.counts.get(name)
        try:
            category = read_pair(data, name)
        except DataError as error:
            found[name] = [Finding(str(error), spoils=True)]
            table.add_row(Text(name), "?", "?", "?", "?", "", "", _published(published))
            continue
        with console.status(f"looking at {name}"):
            looks = _looks(category, data.depth)
        found[name] = [
            *findings(category, looks, published, facts.black_masks, data.depth),
            *_regions(data, category, looks),
        ]
        table.add_row(
            *map(Text, (name, *_numbers(category), sizes(category, looks), kinds(category))), _published(published)
        )
    console.print(table)
    for source in (data, data.test):
        if source is not None and (stray := strays(layout_of(source).outside(place := locate(source)))):
            found[str(place)] = stray
    return _told(found, _absent(tuple(names), data, facts.counts), facts.note, console)


def listing(console: Console) -> int:
    """Show the layouts with licence, source, size and citation of their data sets; return 0."""
    for name in LAYOUTS.names():
        facts = facts_of(name)
        console.print(Text.assemble((name, "bold"), f"  {facts.title}"), soft_wrap=True)
        rows = {"licence": facts.licence, "page": facts.page, "size": facts.size, "cite": facts.citation}
        for label, text in (rows | ({"note": facts.note} if facts.note else {})).items():
            console.print(Text(f"  {label:8}{text}"), soft_wrap=True)
    return 0


def _settings(layout: str, root: Path | None) -> DataSettings:
    if layout.endswith((".yaml", ".yml")):
        return load_study(Path(layout)).data
    raw = {"layout": layout} | ({} if root is None else {"root": str(root.absolute())})
    return validated(DataSettings, raw, "ura-study data check")


def _looks(category: Category, depth: Depth) -> dict[Path, Look]:
    samples = (*category.train, *category.test)
    return look_at([sample.path for sample in samples], [mask for sample in samples for mask in sample.masks], depth)


def _table(layout: str) -> Table:
    table = Table(title=f"{layout}: images found", title_justify="left")
    for heading in ("category", "train", "good", "defects", "masks", "pixels", "kinds of defect", "published"):
        table.add_column(heading, justify="right" if heading in ("train", "good", "defects", "masks") else "left")
    return table


def _numbers(category: Category) -> tuple[str, ...]:
    masks = sum(bool(sample.masks) for sample in category.test)
    return tuple(map(str, (*counts(category), masks)))


def _published(published: Counts | None) -> Text:
    return Text(" / ".join("-" if number is None else str(number) for number in published) if published else "")


def _absent(names: tuple[str, ...], data: DataSettings, published: Mapping[str, Counts]) -> list[str]:
    """Return the missing categories of the published set, if the settings ask for all and at least one is present."""
    if data.categories != "all" or not set(names) & set(published):
        return []
    return [name for name in published if name not in names]


def _regions(data: DataSettings, category: Category, looks: dict[Path, Look]) -> list[Finding]:
    """Return a finding if resizing masks to the size of evaluation changes the number of defect regions."""
    from ura_study.data.resizing import regions, resized

    size = data.eval_size or data.image_size
    sound = [s for s in category.test if s.masks and not any(looks[p].problem for p in (s.path, *s.masks))]
    sound = [s for s in sound if all(looks[mask].size == looks[s.path].size for mask in s.masks)]
    if size == "original":
        return []
    crop_from = data.crop_from and round(data.crop_from * size / data.image_size)
    masks = [mask for sample in sound if (mask := load_masks(sample.masks, sample.path)) is not None]
    drawn = sum(map(regions, masks))
    judged = sum(regions(resized(mask, size, crop_from)) for mask in masks)
    if drawn == judged:
        return []
    text = f"{judged} of {drawn} regions of defects are told apart at {size} px (data.image_size, data.eval_size)"
    return [Finding(text, spoils=False)]


def _told(found: dict[str, list[Finding]], absent: list[str], note: str, console: Console) -> int:
    """Print the findings and return the exit code."""
    for name, listed in found.items():
        for finding in listed:
            label = ("problem: ", "red") if finding.spoils else ("note: ", "yellow")
            console.print(Text.assemble(label, f"{name}: {finding.text}"), soft_wrap=True)
    for text in ([f"not there: {', '.join(absent)}"] if absent else []) + ([note] if note else []):
        console.print(Text.assemble(("note: ", "yellow"), text), soft_wrap=True)
    problems = sum(finding.spoils for listed in found.values() for finding in listed)
    spoiled = f"{problems} problem{'s' * (problems != 1)} that would spoil results"
    console.print(Text(spoiled if problems else "nothing that would spoil results"), soft_wrap=True)
    return SPOILED if problems else 0
