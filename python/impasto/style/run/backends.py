"""Ways to run a network: as it is, or through TorchScript, `torch.compile`, `torch.export` or kernels of Triton."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor, nn

from impasto.checks import choice, require
from impasto.messages import warn_once
from impasto.style.run.forms import fused

Backend = Literal["eager", "torchscript", "compile", "export", "triton"]

#: The known backends. In float32 their outputs and gradients equal eager's within 1e-5 of the largest (on a GPU where
#: float32 is IEEE's, see `float32_as`; TF32, torch's default for convolutions, differs by up to 0.02 of pixels).
BACKENDS = ("eager", "torchscript", "compile", "export", "triton")


_FAILURES = (RuntimeError, AttributeError, ImportError, NotImplementedError)
_DEPRECATED = r"`torch\.jit\.[\w.]+` is (deprecated|not supported)"


class BackendWarning(RuntimeWarning):
    """A backend can't be used here; the network runs as it is."""


def prepare(module: nn.Module, backend: Backend = "eager", example: Sequence[Tensor] = ()) -> nn.Module:
    """A module that does what a network does, run by a backend.

    Weights are shared with the network, whose optimiser, state_dict and copies go on as they are; after it was moved
    to another device or dtype, or changed between train and eval, prepare it again. Where nothing in it trains (no
    parameter needs a gradient, and it is in evaluation mode), TorchScript freezes it, with its weights as they are now.

    Args:
        module: The network, on its device.
        backend: One of `BACKENDS`. ``"torchscript"`` compiles at the first calls (a CUDA device takes seconds for it),
            ``"compile"`` at the first call and, on a CPU, with a C++ compiler; ``"export"`` at once. ``"triton"`` is
            for a `StyleTransformer` on a GPU, see `impasto.style.fused`.
        example: Arguments like those to come, on the network's device; ``"export"`` needs them. Their batch, and of
            images [B, C, H, W] height and width, may be others later.

    Returns:
        What is called instead of the network. Where the backend fails (no compiler, or a torch that has given
        TorchScript up), a `BackendWarning` says so once, and it is the network itself.

    Raises:
        RecipeError: If there is no such backend, or ``"export"`` has no example.
    """
    choice("backend", backend, BACKENDS)
    if backend == "eager":
        return module
    require(backend != "export" or len(example) > 0, "backend='export' needs example= arguments")
    makers: dict[str, Callable[[], nn.Module]] = {
        "torchscript": lambda: script(module, freeze=not _trains(module)),
        "compile": lambda: _compiled(module, example),
        "export": lambda: _exported(module, example),
        "triton": lambda: tried(fused(module), example),
    }
    return attempt(makers[backend], module, backend)


def attempt(make: Callable[[], nn.Module], module: nn.Module, backend: Backend) -> nn.Module:
    """What a backend makes of a module, or the module itself and a `BackendWarning` where it can't."""
    try:
        return make()
    except torch.OutOfMemoryError:
        raise
    except Exception as error:
        if not isinstance(error, _FAILURES) and type(error).__module__.partition(".")[0] != "triton":
            raise
        reason = str(error).strip().partition("\n")[0]
        fallen = f"backend={backend!r} doesn't work with torch {torch.__version__} here, so eager is used"
        remedy = "backend='eager' says no more of it"
        # A model has several networks, each with a reason of its own.
        warn_once(f"{fallen} ({remedy}): {type(error).__name__}: {reason}", BackendWarning, key=fallen, stacklevel=3)
        return module


def script(module: nn.Module, *, freeze: bool = False) -> torch.jit.ScriptModule:
    """`torch.jit.script` (and `torch.jit.freeze`) without the warning that they are deprecated."""
    with quiet():
        scripted = torch.jit.script(module)
        return torch.jit.freeze(scripted) if freeze else scripted


def tried(module: nn.Module, example: Sequence[Tensor]) -> nn.Module:
    """A module that has run on an example, if there is one: what is wrong shows now, not in a training step."""
    if example:
        module(*example)
    return module


def compiled(module: nn.Module, **options: Any) -> nn.Module:
    """`torch.compile`, without the warnings of TorchScript's classes that it brings in.

    Args:
        module: What is compiled, at its first call.
        options: Of `torch.compile`.
    """
    with quiet():
        # The compiler imports it at its first use, in somebody's training step, and it has script methods (torch 2.11).
        importlib.import_module("torch.utils.mkldnn")
        made: nn.Module = torch.compile(module, **options)  # type: ignore[assignment]
    return made


@contextmanager
def quiet() -> Iterator[None]:
    """Silences torch's warning that TorchScript is deprecated, and no other, around our own calls.

    Torch 2.6 has none; 2.10 to 2.13 say it as a DeprecationWarning, later ones as a FutureWarning, with one wording.
    """
    with warnings.catch_warnings():
        for category in (FutureWarning, DeprecationWarning):
            warnings.filterwarnings("ignore", _DEPRECATED, category)
        yield


def _trains(module: nn.Module) -> bool:
    return module.training or any(parameter.requires_grad for parameter in module.parameters())


def _compiled(module: nn.Module, example: Sequence[Tensor]) -> nn.Module:
    made = compiled(module)
    if example:
        with quiet():
            made(*example)  # a missing compiler shows here, not in somebody's training step
    return made


def _exported(module: nn.Module, example: Sequence[Tensor]) -> nn.Module:
    auto = torch.export.Dim.AUTO
    # A size of one in an example is taken for a constant.
    several = [value if len(value) > 1 else torch.cat([value, value]) for value in example]
    free = tuple({0: auto, 2: auto, 3: auto} if value.ndim == 4 else {0: auto} for value in several)
    with quiet():
        exported: nn.Module = torch.export.export(module, tuple(several), dynamic_shapes=free).module()
    return exported
