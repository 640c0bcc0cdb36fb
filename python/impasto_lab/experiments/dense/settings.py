"""How much the experiments on boxes and masks do."""

from __future__ import annotations

from dataclasses import dataclass, field

from impasto.checks import choice, require
from impasto.cli import Folder
from impasto_lab.experiments.experiment import Size
from impasto_lab.worlds import SEGMENT, Crowd

#: Ways to augment, the first without. The last is all of them together.
ARMS = ("none", "geometric", "color", "style", "both")
#: The last without style.
FURTHER = ("traditional",)
#: Those that train on restyled copies, too.
STYLED = ("style", "both")
#: Detectors by name: ours, and torchvision's.
DETECTORS = ("center", "fcos_resnet50_fpn", "retinanet_resnet50_fpn", "fasterrcnn_mobilenet_v3_large_320_fpn")
#: Segmentation networks by name, torchvision's.
SEGMENTERS = ("lraspp_mobilenet_v3_large", "deeplabv3_mobilenet_v3_large", "fcn_resnet50")


@dataclass(frozen=True, kw_only=True)
class Dense:
    """How much is done.

    Attributes:
        data: The folder of COCO's or VOC's own data, instead of a rendered world.
        target: Another such folder, of the same classes, whose val is the shifted target; by default that is the
            data's own val, each image under a corruption of its own.
        crowd: How the world's images are drawn; of real data, its ``side`` is what networks see.
        images: Of the source, of all splits.
        target_images: Of the target.
        world_seed: Of the world, which all pieces share.
        model: Of `DETECTORS` or `SEGMENTERS`.
        width: Channels of our detector's first stage.
        steps: Training steps of every arm.
        batch_size: Images in a batch.
        lr: The highest learning rate.
        copies: Restyled copies of each training image; half of what the style arms see are such.
        alpha: Strength of styles.
        scale: Smallest and largest share of an image that a geometric crop takes.
        visible: The smallest share of a box that a crop must leave.
        jitter: Strength of color jitter: brightness, contrast and saturation, and half of it for hue.
    """

    data: Folder | None = None
    target: Folder | None = None
    crowd: Crowd = field(default_factory=Crowd)
    images: int = 1000
    target_images: int = 300
    world_seed: int = 0
    model: str = "center"
    width: int = 16
    steps: int = 1200
    batch_size: int = 16
    lr: float = 2e-3
    copies: int = 4
    alpha: float = 0.5
    scale: tuple[float, float] = (0.4, 1.0)
    visible: float = 0.25
    jitter: float = 0.4

    def __post_init__(self) -> None:
        choice("model", self.model, (*DETECTORS, *SEGMENTERS))
        require(self.copies >= 1, f"copies={self.copies} must be at least 1")
        enough = not self.renders or self.batch_size <= 0.8 * self.images
        require(enough, f"batch_size={self.batch_size} is more than there is to train on")
        require(self.data is not None or self.target is None, "target= is real data's; give data= too")

    @property
    def renders(self) -> bool:
        """Whether a world is rendered."""
        return self.data is None

    @property
    def detects(self) -> bool:
        """Whether boxes are found, not the class of each pixel."""
        return self.model in DETECTORS


DETECTION: dict[Size, Dense] = {
    "smoke": Dense(
        crowd=Crowd(side=48, shift=0.5), images=20, target_images=4, steps=3, batch_size=8, width=8, copies=1
    ),
    "small": Dense(crowd=Crowd(rho=0.7, shift=0.5)),
    "full": Dense(
        crowd=Crowd(side=320, things=(3, 8), radius=(0.05, 0.2), rho=0.7, shift=0.5),
        images=10_000,
        target_images=1000,
        model="fcos_resnet50_fpn",
        steps=20_000,
        lr=1e-4,
    ),
}
SEGMENTATION: dict[Size, Dense] = {
    "smoke": Dense(
        crowd=Crowd(side=48, things=SEGMENT.things, radius=SEGMENT.radius, shift=0.5),
        images=20,
        target_images=4,
        model="lraspp_mobilenet_v3_large",
        steps=3,
        batch_size=8,
        copies=1,
    ),
    "small": Dense(
        crowd=Crowd(side=128, things=SEGMENT.things, radius=SEGMENT.radius, rho=0.7, shift=0.5),
        model="lraspp_mobilenet_v3_large",
        steps=800,
    ),
    "full": Dense(
        crowd=Crowd(side=320, things=(2, 6), radius=(0.08, 0.25), rho=0.7, shift=0.5),
        images=10_000,
        target_images=1000,
        model="lraspp_mobilenet_v3_large",
        steps=20_000,
    ),
}
