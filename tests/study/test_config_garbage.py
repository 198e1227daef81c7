"""Whatever stands in a study file: it is refused in one line, which says nothing of the program's inside."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ura_study.errors import ConfigError
from ura_study.study.config import Study, VariantSettings, validated


def _keys(schema):
    yield from schema.get("properties", {})
    for part in schema.get("$defs", {}).values():
        yield from _keys(part)


KEYS = st.one_of(
    st.sampled_from(sorted(set(_keys(Study.model_json_schema())))),
    st.sampled_from(["SynthesisSettings", "literal[False]", "[key]", "", "a.b", "a\nb"]),
    st.text(max_size=4),
    st.integers(-1, 2),
    st.none(),
    st.booleans(),
    st.dates(),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.dates(),
    st.binary(max_size=3),
    st.sampled_from(["all", "mvtec_ad", "uranet", "image_auroc", "random"]),
)
GARBAGE = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


def refusal(schema, raw):
    try:
        validated(schema, raw, "x")
    except ConfigError as error:
        return str(error)
    return "x: fine"


def is_one_line(told):
    leaks = ("Settings]", "function-", "instance of", "Input should", "dictionary")
    return told.startswith("x: ") and len(told.splitlines()) == 1 and not any(leak in told for leak in leaks)


@settings(max_examples=150, deadline=None)
@given(GARBAGE)
@example({"base": {"model": {"synthesis": {"min_area": 0.5}}}, "study": "x"})
def test_any_garbage_is_refused_in_one_line(raw):
    assert is_one_line(refusal(Study, raw))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["synthesis", "perception", "restoration", "fusion", "name"]), GARBAGE, KEYS)
def test_garbage_deep_inside_is_refused_in_one_line(part, raw, key):
    assert is_one_line(refusal(VariantSettings, {"model": {part: raw}}))
    assert is_one_line(refusal(VariantSettings, {"model": {part: {key: raw}}}))
