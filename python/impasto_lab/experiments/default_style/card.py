"""The model card: what the model is, what it was made of, what it does, and what it can't."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from impasto.style import StyleModel
from impasto_lab.experiments.default_style.families import SPREAD
from impasto_lab.experiments.default_style.namers import DESIGNS
from impasto_lab.experiments.default_style.settings import HELD_OUT, UNSEEN
from impasto_lab.worlds.photographs import catalogue
from impasto_lab.worlds.styles import APART, FAMILIES

#: SHA-256 of the model that the weights which come with impasto began with, as a header's ``"began"`` has it.
BEGAN = "3d4507e8f53419336e1526508807e8656b9136a2d20533718ad5c9acd3333804"
# [[What is told of those weights alone||and of others in its place]].
_CARD = """\
# [[The style model that comes with impasto||A style model]]

`[[default||model]].safetensors` ({parameters:,} parameters, float16) is a style transformer and a style predictor \
after Ghiasi et
al. (2017), made small for CPUs, with the distribution of style embeddings after Jackson et al. (2019).
`features.safetensors` is the small VGG that losses and predictor look at. Both were made by

    impasto reproduce default-style

whose settings and seeds the file's header holds; this page is written from that header.[[ The features here \
were trained
on a draft of the styles, before some of them were redrawn. The first three phases are those of the weights that came
with impasto before; the others went on from these, which is done again by a run whose folder holds them:

    git show 725bc87:python/impasto/style/weights/default.safetensors > OUT/phase-3/model.safetensors
    git show 725bc87:python/impasto/style/weights/features.safetensors > OUT/features.safetensors
    impasto reproduce default-style --out OUT

