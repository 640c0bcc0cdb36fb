"""What was drawn for a batch: small, printable, and enough to repeat it by other means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from impasto import _core
from impasto.checks import is_count, require
from impasto.recipe import Operation

#: What was done to a caption: a name and numbers, such as ``("delete", [0, 2, 3])``.
Wording = tuple[str, list[int]]

#: Rows that a printed plan tells of.
_SHOWN = 8

Words = Literal["own", "partner", "both", "kept of each", "kept of both"]


def require_here(partners: npt.NDArray[np.int64]) -> None:
    """Requires that rows are mixed with rows of the same batch, and none of another rank's.

    Args:
        partners: [B] int64, as in a `MixPlan`.

    Raises:
        RecipeError: If one is not.
    """
    away = np.flatnonzero(partners >= len(partners))
    require(
        not len(away),
        f"row {away[:1].tolist()} is mixed with a row of another rank, of which nothing else is here; use "
        "mix_over='rank', or a block of pairs that the ranks divide",
    )


@dataclass(frozen=True, eq=False)
class MixPlan:
    """Who is mixed with whom in a batch of B rows, and how; drawn before any data is read.

    Attributes:
        partners: [B] int64: the row that each row is mixed with; its own number when it is not mixed. B or more where
            that row is another rank's, with ``mix_over="global"``.
        lams: [B] float32: weight of the row's own image, 1 when it is not mixed; 0 or 1 where one image is chosen.
        words: B names of what the caption becomes: the row's ``"own"``, its ``"partner"``'s, ``"both"`` joined,
            ``"kept of each"`` (tokens of the one and of the other) or ``"kept of both"`` (of the two joined).
        shares: [B, 2] float64: the shares kept of the row's own tokens and of its partner's.
        seeds: [B] uint64: what draws the kept tokens.
        cuts: [B, 5] float64: middle (x, y) and side, as shares of an image's sides, of the rectangle that the partner
            fills, and the weight of the row's own pixels around it (1 in CutMix) and within it (0); NaN where nothing
            is cut.
        join: What comes between the captions of ``"both"``.
    """

    partners: npt.NDArray[np.int64]
    lams: npt.NDArray[np.float32]
    words: list[Words]
    shares: npt.NDArray[np.float64]
    seeds: npt.NDArray[np.uint64]
    cuts: npt.NDArray[np.float64]
    join: str = " "

    @classmethod
    def of(cls, rows: _core.MixRows) -> MixPlan:
        """The plan that the core drew."""
        return cls(rows.partners, rows.lams, rows.words, rows.shares, rows.seeds, rows.cuts, rows.join)

    @property
    def mixed(self) -> npt.NDArray[np.bool_]:
        """[B] bool: the rows that are mixtures."""
        mixed: npt.NDArray[np.bool_] = self.partners != np.arange(len(self.partners))
        return mixed

    @property
    def overlap(self) -> npt.NDArray[np.float32]:
        """[B, B] float32: how much of row i's content row j's is, both ways; 1 on the diagonal.

        A mixed row i and its partner j, which stays in the batch as itself, are no true negatives of each other: they
        share ``1 - lam`` of the image. Losses may read this; MixGen's own does not.
        """
        require_here(self.partners)
        overlap = np.eye(len(self), dtype=np.float32)
        for row in np.flatnonzero(self.mixed):
            overlap[row, self.partners[row]] = overlap[self.partners[row], row] = 1 - self.lams[row]
        return overlap

    @property
    def shares_of_images(self) -> npt.NDArray[np.float32]:
        """[B, B] float32: how much of image i, as mixed, is row j's: lam of its own, the rest its partner's."""
        require_here(self.partners)
        shares = np.diag(self.lams)
        mixed = np.flatnonzero(self.mixed)
        shares[mixed, self.partners[mixed]] = 1 - self.lams[mixed]
        return shares

    @property
    def is_cut(self) -> bool:
        """Whether images have a rectangle that is mixed otherwise than what is around it."""
        return not bool(np.isnan(self.cuts).all())

    @property
    def is_sharp(self) -> bool:
        """Whether each pixel of images that are cut is of one image alone."""
        return bool((np.isnan(self.cuts[:, 3:]) | (self.cuts[:, 3:] == (1, 0))).all())

    @property
    def weights(self) -> npt.NDArray[np.float32]:
        """[B, 2] float32: the weight of a row's own pixels around its rectangle and within it; lam without one."""
        cut = ~np.isnan(self.cuts[:, 3:])
        return np.where(cut, self.cuts[:, 3:], self.lams[:, None]).astype(np.float32)

    def boxes(self, height: int, width: int) -> npt.NDArray[np.int64]:
        """[B, 4] int64: left, top, right and bottom of what the partner fills, in images of a size.

        Rounded as torchvision's CutMix does; empty where nothing is cut.
        """
        boxes = np.zeros((len(self), 4), np.int64)
        for row in np.flatnonzero(~np.isnan(self.cuts[:, 0])):
            x, y, side = self.cuts[row, :3].tolist()
            boxes[row] = _core.cut_box((x, y, side), width=width, height=height)
        return boxes

    def at_size(self, height: int, width: int) -> MixPlan:
        """The plan for images of a size: lams of rows that are cut become the weight of their own pixels."""
        left, top, right, bottom = self.boxes(height, width).T
        around = 1 - (right - left) * (bottom - top) / (height * width)
        outside, inside = self.cuts[:, 3:].T
        own = outside * around + inside * (1 - around)
        cut = ~np.isnan(self.cuts[:, 0])
        return replace(self, lams=np.where(cut, own, self.lams).astype(np.float32))

    def __len__(self) -> int:
        return len(self.partners)

    def row(self, row: int) -> str:
        """Whom one row is mixed with, and how."""
        cut = "" if np.isnan(self.cuts[row, 0]) else ", cut at {:.3g},{:.3g} of side {:.3g}".format(*self.cuts[row, :3])
        return self._pair(row) + cut

    def __str__(self) -> str:
        pairs = [self._pair(row) for row in np.flatnonzero(self.mixed).tolist()]
        return ", ".join(pairs[:8]) + (f", ... {len(pairs) - 8} more" if len(pairs) > 8 else "")

    def _pair(self, row: int) -> str:
        words = "" if self.words[row] == "both" else f" ({self.words[row]})"
        return f"{row}+{self.partners[row]}@{self.lams[row]:.3g}{words}"

    def __repr__(self) -> str:
        return f"MixPlan({len(self)} rows, mixed: [{self}])"


