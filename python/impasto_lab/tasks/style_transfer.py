"""Training of a style model: contents and styles in step, a loss between them, strength drawn row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from impasto.checks import require
from impasto.loading import PairedBatch
from impasto.style import Objective


class StyleNetworks(nn.Module):
    """What is trained: a transformer, a predictor, and how many steps they have been trained for.

    Args:
        transformer: Repaints images.
        predictor: From images to embeddings.
        frozen: The predictor stays as it is, in evaluation mode.
    """

    done: Tensor

    def __init__(self, transformer: nn.Module, predictor: nn.Module, *, frozen: bool = False) -> None:
        super().__init__()
        self.transformer = transformer
        self.predictor = predictor.requires_grad_(not frozen)
        self.frozen = frozen
        self.register_buffer("done", torch.zeros((), dtype=torch.int64))

    def train(self, mode: bool = True) -> StyleNetworks:
        """Sets training mode, but for a frozen predictor."""
        super().train(mode)
        if self.frozen:
            self.predictor.eval()
        return self


class StyleTransferTask:
    """Trains a style model's networks.

    Args:
        networks: On their device.
        objective: Scores painted images.
        steps: Of the whole run; the objective's weights may change on the way.
        partial: Share of the rows whose embedding lies between the content's own and the style's, at an even chance
            anywhere between; the others have the style's. It is what makes ``alpha`` a scale of strength.
        give_back: Score images as a `StyleRandomizer` that gives back what is lost paints them.
        scores: What `evaluate` returns of the networks.
        run: Makes of a network what runs it, with the same parameters: compiled or scripted, say.
    """

    def __init__(
        self,
        networks: StyleNetworks,
        objective: Objective,
        *,
        steps: int,
        partial: float = 0.3,
        give_back: bool = False,
        scores: Callable[[StyleNetworks], dict[str, float]] | None = None,
        run: Callable[[nn.Module], nn.Module] = lambda network: network,
    ) -> None:
        require(0 <= partial <= 1, f"partial={partial} must lie in [0, 1]")
        self.networks = networks
        self.objective = objective
        self.steps = steps
        self.partial = partial
        self.give_back = give_back
        self.scores = scores
        self._transformer = run(networks.transformer)
        self._predictor = run(networks.predictor)

    @property
    def model(self) -> StyleNetworks:
        """What is trained."""
        return self.networks

    def step(self, batch: PairedBatch) -> Mapping[str, Tensor]:
        """Paints the contents in the styles, as strongly as is drawn for each row, and scores them."""
        contents, styles = batch.first.images, batch.second.images
        drawn = torch.rand(2, len(contents), device=contents.device)  # [2, B]
        alpha = torch.where(drawn[0] < self.partial, drawn[1], 1.0)  # [B]
        own, other = self._predictor(torch.cat([contents, styles])).chunk(2)  # [B, E] each
        painted = self._transformer(contents, torch.lerp(own, other, alpha[:, None].to(own.dtype)))
        if self.give_back:
            rows = (alpha < 1).nonzero().flatten()  # the others have nothing to come back
            lost = contents[rows] - self._transformer(contents[rows], own[rows]).float()
            share = (1 - alpha[rows])[:, None, None, None]
            painted = painted.float().index_add(0, rows, share * lost).clamp(0, 1)
        with torch.autocast(contents.device.type, enabled=False):  # squares of features overflow float16
            progress = self.networks.done / self.steps  # stays on the device: no step waits for it
            return self.objective(painted.float(), contents, styles, alpha, progress)

    def after_step(self) -> None:
        """Counts the step."""
        self.networks.done += 1

    def evaluate(self) -> dict[str, float]:
        """The scores of the networks as they are."""
        return self.scores(self.networks) if self.scores else {}
