"""Arrays are read from NumPy archives as NumPy reads them, or not at all."""

import io
import zlib

import numpy as np
import pytest

from ura_study.runs.archive import array, arrays

SOME = {
    "nothing": np.zeros((0,)),
    "empty": np.zeros((3, 0)),
    "scalar": np.array(5),
    "turned": np.eye(4)[:, :2].T,
    "texts/ä": np.array(["ä", "b"]),
    "half": np.ones(3, np.float16),
}


def packed(save=np.savez_compressed, **named):
    file = io.BytesIO()
    save(file, **named)
    return file.getvalue()


def same(one, other):
    return (one.dtype, one.shape, one.tolist()) == (other.dtype, other.shape, other.tolist())


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_archive_is_read_as_numpy_reads_it(save):
    found = arrays(io.BytesIO(packed(save, **SOME)))
    assert list(found) == list(SOME)
    assert all(same(found[name], SOME[name]) for name in SOME)


@pytest.mark.parametrize("name", SOME)
def test_an_array_is_read_as_numpy_reads_it(name):
    file = io.BytesIO()
    np.save(file, SOME[name])
    assert same(array(file.getvalue()), SOME[name])


def test_some_are_left_out_by_the_beginning_of_their_names():
    content = packed(**{"a/1": np.ones(9), "b": np.ones(1), "a/2": np.ones(9), "c": np.zeros(2)})
    assert list(arrays(io.BytesIO(content), ("a/", "d"))) == ["b", "c"]


@pytest.mark.parametrize("length", range(0, 400, 7))
def test_a_part_of_an_archive_is_refused(length):
    content = packed(a=np.random.default_rng(0).random(40), b=np.ones(3))
    assert content.index(b"PK\x01\x02") > 400
    with pytest.raises((ValueError, zlib.error)):
        arrays(io.BytesIO(content[:length]))
    with pytest.raises((ValueError, zlib.error)):
        arrays(io.BytesIO(content[:length]), ("a", "b"))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_changed_byte_is_noticed(save):
    content = bytearray(packed(save, a=np.random.default_rng(0).random(40)))
    content[300] ^= 1
    with pytest.raises((ValueError, zlib.error)):
        arrays(io.BytesIO(bytes(content)))


def test_python_objects_are_refused():
    with pytest.raises(ValueError, match="OBJECT"):
        arrays(io.BytesIO(packed(a=np.array([{}], dtype=object))))
