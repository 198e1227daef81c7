import pytest

from ura_study.errors import ConfigError, DataError, ResourceError, UserError, nearest


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("strenght", ["share", "strength"], "; did you mean 'strength'?"),
        ("x", ["share", "strength"], ""),
        ("", ["share", ""], "; did you mean ''?"),
        ("3", [1, 2, 3], "; did you mean '3'?"),
        ("a", [], ""),
        ("nut", {"nuts": 1}, "; did you mean 'nuts'?"),
    ],
)
def test_nearest(name, known, hint):
    assert nearest(name, known) == hint


@pytest.mark.parametrize("kind", [ConfigError, DataError, ResourceError])
def test_errors_of_the_user(kind):
    assert issubclass(kind, UserError)
    assert str(kind("one line")) == "one line"
