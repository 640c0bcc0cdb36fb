"""What scenes are made of, and the words for it."""

from __future__ import annotations

#: Words for each shape, singular and plural; the first pair is its name.
SHAPES: dict[str, tuple[tuple[str, str], ...]] = {
    "circle": (("circle", "circles"), ("disc", "discs")),
    "square": (("square", "squares"),),
    "triangle": (("triangle", "triangles"),),
    "star": (("star", "stars"), ("five-pointed star", "five-pointed stars")),
    "heart": (("heart", "hearts"),),
    "ring": (("ring", "rings"), ("hoop", "hoops")),
    "cross": (("cross", "crosses"), ("plus sign", "plus signs")),
    "hexagon": (("hexagon", "hexagons"),),
    "crescent": (("crescent", "crescents"), ("crescent moon", "crescent moons")),
    "diamond": (("diamond", "diamonds"), ("rhombus", "rhombuses")),
}

#: Red, green and blue of each colour, 0 to 255.
COLORS: dict[str, tuple[int, int, int]] = {
    "red": (214, 40, 44),
    "orange": (245, 134, 26),
    "yellow": (250, 211, 44),
    "green": (44, 160, 70),
    "turquoise": (38, 188, 186),
    "blue": (36, 92, 214),
    "purple": (126, 58, 176),
    "pink": (244, 128, 176),
    "white": (244, 244, 240),
    "black": (38, 38, 44),
}

#: Smallest and largest radius of each size, as a share of the image's side.
SIZES: dict[str, tuple[float, float]] = {"small": (0.08, 0.095), "medium": (0.125, 0.145), "large": (0.185, 0.215)}

#: How each texture is said before and after the noun.
TEXTURES: dict[str, tuple[str, str]] = {
    "plain": ("", ""),
    "striped": ("striped", "with stripes"),
    "dotted": ("dotted", "with dots"),
    "checkered": ("checkered", "with a checkered pattern"),
}

#: How each background is said.
BACKGROUNDS: dict[str, tuple[str, ...]] = {
    "wood": ("on wooden planks", "on a wooden table", "on wood"),
    "grass": ("on the grass", "on a green lawn", "on a meadow"),
    "sand": ("on sand", "on a sandy beach", "on pale sand"),
    "water": ("on blue water", "on the water", "on waves"),
    "stone": ("on grey stone", "on a slab of stone", "on concrete"),
    "night": ("in the night sky", "against a starry sky", "at night"),
}

#: Red, green and blue of each ground of one color; none is a thing's.
PLAIN_GROUNDS: dict[str, tuple[int, int, int]] = {
    "gray": (132, 134, 138),
    "beige": (212, 194, 158),
    "brown": (112, 80, 58),
    "navy": (34, 42, 82),
    "olive": (118, 122, 66),
    "lilac": (178, 158, 206),
}

#: How each ground is said, plain ones too.
GROUNDS: dict[str, tuple[str, ...]] = BACKGROUNDS | {
    name: (f"on a plain {name} ground", f"in front of {name} wallpaper", f"on {name} paper") for name in PLAIN_GROUNDS
}

#: Relations of a thing to another, with their opposites.
RELATIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "left": (("to the left of", "left of"), "right"),
    "right": (("to the right of", "right of"), "left"),
    "above": (("above", "higher up than"), "below"),
    "below": (("below", "under", "beneath"), "above"),
}


def held_out(shape: str, color: str) -> bool:
    """Whether a combination is kept for the test split: one for each shape and each colour."""
    shapes, colors = list(SHAPES), list(COLORS)
    return (shapes.index(shape) + 3 * colors.index(color)) % len(shapes) == 7
