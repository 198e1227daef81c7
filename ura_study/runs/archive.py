"""Reading the arrays of a NumPy archive (`np.savez_compressed`) one after the other, as they stand in it.

Reading small arrays with `zipfile` takes twice as long, as it makes an object for each entry of the directory at the
end, and with NumPy longer still, as it parses the header of each array anew.
"""

from __future__ import annotations

import io
import struct
import zlib
from functools import lru_cache
from typing import BinaryIO

import numpy as np

#: Before each file (APPNOTE.TXT of PKWARE, 4.3.7): signature, method, CRC-32, size, lengths of name and extra field.
HEADER = struct.Struct("<4s4xH4xLL4xHH")
FILE, DIRECTORY, DEFLATED, NEWER = b"PK\x03\x04", b"PK\x01\x02", 8, 0xFFFFFFFF


def arrays(file: BinaryIO, left_out: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Return name → array, read-only, of all arrays but those whose names begin with one of `left_out`.

    Raises:
        ValueError: where it is no such archive, or one of an array of Python objects.
        zlib.error: where an array is damaged.
    """
    found, skipped = {}, tuple(name.encode() for name in left_out)
    while len(header := file.read(HEADER.size)) == HEADER.size and header.startswith(FILE):
        _, method, checksum, size, *lengths = HEADER.unpack(header)
        name, extra = file.read(lengths[0]), file.read(lengths[1])
        if size == NEWER:  # NumPy always writes sizes of 8 bytes, into the extra field (4.5.3)
            size = int.from_bytes(extra[12:20], "little")
        if name.startswith(skipped):
            file.seek(size, io.SEEK_CUR)
            continue
        content = file.read(size)
        if method == DEFLATED:
            content = zlib.decompress(content, -zlib.MAX_WBITS)
        if zlib.crc32(content) != checksum:
            raise ValueError(f"{name.decode()} has another checksum")
        found[name.decode().removesuffix(".npy")] = array(content)
    if not header.startswith(DIRECTORY):
        raise ValueError("no NumPy archive, or a part of one")
    return found


def array(content: bytes) -> np.ndarray:
    """Return the array, read-only, of a `.npy` file.

    Raises:
        ValueError: where it is none, or of Python objects.
    """
    end = 10 + int.from_bytes(content[8:10], "little")
    shape, fortran, dtype = _layout(content[:end])
    return np.frombuffer(content, dtype, offset=end).reshape(shape, order="F" if fortran else "C")


@lru_cache(maxsize=1000)
def _layout(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return shape, order and type of an array from the header of its file, which is of version 1.0 unless enormous."""
    file = io.BytesIO(header)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("an array whose header is not of version 1.0")
    return np.lib.format.read_array_header_1_0(file)
