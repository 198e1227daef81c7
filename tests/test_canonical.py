import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ura_study.canonical import DIGITS, canonical, digest

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def test_spelling():
    assert canonical({"b": [1, 2.0, "é"], "a": {"d": None, "c": True}}) == '{"a":{"c":true,"d":null},"b":[1,2.0,"é"]}'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_json_cannot_say(number):
    with pytest.raises(ValueError, match="Out of range float"):
        canonical({"a": [number]})


@given(VALUES)
def test_canonical_json_says_the_same_whatever_the_order(value):
    assert json.loads(canonical(value)) == value
    if isinstance(value, dict):
        assert canonical(dict(reversed(value.items()))) == canonical(value)


def test_digest_is_the_beginning_of_blake2b():
    assert digest({"a": 1}) == hashlib.blake2b(b'{"a":1}').hexdigest()[:DIGITS] == "f5bfc4e425382a0c"


def test_file_names_that_are_not_utf8_have_digests():
    one, other = (name.decode(errors="surrogateescape") for name in (b"Kratzer_\xe4", b"Kratzer_\xe5"))
    assert digest(one) != digest(other)
