"""Style randomization as a module: ``images = stylize(images, alpha=0.5)`` (Jackson et al. 2019, arXiv 1809.05375)."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from impasto.batch import Batch, BatchId
from impasto.checks import at_least, choice, flag, instance, is_count, is_number, require
from impasto.errors import RecipeError
from impasto.style.model import StyleModel
from impasto.style.networks.transformer import SMALLEST
from impasto.style.opening import open_model
from impasto.style.randomize.batches import Views, as_given, count, layout_of, views_of
from impasto.style.randomize.check_images import check_form, check_range, check_size
from impasto.style.randomize.draw import Drawing, Ratio, Rows, StylePlan, share
from impasto.style.randomize.keyed import Keyed
from impasto.style.randomize.painter import Painter
from impasto.style.randomize.strength import Alpha, check_alpha
from impasto.style.randomize.tensor_painter import TensorPainter
from impasto.style.randomize.torchscript import PlainRandomizer, to_torchscript
from impasto.style.run.backends import BACKENDS, Backend

#: What to do where its Python is in the way, in messages.
_INSTEAD = (
    "it draws in Python. Draw before, and put stylize.to_module() in its place, which takes tensors and gives one; or "
    "torch.nn.Identity() where nothing is stylized, as in evaluation mode"
)
# From torch 2.7 on compilers tell it.
_REASON: dict[str, Any] = {"reason": _INSTEAD} if "reason" in signature(torch.compiler.disable).parameters else {}


class StyleRandomizer(Keyed):
    """Gives images random styles: ``images = stylize(images)`` in a training loop, on any device.

    A style is an embedding ``z = alpha * e + (1 - alpha) * base``: e is drawn from the model's distribution of
    paintings' embeddings, the base is what a predictor sees in the image itself. With ``give_back``, what the network
    loses of an image c in its own style is given back, in proportion: ``G(c, z) + (1 - alpha) (c - G(c, base))``, cut
    to [0, 1], so that alpha 0 is exactly the image. Without it, as published, even with alpha 0 the image is repainted.

    Styles are drawn first and painted then: ``plan = stylize.draw(len(images))`` can be printed and replayed,
    ``stylize(view, plan)``; ``stylize([view, other])`` does so for the views of a pair (SimCLR, TCL). Plans are drawn
    on the CPU: the same styles on every device. With a batch's id, ``stylize(batch.images, id=batch.id)``, they
    depend on the seed, the epoch and the step alone: the same whatever the number of workers, ranks or restarts.
    Without, calls are counted: the n-th depends on the seed and n, the number of calls is part of ``state_dict()``, and
    each rank of a distributed run needs a seed of its own.

    It is for batches in the training loop. In a `DataLoader`'s workers, or in a data set that they read, each worker
    has a copy that counts from the same number, in every epoch: styles repeat, and a warning says so once in each.
    There take `StyleTransform`, which draws from torch's generator, seeded anew in each, or give ``generator=``.

    `torch.compile` leaves it as it is. `torch.export` and `torch.jit.script` refuse it, and a module that holds it:
    they take `to_module()`, the painting alone, and `to_torchscript()` writes all of it. In evaluation mode, where it
    does nothing, `torch.export` passes through it (unless ``strict=True``).

    In evaluation mode random styles are off: images pass as they are, and plans are drawn without rows. What is asked
    for by a plan, rows, embeddings or style images is done in either mode. The networks themselves are a frozen copy
    that stays in evaluation mode, whatever happens to the parent module, and takes no gradients.

    Args:
        model: The networks, and where random styles come from. It is copied.
        alpha: Strength, in [0, 1]: a number, a range (low, high), a `Beta` or a torch distribution, of which one is
            drawn for each image.
        ratio: Unaugmented to augmented images in a batch, from ``"16:1"`` to ``"1:32"`` in the paper's search, or the
            augmented share. Only rows that are drawn run through the networks; others are copied. By default all are.
        base: ``"image"``, each image's own embedding, or ``"mean"``, the mean of content images: faster (no predictor).
        give_back: Whether images are given back what the network loses of them, at strengths below 1, by a second pass
            that nearly doubles the transformer's time (at strength 1 there is none). None takes what the model says of
            itself: the one that comes with impasto does, the published one does not.
        shared: Whether a batch gets one style and one alpha, not one for each image (stereo pairs, video).
        downsample: How often height and width are halved before painting and doubled after it, for speed.
        seed: Key of the plans.
        in_eval: Whether random styles stay on in evaluation mode.
        differentiable: Whether gradients pass to the images (embeddings, style images).
        dtype: What the networks compute in, such as `torch.bfloat16`; float32 if None. An outer autocast has no say.
            `torch.int8` is for a CPU with VNNI: the transformer by bytes, the predictor in float32.
        backend: How the networks run, see `impasto.style.run.backends.prepare`.
        graphs: Whether the networks run as CUDA graphs, on a GPU: faster for small images, where batches (and chosen
            rows) are of few different sizes.
        chunk: At most so many images are painted at a time, to save memory; None paints all at once.
        check: ``"auto"`` sees that values lie in [0, 1] in every call on a CPU, and in the first on a GPU (each time
            waits for it); or ``"always"``, ``"never"``.

    Raises:
        RecipeError: If a value makes no sense.

    Examples:
        >>> from impasto.style.networks.compact import StatisticsPredictor
        >>> from impasto.style.embedding import EmbeddingDistribution
        >>> from impasto.style.networks.transformer import StyleTransformer
        >>> distribution = EmbeddingDistribution(torch.zeros(8), torch.eye(8))
        >>> model = StyleModel(StyleTransformer(embedding=8), StatisticsPredictor(embedding=8), distribution)
        >>> stylize = StyleRandomizer(model, alpha=(0.2, 0.8), ratio="1:1")
        >>> stylize(torch.rand(4, 3, 32, 32)).shape
        torch.Size([4, 3, 32, 32])
        >>> stylize.draw(4)
        StylePlan(4 rows, stylized: [1@0.774, 2@0.235])
    """

    in_workers = "take impasto.style.StyleTransform there, "

    def __init__(
        self,
        model: StyleModel,
        *,
        alpha: Alpha = 0.5,
        ratio: Ratio = "0:1",
        base: Literal["image", "mean"] = "image",
        give_back: bool | None = None,
        shared: bool = False,
        downsample: int = 0,
        seed: int = 0,
        in_eval: bool = False,
        differentiable: bool = False,
        dtype: torch.dtype | None = None,
        backend: Backend = "eager",
        graphs: bool = False,
        chunk: int | None = None,
        check: Literal["auto", "always", "never"] = "auto",
    ) -> None:
        super().__init__(seed)
        instance("model", model, StyleModel)
        for name, value in (("shared", shared), ("in_eval", in_eval), ("differentiable", differentiable)):
            flag(name, value)
        flag("graphs", graphs)
        if give_back is not None:
            flag("give_back", give_back)
        check_alpha(alpha)
        choice("base", base, ("image", "mean"))
        choice("backend", backend, BACKENDS)
        choice("check", check, ("auto", "always", "never"))
        require(downsample in range(6), f"downsample={downsample!r} must be a number of halvings, such as 0, 1 or 2")
        require(
            chunk is None or (is_count(chunk) and chunk > 0), f"chunk={chunk!r} must be a number of images, or None"
        )
        require(not (graphs and differentiable), "graphs=True keeps no gradients; leave out differentiable=True")
        usable = isinstance(dtype, torch.dtype) and (dtype.is_floating_point or dtype == torch.int8)
        require(dtype is None or usable, f"dtype={dtype!r} must be a floating point dtype of torch, torch.int8 or None")
        eager = backend == "eager" and not differentiable
        require(dtype != torch.int8 or eager, "dtype=torch.int8 has no gradients, and backend='eager' alone")
        self.alpha = alpha
        self.ratio = ratio
        self.base = base
        self.shared = shared
        self.in_eval = in_eval
        self.check = check
        self.share = share(ratio)
        self.painter = Painter(
            model,
            give_back=give_back,
            downsample=downsample,
            differentiable=differentiable,
            dtype=dtype,
            backend=backend,
            graphs=graphs,
            chunk=chunk,
        )
        self._checked = False

    @property
    def model(self) -> StyleModel:
        """The frozen copy of the model."""
        return self.painter.model

    @classmethod
    def load(cls, path: str | Path | None = None, **options: Any) -> StyleRandomizer:
        """A randomizer with the model that comes with impasto, or another.

        Args:
            path: A file that `StyleModel.save` wrote, or the folder of the three published files
                (``checkpoint_transformer.pth``, ``checkpoint_stylepredictor.pth``, ``checkpoint_embeddings.pth`` of
                philipjackson/style-augmentation).
            options: Arguments of `StyleRandomizer`.

        Raises:
            CheckpointError: If it is missing, damaged, or of another kind (such as Magenta's); the message says why.
            RecipeError: If an option makes no sense.
        """
        return cls(open_model(path), **options)

    def extra_repr(self) -> str:
        """Strength, ratio and what else was chosen."""
        given = f"give_back={self.painter.gives_back}"
        return f"alpha={self.alpha!r}, ratio={self.ratio!r}, base={self.base!r}, {given}, seed={self.seed}"

    @torch.compiler.disable(**_REASON)  # type: ignore[untyped-decorator,no-untyped-call]
    def forward(
        self,
        images: Views | Batch,
        plan: StylePlan | None = None,
        *,
        alpha: Alpha | Tensor | None = None,
        embeddings: Tensor | None = None,
        styles: Tensor | None = None,
        rows: Rows | None = None,
        id: BatchId | None = None,
        generator: torch.Generator | None = None,
    ) -> Any:
        """Stylizes images.

        Args:
            images: [B, 3, H, W] or one image [3, H, W], floating point in [0, 1] or uint8; H and W of at least 8, and
                with ``base="image"`` of what the predictor needs (16, or 43 for the published one). Or a list or tuple
                of views, whose rows get the same styles; heights and widths may differ. Or a loader's `Batch`, all of
                whose views are painted, whatever they were normalised with; styles are keyed by its id. Or any other
                mapping, whose images (``images``, ``images_1``, ``pixel_values`` and so on) are views.
            plan: What to do, as `draw` gave it; drawn by default, with the arguments that follow.
            alpha: Strength instead of the module's own; also a tensor [B].
            embeddings: Styles instead of random ones: [E], [B, E], or [M, E] for M rows.
            styles: Style images instead of random styles, [B, 3, h, w] or [3, h, w] (or [M, 3, h, w]); with alpha 1
                the images are painted in theirs.
            rows: Which rows are stylized, numbers [M] or bool [B], instead of drawn ones.
            id: When the batch comes, as `Batch.id` says; what is drawn depends on it and the seed, not on calls.
            generator: Draws instead of the module's own seed, on any device.

        Returns:
            A new batch or mapping for one; else new images of the same shape, dtype (uint8 is rounded), device and
            memory format; views as they came. An empty batch comes back empty.

        Raises:
            RecipeError: If images, or arguments, are not so; the message says how to get there.
            DeviceMemoryError: If a GPU's memory is full; the message says which batch would fit.
        """
        views = views_of(images)
        if isinstance(images, Batch) and plan is None and id is None and generator is None:
            id = images.id
        arguments: dict[str, Any] = {"alpha": alpha, "embeddings": embeddings, "styles": styles, "rows": rows}
        arguments |= {"id": id, "generator": generator}
        given = [name for name, value in arguments.items() if value is not None]
        if _is_exporting() and (plan is not None or given or self.training or self.in_eval):
            raise RecipeError(f"torch.export can't take a StyleRandomizer that stylizes: {_INSTEAD}")
        if plan is None:
            plan = self.draw(count(views[0]), **arguments)
        elif not isinstance(plan, StylePlan):
            raise RecipeError(f"plan must be a StylePlan, not {type(plan).__name__}; name the others (alpha=0.5)")
        elif given:
            raise RecipeError(f"a plan has its {', '.join(given)} already; give them to draw()")
        return as_given(images, [self._follow(view, plan) for view in views], plan.rows)

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def draw(
        self,
        count: int,
        *,
        alpha: Alpha | Tensor | None = None,
        embeddings: Tensor | None = None,
        styles: Tensor | None = None,
        rows: Rows | None = None,
        id: BatchId | None = None,
        generator: torch.Generator | None = None,
    ) -> StylePlan:
        """Draws the styles of a batch, for ``stylize(images, plan)``.

        Args:
            count: Rows in the batch, B.
            alpha: As in `forward`, like all that follow.
            embeddings: Likewise.
            styles: Likewise.
            rows: Likewise.
            id: Likewise.
            generator: Likewise.

        Raises:
            RecipeError: If an argument makes no sense.
        """
        at_least(0, count=count)
        require(embeddings is None or styles is None, "give embeddings or style images, not both")
        explicit = embeddings is not None or styles is not None
        if not (explicit or rows is not None or self.training or self.in_eval):
            return StylePlan.nothing(count, self.model.embedding)
        if styles is not None:
            embeddings = self.predict(styles, name="styles")
        strength = self.alpha if alpha is None else alpha
        chance = not (explicit and (is_number(strength) or isinstance(strength, Tensor)))
        drawing = Drawing(self._stream(id, generator, asked=chance), count, self.model.embedding)
        drawing.choose(rows, share=1.0 if explicit else self.share)
        drawing.strengthen(strength, shared=self.shared)
        noise = self.model.distribution.noise
        return drawing.style(embeddings, self.painter.sample, noise=noise, shared=self.shared)

    def predict(self, images: Tensor, *, name: str = "images") -> Tensor:
        """The style embeddings of images.

        Args:
            images: [B, 3, H, W] or [3, H, W], floating point in [0, 1] or uint8.
            name: What messages call them.

        Returns:
            [B, E] float32.

        Raises:
            RecipeError: If the images are not so.
        """
        check_form(images, name)
        smallest = self.model.predictor.smallest
        check_size(images, smallest, "the style predictor needs", name)
        if self._checks(images):
            check_range(images, name)
        batch = images if images.ndim == 4 else images[None]
        if not len(batch):
            return torch.zeros(0, self.model.embedding, device=batch.device)
        return self.painter.predict(batch)

    def to_torchscript(self, path: str | Path | None = None, *, freeze: bool = False) -> torch.jit.ScriptModule:
        """This randomizer as TorchScript: a file that plain torch loads, without impasto.

        Its ``forward(images, alpha=None, embeddings=None, seed=None)`` does what this one does, with the base, ratio
        and size chosen here; see `impasto.style.randomize.torchscript.PlainRandomizer`.

        Args:
            path: Where to save it; None only returns it.
            freeze: Whether weights become constants: faster, but tied to this device and dtype.

        Raises:
            RecipeError: If alpha is a distribution, which TorchScript can't draw from, or the dtype int8.
            CheckpointError: If the file can't be written.
        """
        plain = PlainRandomizer(
            self.painter, alpha=self.alpha, share=self.share, own_base=self.base == "image", shared=self.shared
        )
        return to_torchscript(plain, path, freeze=freeze)

    def to_module(self) -> TensorPainter:
        """The painting alone, for `torch.compile` and `torch.export`: tensors in, tensors out.

        Draw first, outside: ``plan = stylize.draw(len(images))``; then ``paint(images, plan.embeddings, plan.alphas,
        plan.rows)`` does what ``stylize(images, plan)`` does, and compiles whole (``fullgraph=True``). Weights and
        device are those of now. The randomizer itself is left as it is within `torch.compile`.
        """
        return TensorPainter(self.painter, own_base=self.base == "image", whole=True)

    def __prepare_scriptable__(self) -> StyleRandomizer:
        """What `torch.jit.script` asks of a module, and of all that it holds.

        Raises:
            RecipeError: Always; the message says what scripts.
        """
        raise RecipeError(f"torch.jit.script can't take a StyleRandomizer: {_INSTEAD}. to_torchscript() writes it all")

    def _follow(self, images: Tensor, plan: StylePlan) -> Tensor:
        batch = images if images.ndim == 4 else images[None]
        require(len(plan) == len(batch), f"a plan for {len(plan)} images, of which there are {len(batch)}")
        rows = plan.rows
        if not len(rows):
            return images.clone() if self.training else images
        own = self.base == "image" and bool((plan.alphas < 1).any())
        self._check_sizes(batch, own)
        if self._checks(batch):
            check_range(batch)
        place = rows.to(batch.device, non_blocking=True)
        everything = len(rows) == len(batch) and bool((rows == torch.arange(len(batch))).all())
        chosen = batch if everything else batch.index_select(0, place)
        painted: Tensor = self.painter(chosen, plan.embeddings, plan.alphas, own)
        if not everything:
            source = batch if self.painter.differentiable else batch.detach()
            painted = torch.index_copy(source, 0, place, painted)
        painted = painted.contiguous(memory_format=layout_of(batch))
        return painted if images.ndim == 4 else painted[0]

    def _checks(self, images: Tensor) -> bool:
        if self.check == "auto":
            due = images.device.type == "cpu" or not self._checked
            self._checked = True
            return due
        return self.check == "always"

    def _check_sizes(self, images: Tensor, own: bool) -> None:
        halved = f" after {self.painter.downsample} halvings" if self.painter.downsample else ""
        check_size(images, (SMALLEST - 1) * 2**self.painter.downsample + 1, f"the style transformer needs{halved}")
        if own:
            reason = "the style predictor needs (base='mean' goes without it)"
            check_size(images, self.model.predictor.smallest, reason)


def _is_exporting() -> bool:
    # From torch 2.7 on; before, export looks like any compiler.
    asked: Any = getattr(torch.compiler, "is_exporting", None)
    return asked is not None and bool(asked())
