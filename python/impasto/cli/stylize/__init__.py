"""``impasto stylize``: pictures and data sets in other styles."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from impasto.cli import output
from impasto.cli.flags import make
from impasto.cli.stylize.arguments import Picture, Stylize
from impasto.errors import RecipeError, SourceError

EPILOG = """\
examples:
  impasto stylize mug.png out.png --alpha 0.5              another style each time; --seed N for the same
  impasto stylize mug.png sheet.png --grid 4               the picture, and fifteen random styles
  impasto stylize mug.png out.png --style waves.jpg        in that style
  impasto stylize mug.png out.png --style waves.jpg --method optimize --steps 200 --every 50
  impasto stylize photos/ stylized/ --copies 4 --alpha 0.2,0.8 --workers 8
  impasto stylize captions_train.json stylized/ --images train2017/ --copies 1 --ratio 1:1"""


def run(stylize: Stylize) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto.cli.stylize import dataset, network, optimizing
    from impasto.jobs import is_picture

    if not Path(stylize.data).exists() and not any(mark in stylize.data for mark in "{*?["):
        raise SourceError("the file does not exist; check the path", path=stylize.data)
    networks = [name for name in ("alpha", "model") if getattr(stylize, name) is not None]
    if not is_picture(stylize.data):
        style = [] if stylize.style is None else ["style"]
        _refuse([*stylize.picture, *style, *stylize.optimizing], "for a picture, and IN is none")
        document = dataset.paint(stylize)
    elif make(Picture, stylize.picture).method == "optimize":
        _refuse(stylize.copies, "for a data set, and IN is a picture")
        _refuse([*networks, *(name for name in stylize.picture if name != "method")], "not for --method optimize")
        document = optimizing.paint(stylize)
    else:
        _refuse(stylize.copies, "for a data set, and IN is a picture")
        _refuse(stylize.optimizing, "for --method optimize")
        document = network.paint(stylize)
    output.write_json(document, stylize.json)
    return 0


def _refuse(names: Iterable[str], reason: str) -> None:
    """An option that is given where it means nothing is an error, not passed over."""
    options = ", ".join(f"--{name.replace('_', '-')}" for name in names)
    if options:
        raise RecipeError(f"{options}: {reason}; leave it out")