(Here each later phase up to the eighth had the fourth's seed; the command counts on.) From nothing, the command makes
another model, which has to be looked at and measured before it takes this one's place.]]

## Networks

- Transformer: Ghiasi's, with 16, 32 and 64 channels in place of 32, 64 and 128, a 5x5 kernel in place of 9x9 at both
  ends, and embeddings of {embedding} dimensions: {transformer:,} parameters, a quarter of the published network's
  operations.
- Predictor: means and deviations of the colours and of a small VGG's four blocks, and one linear layer, which began as
  their principal components, six of them the colours' alone, and was trained on in the last two phases, when what less
  than one picture of twenty has was left out of it: {predictor:,} parameters.
- Random styles: a mixture of a normal distribution for each of {drawn} of {families} families, fitted to the embeddings
  of the renderings trained on; 30 % of each covariance is that within all families, and deviations are taken
  {spread:g}-fold. Random styles are not of the families in which contents are recognised least, by the {namers}
  classifiers of shapes that losses looked at (and not the one that judges): {left_out}. As given styles, these
  work as all others do. A family's shapes are named right in {least:.0%} to {most:.0%}.
- Give back: a `StyleRandomizer` gives images back what the network loses of them, `G(c, z) + (1 - alpha) (c - G(c,
  P(c)))`, by a second pass at strengths below 1. Strength 0 is the image, to the bit.

## Data

- Contents: {photographs} photographs that scikit-image and scikit-learn carry, in {regions} parts, and {scenes:,}
  rendered scenes. Held out: {held_out}, and a tenth of the scenes. Licences: {licences}.
- Styles: {styles} procedural styles of {families} families (strokes, hatching, halftone, marbling, mosaics, washes,
  ...), {variants} renderings each; where a family can paint, half of them are photographs repainted. Held out:
  {test_styles} styles. No painting by a person was used.
- Compounds, for the last two phases: {compounds:,} pictures made of these renderings, of up to three families each:
  turned, sheared, swirled, recoloured, and masked, darkened, lightened or bent by one another, or repeated.

## Training

Features: {feature_steps} batches of {feature_batch} at {feature_side} pixels, to name the style and the photograph.
Transformer, by Adam with half a cosine, the predictor frozen but where it is said:

{phases}

The loss is `impasto.style.transfer.objectives.BalancedObjective`. Where it looks by namers, these are {namers}
classifiers of shapes, of other designs, seeds and images than the one that measures: style is compared in their layers
too, and what they call a content, painted images should be called. Phases that leave families out never saw
{unseen}; [[the first three||all other]] phases did, and so did the mixture of random styles.

## Measures

On {measured_contents} photographs that were held out whole ({photographs_measured}), each in {measured_styles} held-out
styles (numbers that training never saw, of families that [[its first phases||phases that leave none out]] did), \
at 128 pixels:

| measure | value | wanted |
| --- | ---: | ---: |
{measures}

Style loss is that of Gram matrices over positions, added over layers; its fall is the median over pairs. By the
features that losses looked at it falls, at strength 1, by photograph: {falls}; by strength: {strengths}.
A separately trained net is the classifier of shapes: it names ten shapes of rendered scenes at 96 pixels, and was
trained on plain images alone, mirrored and with other colours, contrasts and brightnesses. No loss looked at it, but at
others that were trained for the same task. It is trained when measures are taken, and not the same on all machines[[\
: the
weights of the eighth phase, which it called right in 48.8 % at strength 1 and 83.8 % plain on one, it called right in
52.6 % and 84.4 % on another]]. \
Its images, and those whose PSNR is taken, are painted in random styles. 100 dB
stands for no difference. The grid's energy is that of rows and columns at a period of four pixels beside that of
frequencies next to it.

[[## What was tried and left

By the spectra, the ripples have periods from eight pixels up, which is the highest frequency at a quarter of the size,
where the residual blocks are, and a line at four, as if odd and even rows differed after doubling (not proved).
Gram matrices of small features let both pass. From the third phase, before classifiers were looked at:

- 1,200 steps with bilinear doubling, grain and a loss at two scales: the least fall by the trained features from 2.1x
  to 3.3x, the grid's energy at strength 1 from 1.03 to 1.87.
- 800 batches of 4 from there, with the spectrum's weight at 0.4 and the grid's at 0.3: falls of 8.1x, 15.5x and 4.1x by
  the three judges, but shapes named right in 63.6 % at strength 0.5 and 38.4 % at 1, and palettes less true.

With the classifiers, and pixels repeated where sizes are doubled, as before:

- After the fourth phase, falls were 6.8x, 10.5x and 3.0x, shapes named right in 76.6 % and 55.6 %, but palettes were
  wrong (browns red) and the grid's energy 1.47. The 64 principal components had lost them: mean colours read from them
  linearly were off by 0.026 of the range in the median. Six components for colours mended that.
- After the sixth, falls were 7.8x, 17.0x and 4.3x, where they are least 4.0x, 11.5x and 2.7x, shapes named right in
  75.4 % and 57.2 %, but the grid's energy was 1.08 and 1.25, with a weight of 2 on it. The same network with bilinear
  doubling, not trained further: 0.98 and 0.95, but 3.1x by the trained features.
- So the last phases have bilinear doubling, and count the logarithm of falls, by the features and by each classifier.
  After the first of them falls were 6.4x, 30.1x and 5.7x, where they are least 3.1x, 11.9x and 3.4x, shapes named right
  in 74.6 % and 51.2 %, the grid's energy 1.03 and 1.04, ten random styles 0.311 apart, held-out ones 0.327.
- A draw of ten random styles moves their distance more than what is missing, 0.28 to 0.35 over eight seeds; so it is
  taken over eight draws.
- Random styles of all fifty families, deviations taken 1.15-fold: distances of 0.310 for ten of them, beside 0.327, and
  253 of 500 shapes named right at strength 1 where 253.2 were wanted (243 to 251 with five other seeds). The losses'
  classifiers name 33 % to 62 % by the family, and the fifteen poorest are no longer drawn from. To weigh families by
  the share instead, up to its third power, gave a half of what that gives. The judge was not asked in choosing.

After the eighth, falls were 8.4x, 28.9x and 6.3x in held-out styles, 3.5x, 12.5x and 4.1x in the families that
nothing was trained on, and 5.5x, 19.2x and 4.8x in both together. Six more families that no phase sees, drawn for
this choice alone (spirals, bricks, crosses, rings, argyle, letters), had 3.7x, 15.3x and, by a classifier that losses
look at, 6.0x:

- There, sixty-four numbers found by gradient for each style, in twenty steps, bring the geometric mean of falls from
  4.4x to 18.1x by the trained features, and by a classifier and filters that were not followed from 6.0x to 8.4x and
  from 17x to 21x. So the predictor binds before the transformer does.
- All of the predictor trained beside the transformer, at a rate of 0.0004: after a hundred batches the style loss had
  leapt to 4.4 (0.2 before), and shapes were named worse. Adam's steps move what all images have in common; those on
  decorrelated statistics don't. And 230 of the 486 statistics, which none or hardly any of 2,560 pictures had, are
  left out of the layer: one of them, dead in all of these, threw embeddings so far off that random styles were 0.487
  apart.
- The ninth phase, 1,200 batches with compounds, on two photographs: at its middle nothing was gained in those six
  families by the features (4.8x, the geometric mean), at its end they were 5.5x, where the eighth phase had 5.3x; by
  random filters 35x where there were 22x, by the classifier 7.0x where there were 6.4x. Fall weights of 2.5 and of 4
  were the same to 0.01 of its logarithm for 200 batches.

- The tenth, 1,500 batches more, at learning rates of 0.0005 and of 0.001: in those six families falls had medians of
  5.4x and 6.2x by the features (4.4x after the ninth), 25x and 26x by random filters (24x), 5.6x and 5.9x by the
  classifier (5.4x); the geometric mean of the last stayed where it was (6.9x and 6.9x, 7.0x). The higher was taken.
  With deviations taken 1.08-fold, as before, ten random styles were then 0.326 apart, held-out ones 0.338; 1.18-fold,
  0.336, with a standard error of 0.009 over eight draws; 1.2-fold, 0.354, but 27.8 dB at strength 0.1.

Here the statistics that are dead in all pictures were taken out of the layer after the ninth phase; the command does it
before.

Phases' settings were chosen by looking at these measures of what had come before: photographs, styles and judge are
held out from training, not from that choice.

]]## Limits

The network was trained on few photographs, on procedural styles and at small sizes[[, for an hour and a half on two
CPU cores, then for three and a half hours on parts of them]]. It changes colour, contrast and small texture, in flat
parts too; it does not paint like a master, and large strokes are beyond it. Faces and fine print suffer at full
strength[[: by the weights of the eighth phase, with six other seeds of styles, 271 to 298 of the 500 shapes (419 plain)
were named right there, and of 500 more shapes (406 plain) 258 to 285. In real textures the style loss falls least by
the features it was trained by]]. Brick, grass and gravel were contents in training, though never styles. For results to
publish, train on photographs and paintings (`impasto style train`), or load the published checkpoint.
"""


_SAID = {
    "grain": "with grain",
    "bilinear": "sizes doubled bilinearly",
    "give_back": "with what is lost given back",
    "palette": "after six components were given to colours",
    "linear": "the predictor's linear layer too",
    "unseen": "families left out",
    "compounds": "compounds of styles among them",
}


def card(model: StyleModel) -> str:
    """Writes the card.

    Args:
        model: Whose ``about`` holds ``"settings"``, ``"named"``, ``"drawn"`` and ``"measures"``, as read from a file;
            and ``"began"``, the SHA-256 of the model that its run was given to go on from, or None. The history of the
            weights that come with impasto is told of those that began as they did, and where nothing is said of it.

    Returns:
        Markdown.
    """
    settings, measures = model.about["settings"], model.about["measures"]
    parameters = {
        name: sum(parameter.numel() for parameter in network.parameters())
        for name, network in (("transformer", model.transformer), ("predictor", model.predictor))
    }
    named, drawn = model.about["named"], model.about["drawn"]
    seen = [photograph for photograph in catalogue() if photograph.name not in HELD_OUT]
    licences: dict[str, list[str]] = {}
    for photograph in seen:
        licences.setdefault(photograph.licence, []).append(photograph.name)
    numbers = (
        "styles",
        "variants",
        "test_styles",
        "compounds",
        "scenes",
        "feature_steps",
        "feature_batch",
        "feature_side",
    )
    told = 1 if model.about.get("began", BEGAN) == BEGAN else 2
    text = re.sub(r"\[\[(.*?)(?:\|\|(.*?))?\]\]", lambda passage: passage[told] or "", _CARD, flags=re.DOTALL)
    return text.format(
        **{name: settings[name] for name in (*numbers, "measured_contents", "measured_styles")},
        parameters=sum(parameters.values()),
        embedding=model.embedding,
        namers=len(DESIGNS),
        spread=SPREAD,
        drawn=len(drawn),
        left_out=", ".join(f"{name} ({named[name]:.0%})" for name in named if name not in drawn),
        least=min(named.values()),
        most=max(named.values()),
        unseen=", ".join(UNSEEN),
        photographs_measured=", ".join(measures["fall_photographs"]),
        falls=", ".join(f"{name} {fall:.1f}x" for name, fall in measures["fall_photographs"].items()),
        strengths=", ".join(f"{fall:.2f}x at {alpha}" for alpha, fall in measures["fall_strengths"].items()),
        **parameters,
        photographs=len(seen),
        regions=sum(len(photograph.regions) for photograph in seen),
        held_out=", ".join(HELD_OUT),
        licences="; ".join(f"{licence} ({', '.join(names)})" for licence, names in licences.items()),
        families=len(FAMILIES),
        phases="\n".join(map(_phase, settings["phases"])),
        measures="\n".join(f"| {name} | {value} | {wanted} |" for name, value, wanted in rows(measures)),
    )


def _phase(phase: Mapping[str, Any]) -> str:
    first, last = phase["style_weight"]
    weight = f"{first:g}" if first == last else f"{first:g} to {last:g}"
    count = phase.get("scales", 1)
    scales = f", the loss at {count} sizes" if count > 1 else ""
    for what in ("spectrum", "grid", "naming", "fall"):
        if phase.get(f"{what}_weight"):
            scales += f", {what} weight {phase[f'{what}_weight']:g}"
    scales += "".join(f", {said}" for name, said in _SAID.items() if phase.get(name))
    return (
        f"- {phase['steps']:,} batches of {phase['batch_size']} at {phase['side']} pixels, learning rate "
        f"{phase['lr']:g}, style weight {weight}, identity weight {phase['identity_weight']:g}, strengths below 1 in "
        f"{phase['partial']:.0%} of rows{scales}"
    )


def rows(measures: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Names and values of measures, as `Measures.as_dict` has them, and what was aimed at."""
    named = {"trained": "the trained features", "random": "random filters", "separate": "a separately trained net"}
    judged = {judge: named[judge] for judge in measures["fall"]}
    found = [
        (f"style loss falls by, by {name}", f"{measures['fall'][judge]:.1f}x", "6x") for judge, name in judged.items()
    ]
    found += [
        (f"the same of the photograph where it is least, by {name}", f"{measures['fall_least'][judge]:.1f}x", "3x")
        for judge, name in judged.items()
    ]
    found += [
        (
            f"the same in families that the last phases never saw, by {name}",
            f"{measures['fall_unseen'][judge]:.1f}x",
            "",
        )
        for judge, name in judged.items()
    ]
    found += [
        (
            f"the same in families that nothing was trained on ({', '.join(APART)}), by {name}",
            f"{measures['fall_strangers'][judge]:.1f}x",
            "",
        )
        for judge, name in judged.items()
    ]
    found += [
        (f"held-out styles and strangers together, by {name}", f"{measures['fall_together'][judge]:.1f}x", "6x")
        for judge, name in judged.items()
    ]
    found += [
        (f"the same in brick, grass and gravel, by {name}", f"{measures['fall_textures'][judge]:.1f}x", "")
        for judge, name in judged.items()
    ]
    spread, wanted = measures["random_distance"], measures["style_distance"]
    found += [
        (
            "root mean square distance between ten random styles of a photograph, eight times",
            f"{spread:.3f}",
            f"{wanted:.3f}",
        ),
        ("between a photograph in all held-out styles", f"{wanted:.3f}", ""),
        ("between different photographs, for scale", f"{measures['plain_distance']:.3f}", ""),
    ]
    found += [
        (f"energy at the grid's period, over the photograph's, at strength {alpha}", f"{value:.2f}", "0.95 to 1.05")
        for alpha, value in measures["grid"].items()
    ]
    decibels = {"0.0": "32 dB", "0.1": "28 dB"}
    found += [
        (f"PSNR of a photograph and itself at strength {alpha}", f"{value:.1f} dB", decibels[alpha])
        for alpha, value in measures["psnr"].items()
    ]
    accuracies = measures["accuracy"]
    if not accuracies:
        return [*found, ("shapes named right, and style loss by a separately trained net", "not measured yet", "")]
    plain = accuracies["plain"]
    least = {"0.0": plain - 0.02, "0.5": 0.85 * plain, "1.0": 0.6 * plain}
    found.append(("shapes named right on plain images", f"{plain:.1%}", ""))
    found += [
        (f"at strength {alpha}", f"{value:.1%}", f"{least[alpha]:.1%}" if alpha in least else "")
        for alpha, value in accuracies.items()
        if alpha != "plain"
    ]
    return found
