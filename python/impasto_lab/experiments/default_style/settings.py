"""How much is done to make the model that comes with impasto."""

from __future__ import annotations

from dataclasses import dataclass, replace

#: Photographs that no network sees in training: contents are measured on them.
HELD_OUT = ("coffee", "flower", "camera", "rocket")
#: Families of styles that the last phases don't see: every ninth, from the fifth on.
UNSEEN = ("halftone", "stained_glass", "contours", "truchet", "smears", "terrazzo")


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A part of the transformer's training.

    Attributes:
        side: Of the images, in pixels.
        batch_size: Pairs in a batch.
        steps: Batches.
        lr: The highest learning rate.
        style_weight: Of the style loss, at the beginning and at the end; the content loss counts 1.
        partial: Share of rows with a strength below 1.
        identity_weight: Of the squared difference of pixels at strength 0.
        variation_weight: Of total variation.
        colors: Weight of colours in the style loss.
        photographs: How often an epoch visits each part of a photograph; scenes are visited once.
        scales: Sizes that the loss looks at images in; see `StyleTraining`.
        spectrum_weight: Of the difference of spectra.
        grid_weight: Of what recurs after four pixels.
        naming_weight: Of what classifiers of shapes call painted images; 0 shows them none.
        fall_weight: Of the logarithm of what is left of contents' style loss.
        grain: Noise for textures to be made of; a network that has none yet gets it.
        bilinear: Sizes doubled bilinearly, not by repeating pixels.
        give_back: Score images with what the network loses given back, as they are used.
        palette: Give colours components of their own in embeddings first, which earlier phases had not.
        linear: Train the predictor's linear layer too; otherwise it stays as it is.
        unseen: Whether `UNSEEN` families of styles are left out.
        compounds: Whether pictures made of renderings of other families are among the styles; they are made of none
            of the `UNSEEN`.
    """

    side: int
    batch_size: int
    steps: int
    lr: float
    style_weight: tuple[float, float]
    partial: float = 0.4
    identity_weight: float = 10.0
    variation_weight: float = 1.0
    colors: float = 1.0
    photographs: int = 1
    scales: int = 1
    spectrum_weight: float = 0.0
    grid_weight: float = 0.0
    naming_weight: float = 0.0
    fall_weight: float = 0.0
    grain: bool = False
    bilinear: bool = False
    give_back: bool = False
    palette: bool = False
    linear: bool = False
    unseen: bool = False
    compounds: bool = False


#: The first phase whose loss asks classifiers what painted images show; those after it change a few of its values.
NAMED = Phase(
    side=96,
    batch_size=4,
    steps=900,
    lr=7e-4,
    style_weight=(4.0, 4.0),
    colors=9.0,
    partial=0.25,
    photographs=6,
    scales=2,
    spectrum_weight=0.15,
    grid_weight=0.2,
    naming_weight=1.0,
    grain=True,
    give_back=True,
    unseen=True,
)


#: What the last ones have in common: no repeated pixels, and falls of Gram losses counted by their logarithm.
BILINEAR = replace(
    NAMED, style_weight=(5.0, 5.0), colors=16.0, grid_weight=1.0, naming_weight=0.8, fall_weight=1.0, bilinear=True
)

#: Those that train the predictor's linear layer too, on pictures of no family among others.
COMPOUND = replace(
    BILINEAR,
    steps=1200,
    lr=5e-4,
    grid_weight=3.0,
    naming_weight=1.2,
    fall_weight=4.0,
    linear=True,
    compounds=True,
)


@dataclass(frozen=True, kw_only=True)
class DefaultStyle:
    """How much is done.

    Attributes:
        styles: Styles trained on.
        variants: Renderings of each.
        test_styles: Styles kept for measuring; other numbers, of the same families.
        compounds: Pictures made of several of the renderings, for phases that ask for them.
        painted: Share of the renderings that are photographs repainted, where the family can.
        scenes: Rendered scenes among the contents, of all splits.
        things: Renderings of one shape each among the contents that are trained on.
        feature_steps: Batches that the features are trained on.
        feature_batch: Images of one, half styles and half contents.
        feature_side: Their side, in pixels.
        phases: The parts of the transformer's training; each goes on from the one before.
        measured_contents: Held-out photographs that measures are taken on, 8 at most.
        measured_styles: Held-out styles, likewise, 24 at most.
        shapes: Images that the classifier of shapes is trained on; a sixth as many test it.
        shape_epochs: Times that it sees each.
        drawn: Share of the families of styles that random styles are drawn of, those in which most shapes are named
            right by the classifiers that losses look at.
        seed: Of everything.
    """

    styles: int = 720
    variants: int = 2
    test_styles: int = 72
    compounds: int = 1500
    painted: float = 0.5
    scenes: int = 400
    things: int = 400
    feature_steps: int = 600
    feature_batch: int = 64
    feature_side: int = 64
    phases: tuple[Phase, ...] = (
        Phase(side=64, batch_size=8, steps=3000, lr=2e-3, style_weight=(0.3, 3.0)),
        Phase(side=96, batch_size=8, steps=3200, lr=1e-3, style_weight=(3.0, 3.0), colors=3.0, photographs=4),
        Phase(
            side=96,
            batch_size=8,
            steps=1800,
            lr=8e-4,
            style_weight=(1.2, 1.2),
            identity_weight=40.0,
            variation_weight=4.0,
            colors=3.0,
            partial=0.6,
            photographs=2,
        ),
        NAMED,
        replace(
            NAMED,
            steps=1700,
            lr=1e-3,
            style_weight=(5.0, 5.0),
            colors=16.0,
            grid_weight=0.6,
            naming_weight=0.6,
            palette=True,
        ),
        replace(NAMED, steps=550, lr=5e-4, style_weight=(5.0, 5.0), colors=16.0, grid_weight=2.0, naming_weight=0.8),
        replace(BILINEAR, steps=1500, lr=1e-3),
        replace(BILINEAR, steps=700, lr=6e-4, grid_weight=1.5, naming_weight=1.2, fall_weight=1.5),
        COMPOUND,
        replace(COMPOUND, steps=1500, lr=1e-3),
    )
    measured_contents: int = 8
    measured_styles: int = 24
    shapes: int = 3000
    shape_epochs: int = 16
    drawn: float = 0.7
    seed: int = 0

    @classmethod
    def smoke(cls, *, seed: int = 0) -> DefaultStyle:
        """Seconds: every step runs, nothing is learnt."""
        return cls(
            styles=16,
            variants=1,
            test_styles=12,
            compounds=6,
            scenes=20,
            things=10,
            feature_steps=2,
            feature_batch=16,
            feature_side=32,
            phases=(
                Phase(side=32, batch_size=4, steps=3, lr=1e-3, style_weight=(0.3, 1.0)),
                Phase(
                    side=48,
                    batch_size=4,
                    steps=3,
                    lr=1e-3,
                    style_weight=(1.0, 1.0),
                    photographs=2,
                    naming_weight=1.0,
                    fall_weight=1.0,
                    grain=True,
                    bilinear=True,
                    give_back=True,
                    palette=True,
                    linear=True,
                    unseen=True,
                    compounds=True,
                ),
            ),
            measured_contents=2,
            measured_styles=12,
            shapes=96,
            shape_epochs=1,
            seed=seed,
        )

    @classmethod
    def full(cls, *, seed: int = 0) -> DefaultStyle:
        """For a GPU: more styles, and the same parts of training on larger images, in larger batches, for longer."""
        small = cls(seed=seed)
        phases = tuple(
            replace(phase, side=2 * phase.side, batch_size=4 * phase.batch_size, steps=4 * phase.steps)
            for phase in small.phases
        )
        return replace(
            small,
            styles=4 * small.styles,
            compounds=4 * small.compounds,
            scenes=4 * small.scenes,
            feature_steps=2400,
            phases=phases,
        )
