import pytest
from hypothesis import given
from hypothesis import strategies as st

from ura_study.report.file_names import file_name, folder_name


@pytest.mark.parametrize(
    ("variant", "name"),
    [
        ("full", "full"),
        ("w/o restoration", "w-o restoration"),
        ("layers=[2, 3]", "layers=[2, 3]"),
        ("a<b>:c", "a-b--c"),
        ("ä" * 100, "ä" * 100),
    ],
)
def test_folder_names(variant, name):
    assert folder_name(variant) == name


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).map(lambda t: t * 30))
def test_folder_names_fit_into_a_file_system(variant):
    name = folder_name(variant)
    assert len(name.encode()) < 255
    assert "/" not in name


def test_long_names_stay_apart():
    one, other = folder_name("x" * 300 + "=1"), folder_name("x" * 300 + "=2")
    assert one != other
    assert one.startswith("x" * 200 + "… ")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(lambda text: text * 9), st.text())
def test_file_names_fit_and_stay_apart(text, other):
    name = file_name(text)
    assert len(f".{name}.parquet.tmp".encode()) < 255
    assert not set(name) & set("/\\\n\0:*")
    assert (name == file_name(other)) == (text == other)


def test_names_that_a_file_may_have_stay_as_they_are():
    assert file_name("pictures-Schlüssel 2") == "pictures-Schlüssel 2"
    assert file_name("a:b") == "a-b 58f02486ecbd07c3"
    assert file_name("x" * 248) == f"{'x' * 200}… 10927594390a1c52"
