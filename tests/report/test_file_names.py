import pytest

from ura_study.report.file_names import LONGEST, file_name


@pytest.mark.parametrize("name", ["c" * 248, "ü" * 200, "产" * 90])
def test_long_names_fit_into_a_file_system_and_stay_apart(tmp_path, name):
    one, other = file_name(f"{name}1"), file_name(f"{name}2")
    assert one != other
    (tmp_path / f"pictures-{one}.svg").touch()
    assert len(one.encode()) < LONGEST + 40


def test_short_names_stay():
    assert file_name("metal nut") == "metal nut"
    assert file_name("a/b") == "a-b"
