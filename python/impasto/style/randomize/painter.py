"""A style model at work: frozen, on whatever device, backend and dtype, some images at a time."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from impasto.errors import RecipeError
from impasto.style.embedding import EmbeddingDistribution
from impasto.style.model import StyleModel
from impasto.style.randomize.arithmetic import enlarge, from_unit, give_back, mix_styles, shrink, to_unit
from impasto.style.randomize.memory import out_of_memory
from impasto.style.run.backends import Backend, attempt, prepare, tried
from impasto.style.run.forms import fast, fused
from impasto.style.run.graphed import Graphed

_Network = Literal["transformer", "predictor"]
_Run = Literal["transformer", "predictor", "less_own"]


class _LessOwn(nn.Module):
    """A transformer's `less_own`, as a module that backends take."""

    def __init__(self, transformer: nn.Module) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, images: Tensor, embeddings: Tensor, own: Tensor, rest: Tensor) -> Tensor:
        less: Tensor = self.transformer.less_own(images, embeddings, own, rest)  # type: ignore[operator]
        return less


class Painter(nn.Module):
    """A frozen copy of a model's networks, which stays in evaluation mode whatever happens to the parent module.

    Args:
        model: It is copied.
        give_back: As in `StyleRandomizer`, like all that follow.
        downsample: Likewise.
        differentiable: Likewise.
        dtype: Likewise.
        backend: Likewise.
        graphs: Likewise.
        chunk: Likewise.
    """

    def __init__(
        self,
        model: StyleModel,
        *,
        give_back: bool | None = None,
        downsample: int = 0,
        differentiable: bool = False,
        dtype: torch.dtype | None = None,
        backend: Backend = "eager",
        graphs: bool = False,
        chunk: int | None = None,
    ) -> None:
        super().__init__()
        self.gives_back = model.give_back if give_back is None else give_back
        self.downsample = downsample
        self.differentiable = differentiable
        self.backend: Backend = backend
        self.graphs = graphs
        self.dtype = dtype
        self.chunk = chunk
        self.model = copy.deepcopy(model).requires_grad_(False).eval()
        for network in (self.model.transformer, self.model.predictor):
            network.to(torch.float32)
        self._prepared: dict[str, nn.Module] = {}
        self._home: tuple[tuple[int, int], EmbeddingDistribution] | None = None

    def train(self, mode: bool = True) -> Painter:  # noqa: ARG002  its own mode never changes
        """Does nothing."""
        return super().train(False)

    def predict(self, images: Tensor) -> Tensor:
        """The style embeddings [B, E] float32 of images [B, 3, H, W], floating point in [0, 1] or uint8."""
        with self._context(images.device):
            embeddings: Tensor = self._run("predictor", self.taken(images))
            return embeddings.to(torch.float32)

    def sample(self, noise: Tensor) -> Tensor:
        """Random embeddings [N, E] from noise [N, E] on the CPU: there, so that they are the same on every device."""
        own = self.model.distribution
        if own.mean.device.type != "cpu":
            versions = (own.mean._version, own.factor._version)
            if self._home is None or self._home[0] != versions:
                self._home = (versions, copy.deepcopy(own).cpu())
            own = self._home[1]
        with self._context(noise.device):
            embeddings: Tensor = own(noise)
        return embeddings

    def forward(self, images: Tensor, embeddings: Tensor, alphas: Tensor, own: bool) -> Tensor:
        """Paints images.

        Args:
            images: [B, 3, H, W], floating point in [0, 1] or uint8.
            embeddings: [B, E] float, on any device.
            alphas: [B] float, likewise.
            own: Whether the base is each image's own embedding, not the mean one.

        Returns:
            [B, 3, H, W] of the images' dtype.

        Raises:
            DeviceMemoryError: If a GPU's memory is full; the message says which batch would fit.
            RecipeError: If images are on another device than the networks.
        """
        step = self.chunk if self.chunk is not None else len(images)

        def part(start: int, end: int) -> Tensor:
            return self._paint(images[start:end], embeddings[start:end], alphas[start:end], own)

        try:
            parts = [part(start, start + step) for start in range(0, len(images), step)]
        except torch.OutOfMemoryError as error:
            raise out_of_memory(error, len(images), images.device, lambda few: part(0, few)) from error
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _paint(self, images: Tensor, embeddings: Tensor, alphas: Tensor, own: bool) -> Tensor:
        height, width = images.shape[-2:]
        with self._context(images.device):
            taken = self.taken(images)
            base = self._run("predictor", taken) if own else self.model.content_mean
            embeddings = embeddings.to(images.device, non_blocking=True)
            gives_back = self.gives_back and bool((alphas < 1).any())
            alphas = alphas.to(images.device, non_blocking=True)
            mixed = mix_styles(embeddings, base, alphas).to(taken.dtype)
            small = shrink(taken, self.downsample)
            if not gives_back:
                painted = self._run("transformer", small, mixed)
                return from_unit(enlarge(painted, self.downsample, height, width), images.dtype)
            rest = (1.0 - alphas).to(taken.dtype)
            less = self._run("less_own", small, mixed, base.to(taken.dtype).expand_as(mixed), rest)
            wide = to_unit(images, torch.promote_types(taken.dtype, torch.float32))
            return from_unit(give_back(enlarge(less, self.downsample, height, width), wide, rest), images.dtype)

    def taken(self, images: Tensor) -> Tensor:
        """Images [B, 3, H, W], floating point or uint8, as the networks take them."""
        weight = self.model.transformer.paint.conv.weight
        if images.device != weight.device:
            raise RecipeError(f"images are on {images.device}, the networks on {weight.device}; move one with .to()")
        if self._is_fast:  # it goes over to a narrower dtype itself
            return to_unit(images, torch.promote_types(weight.dtype, torch.float32))
        return to_unit(images, self.dtype if self.dtype is not None else weight.dtype)

    @contextlib.contextmanager
    def _context(self, device: torch.device) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            stack.enter_context(torch.set_grad_enabled(self.differentiable and torch.is_grad_enabled()))
            if torch.amp.is_autocast_available(device.type):
                stack.enter_context(torch.autocast(device.type, enabled=False))
            yield

    def _run(self, name: _Run, *arguments: Tensor) -> Tensor:
        if name not in self._prepared:
            # Compiled, all images are worked on at once: else every few would be compiled again.
            whole = self.backend in ("compile", "export")
            form = (
                _LessOwn(self.form("transformer", whole=whole)) if name == "less_own" else self.form(name, whole=whole)
            )
            if self.backend == "triton":
                ready = form if name == "predictor" else attempt(lambda: self._fused(name, arguments), form, "triton")
            else:
                ready = prepare(form, self.backend, arguments)
            self._prepared[name] = Graphed(ready) if self.graphs else ready
        result: Tensor = self._prepared[name](*arguments)
        return result

    def _fused(self, name: _Run, arguments: Sequence[Tensor]) -> nn.Module:
        network = self.model.transformer
        own = network.paint.conv.weight.dtype
        made = fused(network, dtype=self.dtype if self.dtype is not None else own)
        return tried(_LessOwn(made) if name == "less_own" else made, arguments)

    def form(self, name: _Network, *, whole: bool = False) -> nn.Module:
        """The form of a network that is run: a fast one where gradients need not pass.

        Args:
            name: Which network.
            whole: Whether a fast form works on all images at once on a CPU too.
        """
        network: nn.Module = getattr(self.model, name)
        if not self._is_fast:
            return network if self.dtype is None else copy.deepcopy(network).to(self.dtype)
        own = self.model.transformer.paint.conv.weight.dtype  # half precision, after a parent's half()
        wide = copy.deepcopy(network).to(torch.promote_types(own, torch.float32))
        quick: Any = fast(wide, dtype=self.dtype if self.dtype is not None else own)
        if whole:
            quick.whole = True
        made: nn.Module = quick
        return made

    @property
    def _is_fast(self) -> bool:
        return not self.differentiable

    def _forget(self) -> None:
        self._prepared.clear()
        self._home = None

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Painter:
        self._forget()
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def _load_from_state_dict(self, *args: Any, **options: Any) -> None:
        self._forget()
        super()._load_from_state_dict(*args, **options)

    def __getstate__(self) -> dict[str, Any]:
        # What a backend made doesn't pickle; it is made again.
        return self.__dict__ | {"_prepared": {}, "_home": None}
