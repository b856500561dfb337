"""What a native object leaves for the loader to find: the undefined symbols of an ELF file."""

from __future__ import annotations

import struct

_SYMBOLS = 2  # the kind of section


def undefined(native: bytes) -> frozenset[str]:
    """Names that a 64-bit little-endian ELF object uses and does not have.

    Raises:
        ValueError: it is something else.
    """
    if native[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not an ELF object of 64 bits, little-endian")
    (begin,) = struct.unpack_from("<Q", native, 0x28)
    size, count = struct.unpack_from("<HH", native, 0x3A)
    found = set()
    for k in range(count):
        _, kind, _, _, at, length, link, _, _, each = struct.unpack_from(
            "<IIQQQQIIQQ", native, begin + k * size
        )
        if kind != _SYMBOLS:
            continue
        (names,) = struct.unpack_from("<Q", native, begin + link * size + 0x18)
        for place in range(at, at + length, each):
            name, _, _, section = struct.unpack_from("<IBBH", native, place)
            if section == 0 and name:
                found.add(native[names + name : native.index(b"\0", names + name)].decode())
    return frozenset(found)