@dataclass(frozen=True, eq=False)
class ViewPlan:
    """What was drawn for one view of B images.

    Attributes:
        boxes: [B, 4] float64: left, top, width and height of each crop, in pixels of the decoded image; beyond its
            sides where it was padded.
        flips: [B] bool: whether the crop was mirrored.
        augmentations: For each row the names and numbers of the operations done to its image; see `ops.apply`.
        patches: [B, K] int64: the patches that are kept, counted row by row from the upper left, ascending; None
            without a `PatchDrop`.
    """

    boxes: npt.NDArray[np.float64]
    flips: npt.NDArray[np.bool_]
    augmentations: list[list[Operation]] = field(default_factory=list)
    patches: npt.NDArray[np.int64] | None = None

    @classmethod
    def of(cls, view: _core.LoadedView) -> ViewPlan:
        """The plan that the core drew."""
        return cls(view.boxes, view.flips, view.augmentations, view.patches)

    def row(self, row: int) -> str:
        """What was drawn for one image, in words."""
        left, top, width, height = self.boxes[row].tolist()
        told = [f"crop {left:g},{top:g} {width:g}x{height:g}" + (" flipped" if self.flips[row] else "")]
        told += map(_told, self.augmentations[row] if self.augmentations else ())
        if self.patches is not None:
            told.append(f"patches {_short(self.patches[row].tolist())}")
        return ", ".join(told)

    def __len__(self) -> int:
        return len(self.flips)

    def __repr__(self) -> str:
        patches = "" if self.patches is None else f", {self.patches.shape[1]} patches kept"
        return f"ViewPlan({len(self)} rows, {int(self.flips.sum())} flipped{patches})"


