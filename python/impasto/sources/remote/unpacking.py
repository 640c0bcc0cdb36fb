"""Bytes that may be packed, as what they hold."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

_GZIP = b"\x1f\x8b"
#: As much as one step of unpacking gives, so that a bomb is noticed before it fills memory.
_STEP = 4 << 20


def is_packed(head: bytes) -> bool:
    """Whether bytes begin a gzip file."""
    return head.startswith(_GZIP)


def unpacked(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """What gzip packed, of any number of members one behind the other.

    Raises:
        ValueError: If it is damaged, or ends too soon.
    """
    inflate = zlib.decompressobj(wbits=31)
    begun = False
    for block in blocks:
        rest = block
        while rest:
            if inflate.eof:
                if not rest.strip(b"\0"):  # padding
                    break
                inflate = zlib.decompressobj(wbits=31)
            try:
                found = inflate.decompress(rest, _STEP)
            except zlib.error as error:
                raise ValueError(f"its gzip is damaged: {error}") from error
            begun = True
            rest = inflate.unconsumed_tail or inflate.unused_data
            if found:
                yield found
    if not begun or not inflate.eof:
        raise ValueError("its gzip ends too soon")
