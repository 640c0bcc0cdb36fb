"""How much a classification experiment does, and the worlds' constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from impasto.checks import require
from impasto.cli import File, Folder

#: The world's constants, found with the plain arm alone before any other arm was run; see docs/experiments.md.
RHO, SHIFT, CLUTTER, TURN, RADIUS = 0.6, 0.5, 0, 20.0, (0.28, 0.42)

#: Settings that no image depends on.
_LEARNING = ("model", "weights", "width", "steps", "batch_size", "lr", "ratio", "evaluations", "watched")


@dataclass(frozen=True, kw_only=True)
class Training:
    """How networks learn to name images, whatever the images are.

    Attributes:
        data: The real data's folder, instead of a rendered world.
        side: Height and width that networks see, in pixels.
        model: Network by name: resnet18, of any width, or one of torchvision's.
        weights: ImageNet weights of one of torchvision's networks; by default weights are drawn.
        width: Of ResNet-18's first stage.
        steps: Changes of the weights, the same in all arms.
        batch_size: Images in a step.
        lr: The highest learning rate.
        ratio: Unaugmented to restyled images in a batch; the paper's is 2:1.
        alpha: Strength of styles, a number or a range; the paper's is 0.5.
        copies: Restyled copies of each training image, made once and shared by arms and seeds.
        evaluations: Points of the learning curves.
        watched: Images of each kind that learning curves are drawn from.
    """

    data: Folder | None = None
    side: int = 32
    model: str = "resnet18"
    weights: File | None = None
    width: int = 16
    steps: int = 1500
    batch_size: int = 64
    lr: float = 2e-3
    ratio: tuple[int, int] = (2, 1)
    alpha: float | tuple[float, float] = 0.5
    copies: int = 4
    evaluations: int = 12
    watched: int = 500

    def making(self) -> dict[str, Any]:
        """What worlds and copies depend on, by name."""
        return {name: value for name, value in asdict(self).items() if name not in _LEARNING}

    def __post_init__(self) -> None:
        require(self.weights is None or self.model != "resnet18", "weights= are torchvision's; name its network, too")


@dataclass(frozen=True, kw_only=True)
class Stl10Settings(Training):
    """STL-10, or the world in its place.

    Attributes:
        real: Whether the data are STL-10 itself: in ``data``, or else in ``OUT/stl10_binary``.
        train: Rendered training images.
        test: Rendered test images of each kind.
        rho: See `impasto_lab.worlds.Terms`.
        shift: Of the shifted test images, see `impasto_lab.worlds.Stl10Like`.
        noise: Share of the rendered training images that show nothing.
        limit: Noise score above which a training image is left out, see `impasto.ops.noise_score`.
    """

    real: bool = False
    train: int = 2000
    test: int = 1000
    rho: float = RHO
    shift: float = SHIFT
    noise: float = 0.0
    limit: float = 0.6

    @property
    def renders(self) -> bool:
        """Whether a world is rendered."""
        return not self.real and self.data is None

    @property
    def cleans(self) -> bool:
        """Whether there may be images that show nothing."""
        return not self.renders or self.noise > 0

    @classmethod
    def smoke(cls) -> Stl10Settings:
        """Seconds; nothing is learned."""
        learned = cls(side=32, width=4, steps=2, batch_size=16, copies=1, evaluations=2, watched=20)
        return replace(learned, train=40, test=20, noise=0.1)

    @classmethod
    def full(cls) -> Stl10Settings:
        """The published setting: STL-10 itself, ResNet-18 at 96 pixels, 200 epochs."""
        return cls(real=True, side=96, width=64, steps=15_600, copies=8, evaluations=40)


#: Sources and target, as papers write them: trained on two domains, tested on the third.
TRANSFERS: dict[str, tuple[str, str]] = {"AD->W": ("AD", "W"), "AW->D": ("AW", "D"), "DW->A": ("DW", "A")}


@dataclass(frozen=True, kw_only=True)
class Office31Settings(Training):
    """Office-31, or the world in its place.

    Attributes:
        real: Whether the data are Office-31 itself: in ``data``, or else in ``OUT/office31``.
        images: Rendered images of each class, by domain.
        held: Rendered test images of each class, of each domain that was trained on.
        rho: See `impasto_lab.worlds.Office31Like`.
        shift: Of webcam's camera.
        clutter: Small things of other shapes in D and W.
        radius: Smallest and largest of things there, as shares of the side.
        rendered: Height and width of the rendered images, in pixels.
    """

    real: bool = False
    images: Mapping[str, int] = field(default_factory=lambda: {"amazon": 60, "dslr": 48, "webcam": 48})
    held: int = 8
    rho: float = 0.4
    shift: float = 0.5
    clutter: int = 0
    radius: tuple[float, float] = (0.26, 0.4)
    rendered: int = 48
    side: int = 48
    steps: int = 600
    batch_size: int = 48

    @property
    def renders(self) -> bool:
        """Whether a world is rendered."""
        return not self.real and self.data is None

    @classmethod
    def smoke(cls) -> Office31Settings:
        """Seconds; nothing is learned."""
        images = {"amazon": 1, "dslr": 1, "webcam": 1}
        return cls(
            images=images, held=1, rendered=32, side=32, width=4, steps=2, batch_size=16, copies=1, evaluations=2
        )

    @classmethod
    def full(cls) -> Office31Settings:
        """The published setting: Office-31 itself, InceptionV3 at 299 pixels."""
        return cls(real=True, side=299, model="inception_v3", steps=8000, batch_size=32, lr=1e-4, evaluations=40)
