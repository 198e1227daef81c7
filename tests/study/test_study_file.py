import pytest

from ura_study.errors import ConfigError
from ura_study.study.study_file import load_yaml


def write(tmp_path, text):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1.5E+2", 150.0),
        ("-.5", -0.5),
        ("3", 3),
        ("3.", 3.0),
        ("1_0", "1_0"),
        ("1:30", "1:30"),
        ("e3", "e3"),
        ("01", "01"),
        ("0", 0),
        ("-12", -12),
    ],
)
def test_numbers_are_what_they_look_like(tmp_path, text, value):
    loaded = load_yaml(write(tmp_path, f"lr: {text}"))["lr"]
    assert loaded == value
    assert type(loaded) is type(value)


def test_environment_variables(tmp_path, monkeypatch):
    monkeypatch.setenv("MVTEC_ROOT", "/data/mvtec")
    assert load_yaml(write(tmp_path, "data: {roots: ['${MVTEC_ROOT}/x']}")) == {"data": {"roots": ["/data/mvtec/x"]}}


def test_unset_variable_names_key_and_variable(tmp_path, monkeypatch):
    monkeypatch.delenv("MVTEC_ROT", raising=False)
    monkeypatch.setenv("MVTEC_ROOT", "/data")
    path = write(tmp_path, "data: {root: '${MVTEC_ROT}'}")
    with pytest.raises(ConfigError) as caught:
        load_yaml(path)
    assert (
        str(caught.value) == f"{path}: data.root: environment variable MVTEC_ROT is not set; did you mean 'MVTEC_ROOT'?"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", ", line 2: key 'a' stands twice"),
        ("a: [1", ", line 1: expected ',' or ']', but got '<stream end>'"),
        ("- 1", ": expected a mapping of keys to values, but got list"),
        ("", ": expected a mapping of keys to values, but got NoneType"),
        ("a: !!python/object:os.system {}", ", line 1: could not determine a constructor for the tag"),
    ],
)
def test_what_is_no_study(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_yaml(path)
    assert str(caught.value).startswith(f"{path}{message}")
    assert "\n" not in str(caught.value)


def test_missing_file_names_the_nearest(tmp_path):
    write(tmp_path, "a: 1")
    with pytest.raises(ConfigError, match=r"stdy.yaml: no such file; did you mean 'study.yaml'\?"):
        load_yaml(tmp_path / "stdy.yaml")


def test_binary_file(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_yaml(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{[a, b]: 1}", "expected a name as key"),
        ("a: !!int abc", "invalid literal"),
        ("a: &a [*a]", "an anchor (&) contains itself (*)"),
        ("a: &a {b: [{c: *a}]}", "an anchor (&) contains itself (*)"),
        ("a: !!bool maybe", "a value is not of the type that its tag, !!, says"),
        ('a: !!int ""', "a value is not of the type that its tag, !!, says"),
        ("a: !!timestamp foo", "a value is not of the type that its tag, !!, says"),
        (f"a: {'[' * 2000}{']' * 2000}", "is nested too deeply to be a study"),
        (
            "\n".join(["a0: &a0 [1]", *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9))]),
            "more than 100,000 values, once aliases (*) are replaced by what they stand for",
        ),
    ],
)
def test_odd_yaml_is_one_line(tmp_path, text, message):
    with pytest.raises(ConfigError) as caught:
        load_yaml(write(tmp_path, text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_alias_that_stands_twice_is_no_circle(tmp_path):
    assert load_yaml(write(tmp_path, "a: &a [1]\nb: [*a, *a]")) == {"a": [1], "b": [[1], [1]]}
