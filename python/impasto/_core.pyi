"""The native module, as type checkers and stubtest see it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
import numpy.typing as npt

from impasto.errors import ImpastoError

_Pair = tuple[float, float]
_Triple = tuple[float, float, float]
_MeanStd = tuple[_Triple, _Triple] | None
_Bytes = npt.NDArray[np.uint8]
_Int64 = npt.NDArray[np.int64]
_Operation = tuple[str, list[float]]
_Words = Literal["own", "partner", "both", "kept of each", "kept of both"]
_Floats = npt.NDArray[np.float64]

@final
class Header:
    @property
    def format(self) -> Literal["jpeg", "png", "webp"]: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def orientation(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def bits(self) -> int: ...
    @property
    def progressive(self) -> bool: ...

@final
class CropBox:
    @property
    def left(self) -> float: ...
    @property
    def top(self) -> float: ...
    @property
    def width(self) -> float: ...
    @property
    def height(self) -> float: ...
    @property
    def flip(self) -> bool: ...

@final
class MixRows:
    @property
    def partners(self) -> _Int64: ...
    @property
    def lams(self) -> npt.NDArray[np.float32]: ...
    @property
    def words(self) -> list[_Words]: ...
    @property
    def shares(self) -> _Floats: ...
    @property
    def seeds(self) -> npt.NDArray[np.uint64]: ...
    @property
    def cuts(self) -> _Floats: ...
    @property
    def join(self) -> str: ...

@final
class LoadedView:
    @property
    def boxes(self) -> _Floats: ...
    @property
    def flips(self) -> npt.NDArray[np.bool_]: ...
    @property
    def augmentations(self) -> list[list[_Operation]]: ...
    @property
    def patches(self) -> _Int64 | None: ...

@final
class Loaded:
    @property
    def views(self) -> list[LoadedView]: ...
    @property
    def choices(self) -> _Int64: ...
    @property
    def keys(self) -> list[str]: ...
    @property
    def labels(self) -> list[int | None]: ...
    @property
    def wordings(self) -> list[list[tuple[str, list[int]]]]: ...
    @property
    def truncated(self) -> list[int]: ...

@final
class Finished:
    @property
    def mix(self) -> MixRows: ...
    @property
    def kept(self) -> list[list[int] | None]: ...
    @property
    def captions(self) -> list[str]: ...
    @property
    def lost(self) -> npt.NDArray[np.int32]: ...
    @property
    def needs_cleaning(self) -> list[int]: ...

@final
class IndexBuilder:
    def __new__(cls, root: str = "") -> IndexBuilder: ...
    @property
    def left_out(self) -> dict[str, int]: ...
    def add_file(
        self,
        key: str,
        path: str,
        captions: Sequence[str | bytes | ImpastoError],
        label: int | ImpastoError | None = None,
    ) -> None: ...
    def add_bytes(
        self,
        key: str,
        data: bytes,
        captions: Sequence[str | bytes | ImpastoError],
        label: int | ImpastoError | None = None,
    ) -> None: ...
    def add_fault(
        self,
        key: str,
        error: ImpastoError,
        captions: Sequence[str | bytes | ImpastoError] = ...,
        label: int | ImpastoError | None = None,
    ) -> None: ...
    def add_tar(
        self,
        path: str,
        *,
        images: Sequence[str],
        caption: str,
        json_field: str | None = None,
        label: str = "cls",
        keep_truncated: bool = False,
        cache: str | Path | None = None,
        copy: tuple[str, int, str | Path] | None = None,
    ) -> int: ...
    def finish(self) -> Index: ...

@final
class Index:
    @property
    def nbytes(self) -> int: ...
    def __len__(self) -> int: ...
    def key(self, row: int) -> str: ...
    def path(self, row: int) -> str: ...
    def label(self, row: int) -> int | None: ...
    def fault(self, row: int) -> ImpastoError | None: ...
    def place(self, row: int) -> tuple[str, int] | None: ...
    def caption_count(self, row: int) -> int: ...
    def caption(self, row: int, which: int) -> str: ...
    def captions(self, row: int) -> list[str]: ...
    def image(self, row: int, max_bytes: int = 1073741824) -> bytes: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Permutation:
    def __new__(cls, length: int, seed: int = 0, epoch: int = 0) -> Permutation: ...
    def __len__(self) -> int: ...
    def __getitem__(self, position: int, /) -> int: ...
    def take(self, positions: _Int64) -> _Int64: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Tokenizer:
    @staticmethod
    def clip(vocabulary: bytes) -> Tokenizer: ...
    @staticmethod
    def wordpiece(vocabulary: bytes, lowercase: bool) -> Tokenizer: ...
    @staticmethod
    def read_file(contents: bytes) -> ReadTokenizer: ...
    @property
    def begins(self) -> list[int]: ...
    @property
    def ends(self) -> list[int]: ...
    def encode(self, text: str, parse_specials: bool) -> list[int]: ...
    def write(
        self,
        texts: Sequence[str],
        rows: Sequence[int],
        ids: _Int64,
        mask: _Int64,
        *,
        pad_id: int,
        parse_specials: bool,
        end: bool,
    ) -> npt.NDArray[np.uint32]: ...

@final
class ReadTokenizer:
    @property
    def tokenizer(self) -> Tokenizer | None: ...
    @property
    def unknown(self) -> str | None: ...
    @property
    def pad_id(self) -> int | None: ...

@final
class AugmentSpec:
    @staticmethod
    def rand_augment(n: int, m: float, ops: str, p: float) -> AugmentSpec: ...
    @staticmethod
    def trivial_augment() -> AugmentSpec: ...
    @staticmethod
    def color_jitter(p: float, brightness: _Pair, contrast: _Pair, saturation: _Pair, hue: _Pair) -> AugmentSpec: ...
    @staticmethod
    def grayscale(p: float) -> AugmentSpec: ...
    @staticmethod
    def gaussian_blur(p: float, kernel: int, sigma: tuple[float, float]) -> AugmentSpec: ...
    @staticmethod
    def random_erasing(p: float, scale: _Pair, ratio: _Pair, fill: Sequence[int]) -> AugmentSpec: ...

@final
class ImageSpec:
    def __new__(
        cls,
        *,
        height: int,
        width: int,
        crop: str,
        scale: _Pair,
        ratio: _Pair,
        resize: int,
        hflip: float,
        interpolation: str,
        exact: bool,
        exif: str,
        max_pixels: int,
        max_bytes: int,
        max_scans: int,
        truncated: str,
        dtype: str,
        layout: str,
        mean_std: _MeanStd,
        augment: Sequence[AugmentSpec],
        fill: Sequence[int],
        patches: tuple[int, int] | None,
    ) -> ImageSpec: ...

@final
class TextSpec:
    def __new__(
        cls,
        *,
        tokenizer: Tokenizer | None,
        length: int,
        pad_id: int,
        parse_specials: bool,
        end: bool,
        clean: bool,
        max_bytes: int,
        prepare: str | None,
        max_words: int,
        augment: Sequence[WordSpec],
        weights: Sequence[float],
        mask: str,
    ) -> TextSpec: ...

@final
class WordSpec:
    @staticmethod
    def delete(p: float) -> WordSpec: ...
    @staticmethod
    def swap(n: int) -> WordSpec: ...
    @staticmethod
    def drop_words(chances: Sequence[tuple[str, float]]) -> WordSpec: ...
    @staticmethod
    def shuffle_tags(keep: int, separator: str) -> WordSpec: ...
    @staticmethod
    def drop_tags(p: float, keep: int, separator: str) -> WordSpec: ...
    @staticmethod
    def drop_caption(p: float, keep: int, separator: str) -> WordSpec: ...
    @staticmethod
    def template(templates: Sequence[str]) -> WordSpec: ...

@final
class MixSpec:
    def __new__(
        cls,
        *,
        ratio: float,
        count: int | None,
        lam: float,
        beta: _Pair | None,
        lam_per: str,
        image: str,
        inside: float,
        sides: _Pair | None,
        grid: int | None,
        text: str,
        join: str,
        keep: float,
        unit: str,
        pairing: str,
        balance: bool,
        probability: float,
        warmup: int,
    ) -> MixSpec: ...
    @staticmethod
    def alternate(specs: Sequence[MixSpec], weights: Sequence[float]) -> MixSpec: ...
    def draw(self, rows: int, *, seed: int, epoch: int, step: int, number: int) -> MixRows: ...

@final
class Recipe:
    def __new__(
        cls,
        views: Sequence[ImageSpec],
        text: TextSpec | None = None,
        mix: MixSpec | None = None,
        *,
        first_view: int = 0,
    ) -> Recipe: ...
    @property
    def image_bytes(self) -> list[int]: ...

@final
class Crew:
    def __new__(cls, size: int) -> Crew: ...

@final
class Working:
    @property
    def row(self) -> int: ...
    @property
    def stage(self) -> str: ...
    @property
    def seconds(self) -> float: ...

@final
class Staged:
    def __new__(cls, recipe: Recipe, rows: int, crew: Crew | None = None) -> Staged: ...
    def load(
        self,
        index: Index,
        *,
        at: _Int64,
        source_rows: _Int64,
        samples: _Int64,
        seed: int,
        epoch: int,
        threads: int,
        rewrites: tuple[Index, _Int64, float | None] | None = None,
    ) -> list[tuple[int, ImpastoError]]: ...
    def spent(self) -> list[tuple[str, float]]: ...
    def bytes_read(self) -> int: ...
    def working(self) -> list[Working]: ...
    def loaded(self, count: int | None = None) -> Loaded: ...
    def image(self, view: int, row: int) -> _Bytes: ...
    def set_image(self, view: int, row: int, image: _Bytes) -> None: ...
    def needs_cleaning(self) -> list[tuple[int, str]]: ...
    def set_caption(self, row: int, caption: str) -> None: ...
    def finish(
        self,
        images: Sequence[_Bytes],
        ids: _Int64,
        mask: _Int64,
        *,
        seed: int,
        epoch: int,
        step: int,
        number: int,
        threads: int,
        portion: tuple[int, list[int], int] | None = None,
    ) -> Finished: ...

def probe(data: bytes) -> Header: ...
def decode(data: bytes, *, exif: str, max_pixels: int, max_bytes: int, max_scans: int, truncated: str) -> _Bytes: ...
def encode_jpeg(image: _Bytes, *, quality: int, rows: int, mcus: int, orientation: int) -> bytes: ...
def with_restarts(
    data: bytes, *, rows: int, mcus: int, max_pixels: int, max_bytes: int, max_scans: int
) -> bytes | None: ...
def draw(spec: ImageSpec, *, width: int, height: int, seed: int, epoch: int, sample: int, view: int) -> CropBox: ...
def resize(
    image: _Bytes, *, view: tuple[float, float, float, float, bool], height: int, width: int, interpolation: str
) -> _Bytes: ...
def blend(
    images: _Bytes,
    partners: _Int64,
    lams: npt.NDArray[np.float32],
    out: _Bytes,
    *,
    dtype: str,
    layout: str,
    mean_std: _MeanStd,
) -> None: ...
def augment(
    image: _Bytes, policies: Sequence[AugmentSpec], *, seed: int, epoch: int, sample: int
) -> list[_Operation]: ...
def apply_ops(image: _Bytes, ops: Sequence[_Operation], style: str) -> None: ...
def cut_box(cut: tuple[float, float, float], *, width: int, height: int) -> tuple[int, int, int, int]: ...
def kept_places(words: str, *, shares: _Pair, seed: int, own: int, partner: int) -> _Int64: ...
def mix_captions(words: str, *, shares: _Pair, seed: int, join: str, own: str, partner: str) -> str: ...
def balanced_places(*, own: int, partner: int, room: int) -> _Int64 | None: ...
def join(first: str, second: str, by: str) -> str: ...
def prepare(text: str, kind: str, max_words: int) -> str: ...
def augment_words(caption: str, ops: Sequence[WordSpec], *, seed: int, epoch: int, sample: int) -> str: ...
def needs_cleaning(caption: str) -> bool: ...
def substitute(length: int, *, seed: int, epoch: int, sample: int, attempt: int) -> int: ...