@dataclass(frozen=True, eq=False)
class Plan:
    """What was drawn for a batch of B rows.

    Attributes:
        boxes: [B, 4] float64: left, top, width and height of each crop, in pixels of the decoded image; beyond its
            sides where it was padded.
        flips: [B] bool: whether the crop was mirrored.
        choices: [B] int64: which of the sample's captions was taken, rewrites counted behind its own; -1 where all
            were.
        mix: Who was mixed with whom, and how.
        kept: For each row the places of its tokens (or words) that were kept, counted over its own and then its
            partner's; None where all were.
        augmentations: For each row the names and numbers of the operations done to its image; see `ops.apply`.
        wordings: For each row the names and numbers of what was done to its caption before it was mixed, in turn: the
            places of the words (or tags) that were left, in their new order, or the number of the template.
        patches: [B, K] int64: the patches of each image that are kept, counted row by row from the upper left,
            ascending; None without a `PatchDrop`. A mixed row's are its own.
        other_views: What was drawn for the views after the first.
    """

    boxes: npt.NDArray[np.float64]
    flips: npt.NDArray[np.bool_]
    choices: npt.NDArray[np.int64]
    mix: MixPlan
    kept: list[list[int] | None]
    augmentations: list[list[Operation]] = field(default_factory=list)
    wordings: list[list[Wording]] = field(default_factory=list)
    patches: npt.NDArray[np.int64] | None = None
    other_views: tuple[ViewPlan, ...] = ()

    @property
    def views(self) -> tuple[ViewPlan, ...]:
        """What was drawn for each view; of the first it is what the plan itself says."""
        return (ViewPlan(self.boxes, self.flips, self.augmentations, self.patches), *self.other_views)

    @property
    def partners(self) -> npt.NDArray[np.int64]:
        """[B] int64: the row that each row was mixed with; its own number when it was not mixed."""
        return self.mix.partners

    @property
    def lams(self) -> npt.NDArray[np.float32]:
        """[B] float32: weight of the row's own image, 1 when it was not mixed."""
        return self.mix.lams

    @property
    def mixed(self) -> npt.NDArray[np.bool_]:
        """[B] bool: the rows that are mixtures."""
        return self.mix.mixed

    def row(self, row: int) -> str:
        """All that was drawn for one row, in words.

        Crop, flip and operations of each view; the caption, what was done to it in turn, and the tokens that were kept;
        whom the row was mixed with. ``print(batch.plan)`` has it of the first rows.

        Args:
            row: The row.

        Raises:
            RecipeError: If there is no such row.

        Examples:
            >>> from impasto import MixGen, plan_at
            >>> crops, flips = np.tile([10.0, 0, 224, 200], (4, 1)), np.array([True, False, False, False])
            >>> words = [[("delete", [0, 2])], [], [], []]
            >>> mix = plan_at(MixGen(ratio=0.25), batch_size=4)
            >>> plan = Plan(crops, flips, np.arange(4), mix, [[0, 3, 4], None, None, None], wordings=words)
            >>> print(plan.row(0))
            crop 10,0 224x200 flipped; caption 0, delete [0, 2]; kept [0, 3, 4]; mixed 0+1@0.5
        """
        require(is_count(row) and 0 <= row < len(self.flips), f"row={row!r} is none of the plan's {len(self.flips)}")
        views = self.views
        told = [
            f"view {number}: {view.row(row)}" if self.other_views else view.row(row)
            for number, view in enumerate(views)
        ]
        choice, kept = int(self.choices[row]), self.kept[row]
        told.append("all captions" if choice < 0 else f"caption {choice}")
        told[-1] += "".join(f", {_told(one)}" for one in (self.wordings[row] if self.wordings else ()))
        told += [] if kept is None else [f"kept {_short(kept)}"]
        told += [f"mixed {self.mix.row(row)}"] if self.mixed[row] else []
        return "; ".join(told)

    def __str__(self) -> str:
        lines = [f"  {row}: {self.row(row)}" for row in range(len(self.flips))[:_SHOWN]]
        more = len(self.flips) - len(lines)
        return "\n".join([repr(self), *lines, *([f"  ... {more} more; plan.row(number) tells one"] if more else [])])

    def __repr__(self) -> str:
        views = f"{len(self.views)} views, " if self.other_views else ""
        patches = "" if self.patches is None else f"{self.patches.shape[1]} patches kept, "
        words = f"{changed} reworded, " if (changed := sum(map(bool, self.wordings))) else ""
        words += f"{cut} of fewer tokens, " if (cut := sum(one is not None for one in self.kept)) else ""
        flipped = int(self.flips.sum())
        return f"Plan({len(self.flips)} rows, {views}{flipped} flipped, {patches}{words}mixed: [{self.mix}])"


def _told(done: tuple[str, Sequence[float]]) -> str:
    """An operation with its numbers."""
    name, numbers = done
    return f"{name} {_short(numbers)}" if len(numbers) else name


def _short(numbers: Sequence[float]) -> str:
    shown = [f"{number:.3g}" if isinstance(number, float) else str(number) for number in numbers[:16]]
    return f"[{', '.join([*shown, *(['...'] if len(numbers) > 16 else [])])}]"
