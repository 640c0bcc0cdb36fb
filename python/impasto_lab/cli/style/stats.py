"""``impasto style stats``: where the random styles of a model come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from impasto.cli import File, Positive, output

EPILOG = """\
example:
  impasto style stats --style paintings/ --out mine.safetensors"""


@dataclass(frozen=True, kw_only=True)
class StyleStats:
    """Takes mean and covariance of the style embeddings of a data set.

    They are taken as the published ones were: every image brought to 256x256, the predictor in evaluation mode. Writes
    a model with the same networks whose random styles are those.

    Args:
        style: Style images.
        content: Content images, for the fixed mean that base='mean' takes.
        model: Whose predictor embeds them, by default impasto's own.
        out: The model to write, a .safetensors.
        side: Side of the square images.
        batch_size: Images embedded together.
        device: Auto, cpu or cuda.
        json: Write the statistics as JSON too ('-': to standard output, alone).
    """

    style: Annotated[str, "DATA"]
    content: Annotated[str, "DATA"] | None = None
    model: File | None = None
    out: File
    side: Annotated[Positive, "PIXELS"] = 256
    batch_size: Positive = 16
    device: str = "auto"
    json: File | None = None


def run(stats: StyleStats) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto import sources
    from impasto.style import StyleModel, open_model
    from impasto_lab.tasks.style_statistics import embed
    from impasto_lab.training import pick_device

    console = output.console(stats.json)
    tell = output.Terminal(console)
    device = pick_device(stats.device)
    model = open_model(stats.model).to(device)
    found = {}
    for name, data in (("style", stats.style), ("content", stats.content)):
        if data:
            with tell.bar(f"embedding {name}s") as advance:
                found[name] = embed(
                    sources.open(data),
                    model.predictor,
                    side=stats.side,
                    batch_size=stats.batch_size,
                    device=device,
                    progress=advance,
                )
    distribution = found["style"].distribution()
    mean = found["content"].mean if "content" in found else model.content_mean
    StyleModel(model.transformer, model.predictor, distribution, mean, model.about, model.give_back).save(stats.out)
    tell.say(f"{found['style'].count} styles, {distribution}; see {stats.out}")
    document = {
        "count": found["style"].count,
        "mean": distribution.mean.tolist(),
        "covariance": distribution.covariance.tolist(),
    }
    output.write_json(document, stats.json)
    return 0
