"""Batches in a form that can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from impasto import ImageRecipe, MixGen, Recipe, TextRecipe

if TYPE_CHECKING:
    from impasto import Batch


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return Recipe(
        image=ImageRecipe(size=48, scale=(0.3, 1.0)),
        text=TextRecipe(length=32),
        mix=MixGen(ratio=0.25, lam=0.4),
    )


@pytest.fixture(scope="session")
def digest() -> Callable[[Batch], str]:
    """A hash of everything in a batch, byte for byte."""

    def digest(batch: Batch) -> str:
        hashed = hashlib.sha256()
        plan = batch.plan
        arrays: list[Any] = [plan.boxes, plan.flips, plan.choices, plan.partners, plan.lams]
        tensors = [batch.images, batch.input_ids, batch.attention_mask, batch.labels, batch.lost]
        arrays += [tensor.numpy() for tensor in tensors if tensor is not None]
        for array in arrays:
            hashed.update(f"{array.shape} {array.dtype}".encode())
            hashed.update(array.tobytes())
        hashed.update(repr((batch.keys, batch.captions, batch.replaced)).encode())
        return hashed.hexdigest()

    return digest
