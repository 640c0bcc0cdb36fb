"""One picture, optimised."""

from __future__ import annotations

from typing import Any

from impasto.cli import output
from impasto.cli.flags import make
from impasto.cli.stylize.arguments import Optimizing, Stylize
from impasto.cli.stylize.opening import pick_device, pick_seed, pick_target
from impasto.errors import RecipeError
from impasto.jobs import optimize_picture, read_picture, write_picture
from impasto.style import load_features


def paint(stylize: Stylize) -> dict[str, Any]:
    """Paints it, and returns what there is to say of it."""
    if stylize.style is None:
        raise RecipeError("--method optimize needs the picture whose style is taken: --style PICTURE")
    console = output.console(stylize.json)
    told = make(Optimizing, stylize.optimizing)
    target, seed, device = pick_target(stylize), pick_seed(stylize), pick_device(stylize.device)
    size = stylize.size or (512 if device.type == "cuda" else 256)
    pixels, style = read_picture(stylize.data, size), read_picture(stylize.style, size)
    features = load_features(told.features, pooling=told.pooling)
    options = _options(told, features.kind)
    if stylize.json != "-":
        height, width = pixels.shape[:2]
        console.print(f"{width}x{height} pixels, features: {features.kind}", markup=False)
    written: list[str] = []

    def keep(step: int, image: Any) -> None:
        path = target.with_name(f"{target.stem}-{step:04d}{target.suffix}")
        write_picture(image, path, quality=stylize.quality)
        written.append(str(path))

    with output.Terminal(console).bar("optimising") as progress:
        done = optimize_picture(
            pixels,
            style,
            features,
            seed=seed,
            device=device,
            on_picture=keep,
            every=told.every,
            progress=progress,
            **options,
        )
    write_picture(done.pixels, target, quality=stylize.quality)
    before, after = done.before, done.losses[-1]
    if stylize.json != "-":
        fall = f"loss {before['loss']:.4g} to {after['loss']:.4g}, style {before['style']:.4g} to {after['style']:.4g}"
        console.print(f"{target} ({fall})", markup=False, soft_wrap=True)
    document = {"out": str(target), "pictures": written, "style": stylize.style, "features": features.kind}
    return {**document, "seed": seed, **options, "before": before, "losses": done.losses}


def _options(told: Optimizing, features: str) -> dict[str, Any]:
    """What `impasto.style.optimize` is told."""
    names = ("preset", "style_weight", "content_weight", "tv_weight")
    chosen = {name: value for name in names if (value := getattr(told, name)) is not None}
    # On our small features Adam's pictures are the better ones: L-BFGS works on edges, and leaves large areas behind.
    method = told.optimizer or ("adam" if features == "small" else "lbfgs")
    return {"steps": told.steps, **chosen, "init": told.init, "method": method}
