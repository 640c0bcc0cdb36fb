"""Decoders of JPEG, PNG and WebP: an image's bytes to [H, W, 3] uint8, by every package that can."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from impasto import ops
from impasto_lab.bench.kernels.decoding import decode_by_pillow
from impasto_lab.bench.kernels.group import Group

Decode = Callable[[bytes], Any]


def _torchvision() -> Decode:
    import torch
    from torchvision.io import ImageReadMode, decode_image

    return lambda data: decode_image(torch.frombuffer(bytearray(data), dtype=torch.uint8), mode=ImageReadMode.RGB)


def _torchcodec() -> Decode:
    from torchcodec.decoders import decode_image

    return lambda data: decode_image(data, mode="RGB")


def _opencv() -> Decode:
    import cv2

    cv2.setNumThreads(0)
    return lambda data: cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)


def _simplejpeg() -> Decode:
    import simplejpeg

    return lambda data: simplejpeg.decode_jpeg(data, "RGB")


def _pyturbojpeg() -> Decode:
    import turbojpeg

    decoder = turbojpeg.TurboJPEG()
    return lambda data: decoder.decode(data, turbojpeg.TJPF_RGB)


def _kornia_rs() -> Decode:
    import kornia_rs

    return lambda data: kornia_rs.image.Image.decode(data, "RGB").numpy()


#: What makes each decoder, the package that it is, and the formats that it takes.
_DECODERS: Mapping[str, tuple[Callable[[], Decode], str, str]] = MappingProxyType(
    {
        "pillow": (lambda: decode_by_pillow, "pillow", "JPEG PNG WebP"),
        "torchvision": (_torchvision, "torchvision", "JPEG PNG WebP"),
        "torchcodec": (_torchcodec, "torchcodec", "JPEG PNG WebP"),
        "opencv": (_opencv, "opencv-python-headless", "JPEG PNG WebP"),
        "kornia-rs": (_kornia_rs, "kornia-rs", "JPEG PNG"),
        "simplejpeg": (_simplejpeg, "simplejpeg", "JPEG"),
        "pyturbojpeg": (_pyturbojpeg, "PyTurboJPEG", "JPEG"),
    }
)


def decoders(encoded: Sequence[bytes], kind: str, what: str) -> Group:
    """Everybody who decodes a format here; the judge is Pillow.

    Args:
        encoded: N images.
        kind: ``"JPEG"``, ``"PNG"`` or ``"WebP"``.
        what: What the images are, as a title has it.
    """
    arms = {"impasto": _all(ops.decode, encoded)}
    packages, absent = {"impasto": "impasto"}, {}
    for name, (make, package, kinds) in _DECODERS.items():
        if kind in kinds.split():
            try:
                decode = make()
            except (ImportError, OSError, RuntimeError) as error:
                absent[name] = next(iter(str(error).splitlines()), type(error).__name__)
                continue
            arms[name] = _all(decode, encoded)
            packages[name] = package
    judge = [decode_by_pillow(data).astype(np.int16) for data in encoded]

    def distance(_: str, answer: Sequence[Any]) -> float:
        arrays = [one if isinstance(one, np.ndarray) else one.permute(1, 2, 0).numpy() for one in answer]
        return max(float(np.abs(mine - its).mean()) for mine, its in zip(judge, arrays, strict=True))

    def difference(name: str, answer: Sequence[Any]) -> str:
        apart = distance(name, answer)
        return "" if apart < 1 else f"an image is {apart:.2g} levels from Pillow's on average"

    return Group(
        title=f"decode {what}",
        arms=arms,
        difference=difference,
        items=len(encoded),
        packages=packages,
        absent=absent,
        distance=distance,
    )


def _all(decode: Decode, encoded: Sequence[bytes]) -> Callable[[], list[Any]]:
    return lambda: [decode(data) for data in encoded]
