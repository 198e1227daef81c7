"""Keys and values as written in names of variants, in tables and in figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from ura_study.canonical import canonical
from ura_study.study.config import Value


def short_names(keys: Collection[str]) -> dict[str, str]:
    """Return the shortest ending of each dotted key that no other key has: `strength`, `restoration.depth`."""

    def ends(key: str) -> Iterator[str]:
        parts = key.split(".")
        return (".".join(parts[-length:]) for length in range(1, len(parts) + 1))

    owners: dict[str, set[str]] = defaultdict(set)
    for key in keys:
        for end in ends(key):
            owners[end].add(key)
    return {key: next((end for end in ends(key) if owners[end] == {key}), key) for key in keys}


def readable(value: Value) -> str:
    """Return a value as it stands in names and tables, e.g. `0.3`, `[2, 3]` or `patchcore(coreset=0.1)`."""
    named = next((key for key in ("name", "kind") if isinstance(value, dict) and key in value), None)
    if named is not None:  # a detector, say: patchcore(coreset=0.1)
        options = ", ".join(f"{key}={readable(item)}" for key, item in value.items() if key != named)
        return f"{value[named]}({options})" if options else str(value[named])
    return value if isinstance(value, str) else canonical(value).replace(",", ", ").replace('"', "")
