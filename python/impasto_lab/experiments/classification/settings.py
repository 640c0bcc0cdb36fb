"""How much a classification experiment does, and the world's constants."""

from __future__ import annotations

from dataclasses import dataclass

#: The world's constants, found with the plain arm alone before any other arm was run; see docs/experiments.md.
RHO, SHIFT, CLUTTER, TURN, RADIUS = 0.6, 0.5, 0, 20.0, (0.28, 0.42)


@dataclass(frozen=True, kw_only=True)
class Stl10Settings:
    """STL-10, or the world in its place.

    Attributes:
        real: Whether ``OUT/stl10_binary`` is STL-10 itself, which must lie there; else the world is rendered.
        train: Rendered training images.
        test: Rendered test images of each kind.
        rho: See `impasto_lab.worlds.Terms`.
        shift: Of the shifted test images, see `impasto_lab.worlds.Stl10Like`.
        side: Height and width that networks see, in pixels.
        model: See `impasto_lab.models.classifier`.
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

    real: bool = False
    train: int = 2000
    test: int = 1000
    rho: float = RHO
    shift: float = SHIFT
    side: int = 32
    model: str = "resnet18"
    width: int = 16
    steps: int = 1500
    batch_size: int = 64
    lr: float = 2e-3
    ratio: tuple[int, int] = (2, 1)
    alpha: float | tuple[float, float] = 0.5
    copies: int = 4
    evaluations: int = 12
    watched: int = 500

    @classmethod
    def smoke(cls) -> Stl10Settings:
        """Seconds; nothing is learned."""
        return cls(train=40, test=20, side=32, width=4, steps=2, batch_size=16, copies=1, evaluations=2, watched=20)

    @classmethod
    def full(cls) -> Stl10Settings:
        """The published setting: STL-10 itself, ResNet-18 at 96 pixels, 200 epochs."""
        return cls(real=True, side=96, width=64, steps=15_600, copies=8, evaluations=40)
