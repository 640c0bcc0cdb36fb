"""How much is done on real data, and what each arm is; `full` is the published setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from impasto.checks import choice, require
from impasto.cli import File, Folder
from impasto_lab.experiments.experiment import Size
from impasto_lab.tasks.pretrain.settings import Kind, Mixing, PretrainSettings
from impasto_lab.tasks.pretrain.settings import Size as Preset

#: What a pretrained model is tuned to: COCO's and Flickr30K's retrieval, and the other tasks.
Course = Literal["coco", "flickr30k", "vqa", "nlvr2", "snli-ve", "refcoco+"]
#: The papers train on so many GPUs; a preset's batch is that of each.
GPUS = 8
#: The papers' epochs of pretraining (Li et al. 2021, Yang et al. 2022, Radford et al. 2021). ViLT's paper has steps.
EPOCHS: dict[Kind, int] = {"albef": 30, "tcl": 30, "clip": 32}
#: What the command line may say of real data.
OPTIONS = ("data", "vocabulary", "bert", "vit", "weights")


@dataclass(frozen=True, kw_only=True)
class RealArm:
    """One way to pretrain.

    Attributes:
        model: Which model.
        mixgen: How pairs are mixed in pretraining; nothing is mixed in tuning.
        ratio: M as a share of the batch.
        sets: The papers' sets, by the millions of their images.
        share: Of each set's images, in (0, 1]; those of smaller shares are among those of larger ones.
    """

    model: Kind
    mixgen: Mixing = "none"
    ratio: float = 0.25
    sets: Literal["1m", "4m"] = "4m"
    share: float = 1.0

    def __post_init__(self) -> None:
        require(0 < self.share <= 1, f"share={self.share} must lie in (0, 1]")


@dataclass(frozen=True, kw_only=True)
class Real:
    """How much is done on real data; by default what `full` does.

    Attributes:
        data: The folder of the papers' sets and the tasks' files; docs/reproducing.md tells what lies where.
        vocabulary: BERT's vocab.txt; without it the small presets of BERT's models take the data's own words.
        bert: The BERT that ALBEF and TCL of the papers' size begin from.
        vit: The DeiT-B/16 that they begin from.
        weights: The ViT-B/32 of 384 pixels that a ViLT of the papers' size begins from.
        preset: The models' size; the papers' is ``"base"``.
        pretraining: Steps; None for as many as the papers', 0 where nothing is trained.
        length: Token ids of a pretraining's caption; None is the preset's.
        tuning: Steps of each task, in the order in which they are done; None for the papers' epochs.
        untuned: Whether the pretrained model is asked to retrieve before it is tuned.
        ranks: Whether the ranks of COCO's true images are kept after tuning.
        pictures: Expressions and questions whose maps are drawn.
        batch_size: Samples of a step, of all processes together; None is the papers'.
        most: Rows of each data set, from the first on; None takes all. NLVR2's statements are always all taken.
        k: Candidates that ALBEF and TCL look at closely; None is the papers'.
        compared: Images that ViLT is asked about, each with all captions: it has no towers. None takes all.
        frequent: Questions that an answer must be the most frequent of to be one that is chosen from.
        missing: The largest share of a set's images that may be missing.
        budget: The largest share of broken samples in pretraining that others take the place of.
        threads: Of each training's loader.
        arms: By name.

    Raises:
        RecipeError: If a value makes no sense.
    """

    data: Folder | None = None
    vocabulary: File | None = None
    bert: File | None = None
    vit: File | None = None
    weights: File | None = None
    preset: Preset = "base"
    pretraining: int | None = None
    length: int | None = None
    tuning: Mapping[Course, int | None] = field(default_factory=dict)
    untuned: bool = False
    ranks: bool = False
    pictures: int = 0
    batch_size: int | None = None
    most: int | None = None
    k: int | None = None
    compared: int | None = None
    frequent: int = 9
    missing: float = 0.5
    budget: float = 0.01
    threads: int = 12
    arms: Mapping[str, RealArm] = field(default_factory=dict)

    def __post_init__(self) -> None:
        choice("preset", self.preset, ("tiny", "small", "base"))
        papers = self.preset == "base"
        require(papers or None not in (self.batch_size, self.pretraining), "steps and batches of small runs are told")
        require((self.bert is None) == (self.vit is None), "a BERT and a DeiT go together (--bert, --vit)")

    @property
    def published(self) -> bool:
        """Whether models have the papers' sizes, and begin from what theirs begin from."""
        return self.preset == "base"

    @property
    def trains(self) -> bool:
        """Whether anything is trained."""
        return self.pretraining != 0

    def pretrains(self, name: str, *, pairs: int, seed: int, processes: int = 1) -> PretrainSettings:
        """How an arm's model is pretrained.

        Args:
            name: The arm's.
            pairs: Captions with an image, of all its sets.
            seed: Of everything.
            processes: That train together.

        Raises:
            RecipeError: If a batch can't be shared out among so many processes.
        """
        arm = self.arms[name]
        usual = PretrainSettings.of(arm.model, self.preset)
        together = self.batch_size or usual.batch_size * usual.accumulate * GPUS
        most = usual.batch_size if usual.accumulate > 1 else together
        accumulate = max(together // (most * processes), 1)
        batch_size, left = divmod(together, processes * accumulate)
        require(left == 0, f"a batch of {together} can't be shared out among {processes} processes")
        epochs = EPOCHS.get(arm.model)
        steps = self.pretraining or (usual.steps if epochs is None else max(epochs * pairs // together, 1))
        return PretrainSettings.of(
            arm.model, self.preset, mixgen=arm.mixgen, ratio=arm.ratio, steps=steps, batch_size=batch_size,
            accumulate=accumulate, length=self.length, seed=seed, save_every=usual.save_every,
        )  # fmt: skip


#: What arms are called without MixGen and with it.
_WAYS: tuple[tuple[str, Mixing], ...] = (("plain", "none"), ("mixgen", "default"))


def both(*models: Kind, sets: Literal["1m", "4m"] = "4m") -> dict[str, RealArm]:
    """Arms without and with MixGen, by name: what is pretrained alike is called alike in all tables and figures."""
    end = "" if sets == "4m" else f"-{sets}"
    return {
        f"{way}-{model}{end}": RealArm(model=model, mixgen=mixgen, sets=sets)
        for model in models
        for way, mixgen in _WAYS
    }


def sizes(
    arms: Mapping[str, RealArm], *courses: Course, untuned: bool = False, ranks: bool = False, pictures: int = 0
) -> dict[Size, Real]:
    """The settings of each size.

    Args:
        arms: By name.
        courses: What models are tuned to.
        untuned: See `Real`.
        ranks: See `Real`.
        pictures: See `Real`.
    """
    full = Real(tuning=dict.fromkeys(courses, None), untuned=untuned, ranks=ranks, pictures=pictures, arms=dict(arms))
    small = replace(
        full, preset="small", pretraining=3000, batch_size=32, length=64, tuning=dict.fromkeys(courses, 800),
        most=5000, k=16, compared=100, frequent=3, budget=0.0, threads=1,
    )  # fmt: skip
    smoke = replace(
        small, preset="tiny", pretraining=2, batch_size=8, tuning=dict.fromkeys(courses, 2), most=48, k=4, compared=4,
        frequent=1, pictures=min(pictures, 8),
    )  # fmt: skip
    return {"smoke": smoke, "small": small, "full": full}


#: Seeds of each size: a seed of `full` is days of GPUs.
SEEDS: dict[Size, tuple[int, ...]] = {"smoke": (0,), "small": (0,), "full": (0,)}
