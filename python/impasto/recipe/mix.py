"""MixGen as a value: what is mixed, how much, how often (Hao et al. 2022, arXiv 2206.08358)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from impasto import _core
from impasto.checks import choice, is_count, is_number, require
from impasto.errors import RecipeError
from impasto.recipe.value import Value


@dataclass(frozen=True)
class Beta(Value):
    """A Beta(a, b) distribution, to draw lambdas from.

    Args:
        a: First shape, positive.
        b: Second shape, positive.

    Raises:
        RecipeError: If a shape is not positive.
    """

    a: float
    b: float

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("a", "b"):
            value = getattr(self, name)
            require(is_number(value) and 0 < value < math.inf, f"Beta's {name}={value!r} must be a positive number")


@dataclass(frozen=True, kw_only=True)
class MixGen(Value):
    """MixGen: ``I = lam * I_i + (1 - lam) * I_j``, ``T = T_i + " " + T_j``.

    The first M rows of a batch become mixtures of themselves and their partners; the others stay as they are. Mixing is
    out of place: a partner is always read as it was.

    Args:
        ratio: M as a share of the batch; the paper's is a quarter. At most 0.5 unless pairing is ``"shuffle"``.
        count: M as a number of rows, instead of ``ratio``.
        lam: Weight of a row's own image in [0, 1], or a `Beta` to draw it from.
        lam_per: Whether one lam is drawn for a ``"batch"``, or one for each ``"sample"``.
        image: ``"mix"``, ``"choose"`` one of the two images, evenly, or ``"cut"`` a rectangle of area 1 - lam out and
            fill it with the partner's (CutMix); the plan's lam is then what is left of the row's own pixels.
            ``"cut_blend"`` mixes as ``"mix"`` does, but within the rectangle by another weight (RobustMixGen's
            CutMixUp); the plan's lam is then the row's own weight over the whole image.
        inside: The weight of a row's own pixels within the rectangle of ``"cut_blend"``.
        sides: The shortest and the longest side of rectangles, as shares of the image's; any between is as likely, and
            the rectangle lies whole within the image. None gives it the area 1 - lam.
        grid: Cells across the image, such as a model's patches: sides and places of rectangles that are drawn by
            ``sides`` are whole cells (TiMix).
        text: ``"join"`` the captions, ``"choose"`` one evenly, ``"keep_each"``: keep(T_i, lam) and
            keep(T_j, 1 - lam) joined, or ``"keep_joined"``: keep(T_i + T_j, keep). ``keep(T, r)`` keeps ``r * |T|``
            tokens drawn at random (rounded half up, at least one), in their order. ``"own"`` leaves captions alone.
        join: What comes between the captions of ``text="join"``: a space as published, ``" and "``, ``", "``.
        keep: The share that ``"keep_joined"`` keeps.
        unit: What ``keep`` counts: the tokenizer's ``"tokens"``, or ``"words"`` between white space.
        pairing: ``"block"`` pairs row i with row i + M, as the paper does; ``"fit"`` pairs the same rows so that as
            many joined captions as possible fit into the row of ids; ``"shuffle"`` draws a derangement of the whole
            batch, so that all of it may be mixed (``ratio=1``).
        probability: How often a batch is mixed at all.
        warmup: Batches of the run over which the probability rises from zero.
        budget: What happens where a mixed caption does not fit into the row of ids: its end is cut and counted
            (``"count"``, in ``Batch.lost``), and a warning says so once (``"warn"``), or a `CaptionError` is raised
            (``"error"``), or both captions are cut in proportion to their lengths before they are joined
            (``"balance"``).

    Raises:
        RecipeError: If a value makes no sense; the message names it and a remedy.

    Examples:
        >>> MixGen(ratio=0.5)
        MixGen(ratio=0.5, lam=0.5)
        >>> MixGen.variant("d")
        MixGen(ratio=0.25, lam=Beta(a=0.1, b=0.1), text='keep_each')
    """

    ratio: float = 0.25
    count: int | None = None
    lam: float | Beta = 0.5
    lam_per: Literal["batch", "sample"] = "batch"
    image: Literal["mix", "choose", "cut", "cut_blend"] = "mix"
    inside: float = 0.75
    sides: tuple[float, float] | None = None
    grid: int | None = None
    text: Literal["join", "choose", "keep_each", "keep_joined", "own"] = "join"
    join: str = " "
    keep: float = 0.5
    unit: Literal["tokens", "words"] = "tokens"
    pairing: Literal["block", "fit", "shuffle"] = "block"
    probability: float = 1.0
    warmup: int = 0
    budget: Literal["count", "warn", "error", "balance"] = "count"

    def __post_init__(self) -> None:
        super().__post_init__()
        choice("pairing", self.pairing, ("block", "fit", "shuffle"))
        most = 1.0 if self.pairing == "shuffle" else 0.5
        ratio = self.ratio
        require(is_number(ratio) and 0 <= ratio <= 1, f"ratio={ratio!r} must lie in [0, {most:g}]")
        require(
            ratio <= most,
            f"ratio={ratio!r} is over 0.5: row i is mixed with row i + ratio * B, which must be in the batch; "
            "use pairing='shuffle' to mix more",
        )
        count = self.count
        require(count is None or (is_count(count) and count >= 0), f"count={count!r} must be a whole number of rows")
        lam = self.lam
        require(
            isinstance(lam, Beta) or (is_number(lam) and 0 <= lam <= 1),
            f"lam={lam!r} must lie in [0, 1], or be a Beta(a, b)",
        )
        choice("lam_per", self.lam_per, ("batch", "sample"))
        choice("image", self.image, ("mix", "choose", "cut", "cut_blend"))
        self._check_rectangles()
        choice("text", self.text, ("join", "choose", "keep_each", "keep_joined", "own"))
        choice("unit", self.unit, ("tokens", "words"))
        choice("budget", self.budget, ("count", "warn", "error", "balance"))
        require(isinstance(self.join, str), f"join={self.join!r} must be a string, such as ' and '")
        whole = self.text == "join" and self.budget != "balance"
        require(
            whole or self.join == " ",
            f"join={self.join!r} stands between whole captions; use text='join' and another budget than 'balance'",
        )
        for name in ("keep", "probability", "inside"):
            value = getattr(self, name)
            require(is_number(value) and 0 <= value <= 1, f"{name}={value!r} must lie in [0, 1]")
        require(is_count(self.warmup) and self.warmup >= 0, f"warmup={self.warmup!r} must be a number of batches")

    def _check_rectangles(self) -> None:
        sides, grid = self.sides, self.grid
        pair = isinstance(sides, tuple) and len(sides) == 2 and all(is_number(side) for side in sides)
        require(
            sides is None or (pair and 0 < sides[0] <= sides[1] <= 1),
            f"sides={sides!r} must be the shortest and the longest side as shares of an image's, such as (0.25, 0.75)",
        )
        require(
            grid is None or (is_count(grid) and 1 <= grid <= 65536),
            f"grid={grid!r} must be the number of cells across an image, such as 14",
        )
        require(
            sides is None or self.image in ("cut", "cut_blend"),
            f"sides={sides!r} are those of rectangles; use image='cut' or 'cut_blend'",
        )
        require(
            sides is not None or grid is None, f"grid={grid!r} is for rectangles that are drawn by sides=; give both"
        )

    def __repr__(self) -> str:
        fields = self.__dataclass_fields__.values()
        always = ("ratio" if self.count is None else "count", "lam")
        told = [field.name for field in fields if field.name in always or getattr(self, field.name) != field.default]
        return f"MixGen({', '.join(f'{name}={getattr(self, name)!r}' for name in told)})"

    @classmethod
    def variant(cls, name: str, **options: Any) -> MixGen:
        """A variant of the paper's ablation (table 7).

        ========== ======== ================================================ ==============
        variant    image    text                                             lam
        ========== ======== ================================================ ==============
        "default"  mix      concat(T_i, T_j)                                 0.5
        "a"        mix      concat(T_i, T_j)                                 Beta(0.1, 0.1)
        "b"        mix      T_i or T_j, evenly                               0.5
        "c"        I_i or I_j, evenly  concat(T_i, T_j)                      \u2013
        "d"        mix      concat(keep(T_i, lam), keep(T_j, 1 - lam))       Beta(0.1, 0.1)
        "e"        mix      keep(concat(T_i, T_j), 0.5)                      Beta(0.1, 0.1)
        ========== ======== ================================================ ==============

        Args:
            name: The variant's letter, or ``"default"``.
            options: Other arguments of `MixGen`.

        Raises:
            RecipeError: If there is no such variant.
        """
        choice("variant", name, VARIANTS)
        return cls(**VARIANTS[name] | options)

    def check_batch(self, batch_size: int) -> None:
        """Sees that batches are large enough to be mixed.

        Raises:
            RecipeError: If they are not; the message names the parameter.
        """
        most = batch_size if self.pairing == "shuffle" else batch_size // 2
        wanted = self.count if self.count is not None else int(self.ratio > 0)
        if wanted and (most < 1 or batch_size < 2):
            raise RecipeError(f"batch_size={batch_size} leaves nobody to mix with; use 2 or more, or mix=None")
        if wanted > most:
            raise RecipeError(
                f"count={wanted} rows of a batch of {batch_size} can't be mixed with pairing={self.pairing!r}; "
                f"use count={most} or fewer, or a larger batch"
            )

    def check_text(self, captions: bool, tokens: bool, *, foreign: bool = False, counts: bool = True) -> None:
        """Sees that a recipe's captions can be mixed as is asked.

        Args:
            captions: Whether it has captions.
            tokens: Whether it has a tokenizer.
            foreign: Whether that is somebody else's, which is called when captions are mixed.
            counts: Whether it then says how many tokens did not fit.

        Raises:
            RecipeError: If it lacks what mixing needs; the message names the parameter.
        """
        keeps = captions and self.text in ("keep_each", "keep_joined") and self.unit == "tokens"
        require(
            tokens or not keeps,
            "unit='tokens' needs a tokenizer to count with; give the text recipe one, or use unit='words'",
        )
        require(
            tokens or self.budget == "count",
            f"budget={self.budget!r} needs a row of ids to fit into; give the text recipe a tokenizer",
        )
        asked = {
            "unit='tokens'": keeps,
            "budget='balance'": self.budget == "balance",
            "pairing='fit'": self.pairing == "fit",
        }
        for name, wanted in asked.items():
            require(
                not (foreign and wanted),
                f"{name} counts tokens before captions are mixed, and this tokenizer is called after; use a "
                "ClipTokenizer, a BertTokenizer or a tokenizer.json of a kind that impasto knows, or leave it out",
            )
        require(
            counts or self.budget == "count",
            f"budget={self.budget!r} asks how many tokens don't fit, which this tokenizer doesn't tell; use a "
            "ClipTokenizer, a BertTokenizer or a Hugging Face tokenizer, or budget='count'",
        )

    @cached_property
    def native(self) -> _core.MixSpec:
        """The recipe in Rust."""
        return _core.MixSpec(
            ratio=float(self.ratio),
            count=self.count,
            lam=0.5 if isinstance(self.lam, Beta) else float(self.lam),
            beta=(float(self.lam.a), float(self.lam.b)) if isinstance(self.lam, Beta) else None,
            lam_per=self.lam_per,
            image=self.image,
            inside=float(self.inside),
            sides=None if self.sides is None else (float(self.sides[0]), float(self.sides[1])),
            grid=self.grid,
            text=self.text,
            join=self.join,
            keep=float(self.keep),
            unit=self.unit,
            pairing=self.pairing,
            balance=self.budget == "balance",
            probability=float(self.probability),
            warmup=self.warmup,
        )

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "native"}


def MixUp(alpha: float = 0.2, **options: Any) -> MixGen:  # noqa: N802  a recipe's name
    """MixUp (Zhang et al. 2018) of images: the whole batch, each row with another; captions and labels stay its own.

    The loss goes with it: ``lam * loss(own label) + (1 - lam) * loss(partner's)``, or `mixgen.soft_labels`.

    Args:
        alpha: lam is drawn from Beta(alpha, alpha), once a batch.
        options: Other arguments of `MixGen`.

    Raises:
        RecipeError: If a value makes no sense.

    Examples:
        >>> MixUp(0.4)
        MixGen(ratio=1.0, lam=Beta(a=0.4, b=0.4), text='own', pairing='shuffle')
    """
    rival: dict[str, Any] = {"ratio": 1.0, "lam": Beta(alpha, alpha), "text": "own", "pairing": "shuffle"}
    return MixGen(**rival | options)


def CutMix(alpha: float = 1.0, **options: Any) -> MixGen:  # noqa: N802  a recipe's name
    """CutMix (Yun et al. 2019) of images: the whole batch, a rectangle of each row from another; captions stay its own.

    The rectangle's area is 1 - lam, but for what leaves the image; `Batch.plan` has lam as it came out. The loss goes
    with it: ``lam * loss(own label) + (1 - lam) * loss(partner's)``, or `mixgen.soft_labels`.

    Args:
        alpha: lam is drawn from Beta(alpha, alpha), and the rectangle with it, once a batch.
        options: Other arguments of `MixGen`.

    Raises:
        RecipeError: If a value makes no sense.

    Examples:
        >>> CutMix()
        MixGen(ratio=1.0, lam=Beta(a=1.0, b=1.0), image='cut', text='own', pairing='shuffle')
    """
    return MixUp(alpha, **{"image": "cut"} | options)


def CutMixUp(**options: Any) -> MixGen:  # noqa: N802  a recipe's name
    """CutMixUp with both captions, RobustMixGen's mixing (Kim et al. 2024) without its detector.

    As MixGen, but within a rectangle the row's own image weighs 0.75 instead of 0.5, and "and" joins the captions. In
    the paper the rectangle is the box of an object that a detector found, and its name is in the caption; here it is
    drawn.

    Args:
        options: Other arguments of `MixGen`.

    Raises:
        RecipeError: If a value makes no sense.

    Examples:
        >>> CutMixUp(ratio=0.5)
        MixGen(ratio=0.5, lam=0.5, image='cut_blend', sides=(0.25, 0.75), join=' and ')
    """
    return MixGen(**{"image": "cut_blend", "sides": (0.25, 0.75), "join": " and "} | options)


def PatchMix(grid: int = 14, **options: Any) -> MixGen:  # noqa: N802  a recipe's name
    """CutMix of whole patches, TiMix's mixing (Jiang et al. 2024, arXiv 2312.08846) without its patch predictor.

    A square of a quarter to three quarters of the patches across is its partner's; captions stay each row's own, and
    `mixgen.clip_loss` with ``partners="shares"`` is the loss that goes with it. In the paper the square is taken where
    a predictor finds the partner's caption, and put where it finds the row's own least; here its place is drawn.

    Args:
        grid: Patches across an image: 14 of 16 pixels in one of 224.
        options: Other arguments of `MixGen`.

    Raises:
        RecipeError: If a value makes no sense.

    Examples:
        >>> PatchMix(16)
        MixGen(ratio=1.0, lam=0.5, image='cut', sides=(0.25, 0.75), grid=16, text='own', pairing='shuffle')
    """
    own: dict[str, Any] = {"ratio": 1.0, "image": "cut", "sides": (0.25, 0.75), "grid": grid}
    return MixGen(**own | {"text": "own", "pairing": "shuffle"} | options)


#: The paper's table of variants.
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "a": {"lam": Beta(0.1, 0.1)},
    "b": {"text": "choose"},
    "c": {"image": "choose"},
    "d": {"lam": Beta(0.1, 0.1), "text": "keep_each"},
    "e": {"lam": Beta(0.1, 0.1), "text": "keep_joined", "keep": 0.5},
}
