"""The model card: what the model is, what it was made of, what it does, and what it can't."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.style import StyleModel
from impasto_lab.experiments.default_style.settings import HELD_OUT
from impasto_lab.worlds.photographs import catalogue
from impasto_lab.worlds.styles import FAMILIES

_CARD = """\
# The style model that comes with impasto

`default.safetensors` ({parameters:,} parameters, float16) is a style transformer and a style predictor after Ghiasi et
al. (2017), made small for CPUs, with the distribution of style embeddings after Jackson et al. (2019).
`features.safetensors` is the small VGG that losses and predictor look at. Both were made by

    impasto reproduce default-style

whose settings and seeds the file's header holds; this page is written from that header. The features here were trained
on a draft of the styles, before some of them were redrawn, and the transformer with one thread at first and two later:
run again, the command makes weights like these, not the same bits.

## Networks

- Transformer: Ghiasi's, with 16, 32 and 64 channels in place of 32, 64 and 128, a 5x5 kernel in place of 9x9 at both
  ends, and embeddings of {embedding} dimensions: {transformer:,} parameters, a quarter of the published network's
  operations.
- Predictor: means and deviations of the colours and of a small VGG's four blocks, and one linear layer to their
  principal components: {predictor:,} parameters.

## Data

- Contents: {photographs} photographs that scikit-image and scikit-learn carry, in {regions} parts, and {scenes:,}
  rendered scenes. Held out: {held_out}, and a tenth of the scenes. Licences: {licences}.
- Styles: {styles} procedural styles of {families} families (strokes, hatching, halftone, marbling, mosaics, washes,
  ...), {variants} renderings each; where a family can paint, half of them are photographs repainted. Held out:
  {test_styles} styles. No painting by a person was used.

## Training

Features: {feature_steps} batches of {feature_batch} at {feature_side} pixels, to name the style and the photograph.
Transformer, by Adam with half a cosine, the predictor frozen:

{phases}

The loss is `impasto.style.transfer.objectives.BalancedObjective`.

## Measures

On {measured_contents} held-out contents, photographs and rendered scenes, each in {measured_styles} held-out styles,
at 128 pixels and full strength:

| measure | value |
| --- | ---: |
{measures}

Style loss is that of Gram matrices over positions, added over four layers. Its fall is stated as the median over pairs:
the ratio of means is ruled by the few contents of the strongest edges, and even a flat grey picture does well by it.
Rendered scenes flatter it: on the four held-out photographs alone it falls by {fall_photographs} ({falls}).
The classifier names ten shapes of rendered scenes at 96 pixels; it was trained on plain images alone, mirrored and with
other colours, contrasts and brightnesses. Its images are painted in random styles.

## Limits

It was trained on few photographs, on procedural styles and at small sizes, for an hour and a half on two CPU cores. It
changes colour, contrast and small texture; it does not paint like a master, and large strokes are beyond it. Faces and
fine print suffer at full strength. For results to publish, train on photographs and paintings (`impasto style train`),
or load the published checkpoint.
"""


def card(model: StyleModel, falls: Mapping[str, float]) -> str:
    """Writes the card.

    Args:
        model: Whose ``about`` holds ``"settings"`` and ``"measures"``, as read from a file.
        falls: Of the style loss on photographs alone, as `impasto_lab.experiments.default_style.falling` measures them.

    Returns:
        Markdown.
    """
    settings, measures = model.about["settings"], model.about["measures"]
    parameters = {
        name: sum(parameter.numel() for parameter in network.parameters())
        for name, network in (("transformer", model.transformer), ("predictor", model.predictor))
    }
    seen = [photograph for photograph in catalogue() if photograph.name not in HELD_OUT]
    licences: dict[str, list[str]] = {}
    for photograph in seen:
        licences.setdefault(photograph.licence, []).append(photograph.name)
    numbers = ("styles", "variants", "test_styles", "scenes", "feature_steps", "feature_batch", "feature_side")
    return _CARD.format(
        **{name: settings[name] for name in (*numbers, "measured_contents", "measured_styles")},
        parameters=sum(parameters.values()),
        embedding=model.embedding,
        fall_photographs=f"{falls['all']:.1f}x",
        falls=", ".join(f"{name} {fall:.1f}x" for name, fall in falls.items() if name != "all"),
        **parameters,
        photographs=len(seen),
        regions=sum(len(photograph.regions) for photograph in seen),
        held_out=", ".join(HELD_OUT),
        licences="; ".join(f"{licence} ({', '.join(names)})" for licence, names in licences.items()),
        families=len(FAMILIES),
        phases="\n".join(map(_phase, settings["phases"])),
        measures="\n".join(f"| {name} | {value} |" for name, value in rows(measures)),
    )


def _phase(phase: Mapping[str, Any]) -> str:
    first, last = phase["style_weight"]
    weight = f"{first:g}" if first == last else f"{first:g} to {last:g}"
    return (
        f"- {phase['steps']:,} batches of {phase['batch_size']} at {phase['side']} pixels, learning rate "
        f"{phase['lr']:g}, style weight {weight}, identity weight {phase['identity_weight']:g}, strengths below 1 in "
        f"{phase['partial']:.0%} of rows"
    )


def rows(measures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values of measures, as `Measures.as_dict` has them."""
    named = measures["accuracy"]
    found = [
        ("style loss falls by (median over pairs)", f"{measures['fall_median']:.1f}x"),
        ("the same, ratio of means", f"{measures['fall']:.1f}x"),
        ("the same by features of random filters, median", f"{measures['fall_random']:.1f}x"),
        ("root mean square distance between ten random styles of an image", f"{measures['random_distance']:.3f}"),
        ("between an image in ten held-out styles", f"{measures['style_distance']:.3f}"),
        ("between ten different contents, for scale", f"{measures['plain_distance']:.3f}"),
        ("PSNR of an image and itself at strength 0", f"{measures['reconstruction']:.1f} dB"),
        ("shapes named right on plain images", f"{named['plain']:.1%}"),
    ]
    found += [(f"at strength {alpha}", f"{value:.1%}") for alpha, value in named.items() if alpha != "plain"]
    return found
