"""impasto in imread_benchmark, the public comparison of JPEG decoders (github.com/ternaus/imread_benchmark).

Its registry is the entry points of group ``imread_benchmark.decoders``: where both are installed, ``impasto`` is one of
its decoders. The contract is that of its CONTRIBUTING.md: from bytes or a path to an own, C-contiguous array [H, W, 3]
uint8, red first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imread_benchmark.decoders import BaseDecoder

if TYPE_CHECKING:
    from impasto.ops import Image


class ImpastoDecoder(BaseDecoder):
    """`impasto.ops.decode`, which runs on the thread that calls it, and is imported by its first image."""

    name = "impasto"
    package_name = "impasto"
    group = "mainstream"

    def decode(self, data: bytes) -> Image:
        """Decodes a JPEG.

        Args:
            data: The encoded image.

        Returns:
            [H, W, 3] uint8.

        Raises:
            DecodeError: If the bytes can't be decoded.
        """
        from impasto import ops

        return ops.decode(data)

    def decode_path(self, path: str) -> Image:
        """Decodes a JPEG file.

        Args:
            path: The file.

        Returns:
            [H, W, 3] uint8.

        Raises:
            DecodeError: If the file can't be decoded.
            SourceError: If it can't be read.
        """
        from impasto import ops

        return ops.decode(path)
