"""All that is done to samples (image, text, mixing) as one frozen value: compared, printed, pickled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, Self

from impasto import _core
from impasto.checks import instance, require
from impasto.recipe.alternate import Alternate
from impasto.recipe.image import ImageRecipe
from impasto.recipe.mix import MixGen
from impasto.recipe.plain import differences, from_plain, to_plain, with_tokenizer
from impasto.recipe.text import TextRecipe


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides a batch besides the data, the seed, the epoch and the step.

    Args:
        image: What is done to images; a tuple makes a view of every image with each, drawn independently of the others,
            and mixed by one plan.
        text: What is done to captions; None leaves them unread.
        mix: How pairs are mixed, by one way or `Alternate` ones; None leaves them as they are.
    """

    image: ImageRecipe | tuple[ImageRecipe, ...] = field(default_factory=ImageRecipe)
    text: TextRecipe | None = field(default_factory=TextRecipe)
    mix: MixGen | Alternate | None = None

    def __post_init__(self) -> None:
        views = self.views
        several = isinstance(views, tuple) and len(views) > 0 and all(isinstance(view, ImageRecipe) for view in views)
        require(several, f"image={self.image!r} must be an ImageRecipe, or a tuple of one for each view")
        lists = {len(view.shapes) for view in views if view.shapes}
        require(len(lists) < 2, f"image={self.image!r}: views have as many shapes as each other, or none")
        for name, kind in (("text", TextRecipe | None), ("mix", MixGen | Alternate | None)):
            value = getattr(self, name)
            require(isinstance(value, kind), f"{name}={value!r} must be a {getattr(kind, '__name__', kind)}")
        if self.mix is not None:
            require(
                self.text is None or self.text.captions != "all",
                "captions='all' are not mixed; use mix=None, or captions='draw'",
            )
            foreign = self.text.foreign if self.text is not None else None
            self.mix.check_text(
                self.text is not None,
                self.text is not None and self.text.tokenizer is not None,
                foreign=foreign is not None,
                counts=foreign is None or foreign.counts,
            )

    @property
    def views(self) -> tuple[ImageRecipe, ...]:
        """What is done to images, for each view."""
        return (self.image,) if isinstance(self.image, ImageRecipe) else self.image

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """The (height, width) pairs of which each batch has one; none where all are of one size."""
        return next((view.shapes for view in self.views if view.shapes), ())

    def in_shape(self, number: int) -> Recipe:
        """The recipe of a batch whose images are of shape number ``number``."""
        views = tuple(view.in_shape(number) for view in self.views)
        return replace(self, image=views[0] if isinstance(self.image, ImageRecipe) else views)

    @cached_property
    def native(self) -> _core.Recipe:
        """The recipe in Rust.

        Raises:
            VocabularyError: If the tokenizer's vocabulary is missing or damaged.
        """
        text, mix = self.text.native if self.text else None, self.mix.native if self.mix else None
        return _core.Recipe([view.native for view in self.views], text, mix)

    @cached_property
    def counting(self) -> _core.Recipe:
        """The recipe in Rust, with the tokenizer that counts where rows are as long as one of others makes them.

        Raises:
            VocabularyError: If the tokenizer's vocabulary is missing or damaged.
        """
        if self.text is None or self.text.length is not None:
            return self.native
        return replace(self, text=replace(self.text, length=TextRecipe.length)).native

    def evaluation(self, *, captions: Literal["draw", "first", "all"] = "first") -> Recipe:
        """The recipe for evaluating what is trained with this one: nothing is drawn or mixed.

        Random crops become a plain resize, other crops stay, the first view remains, of one size; captions that are too
        long are cut at their end; normalisation, tokenizer and limits are kept.

        Args:
            captions: Which captions; ``"all"`` for retrieval.

        Examples:
            >>> trained = Recipe(image=ImageRecipe(size=96))
            >>> trained.evaluation().differences(trained)
            {'image.crop': ('none', 'random'), 'image.hflip': (0.0, None), 'text.captions': ('first', 'draw')}
        """
        image = _evaluated(self.views[0])
        text = self.text
        if text is not None:
            weights = text.caption_weights if captions == "draw" else ()
            text = replace(text, captions=captions, augment=(), caption_weights=weights, mask="truncate")
        return replace(self, image=image, text=text, mix=None)

    def as_dict(self) -> dict[str, Any]:
        """The recipe in dictionaries, lists, strings and numbers, for a configuration file or a run's log.

        Values that are of one kind among several have it under ``"kind"``. Of a tokenizer of others it is the name
        that a loader's state has, too; `from_dict` is given the tokenizer itself.

        Raises:
            RecipeError: If it holds something that has no plain form, such as a function.

        Examples:
            >>> Recipe(mix=MixGen(ratio=0.5)).as_dict()["mix"]["ratio"]
            0.5
        """
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], *, tokenizer: Callable[..., Any] | None = None) -> Self:
        """The recipe of what `as_dict` gave, or of a dictionary that people wrote; what it lacks has its default.

        Args:
            plain: The dictionary. What is of one kind among several says which under ``"kind"``, also the functions
                that make one, with their arguments: ``{"mix": {"kind": "CutMix", "alpha": 0.5}}``.
            tokenizer: A tokenizer of others (Hugging Face's, a function), which a dictionary can only name.

        Raises:
            RecipeError: If a name is not known (the message has the nearest), a value makes no sense, or the tokenizer
                is lacking or another one.

        Examples:
            >>> Recipe.from_dict({"image": {"size": 96}, "text": None}).image.size
            96
        """
        given = isinstance(plain, Mapping) and tokenizer is not None
        recipe: Self = from_plain(cls, with_tokenizer(plain, tokenizer) if given else plain)
        return recipe

    def differences(self, other: Recipe) -> dict[str, tuple[Any, Any]]:
        """The fields in which two recipes differ, by their places, each with both of its values.

        Raises:
            RecipeError: If the other is no recipe, or one has no plain form; see `as_dict`.

        Examples:
            >>> Recipe().differences(Recipe(image=ImageRecipe(size=96)))
            {'image.size': (224, 96)}
        """
        instance("other", other, Recipe)
        return differences(self.as_dict(), other.as_dict())

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("native", "counting")}


def _evaluated(view: ImageRecipe) -> ImageRecipe:
    crop = "none" if view.crop == "random" else view.crop
    return replace(view, crop=crop, hflip=0.0, augment=(), patch_drop=None, shapes=())
