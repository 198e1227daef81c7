"""Canonical JSON, in which equal values have equal text, and digests of it."""

from __future__ import annotations

import hashlib
import json

#: Hexadecimal digits of an identity: 64 bits, so a million runs collide with probability 3e-8.
DIGITS = 16


def canonical(value: object) -> str:
    """Return `value` (dicts, lists, numbers, strings, booleans, None) as JSON with sorted keys and no blanks.

    Raises:
        ValueError: for NaN or infinities, which JSON cannot say.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: object) -> str:
    """Return the identity of `value`: the first 16 hexadecimal digits of BLAKE2b over its canonical JSON."""
    # file names that are not UTF-8 reach Python as surrogates
    return hashlib.blake2b(canonical(value).encode(errors="surrogatepass")).hexdigest()[:DIGITS]
