"""How far Triton's kernels are from the network: run with TRITON_INTERPRET=1, they need no GPU."""

from __future__ import annotations

import sys

import torch
from torch import nn

from impasto.style import StyleTransformer, fused
from impasto.style.run.fused import launching

#: Widths, residual blocks, kernel, bilinear, grain, height and width: sides that four divides and others.
CASES = [
    ((4, 6, 8), 1, 9, False, False, 13, 10),
    ((3, 5, 66), 0, 5, True, True, 9, 8),
    ((8, 8, 8), 2, 3, True, True, 8, 12),
    ((8, 8, 8), 1, 15, False, True, 8, 17),
]


def differences(device: str) -> list[float]:
    """How far the two forms are apart, in each case and in both of its ways."""
    found = []
    for number, (widths, residuals, kernel, bilinear, grain, height, width) in enumerate(CASES):
        torch.manual_seed(number)
        network = StyleTransformer(
            widths=widths, residuals=residuals, embedding=5, kernel=kernel, bilinear=bilinear, grain=grain
        )
        for name, parameter in network.named_parameters():
            if name.endswith("bias") or "amount" in name:
                nn.init.normal_(parameter)
        network.eval().to(device)
        images, styles = torch.rand(2, 3, height, width).to(device), torch.randn(2, 5).to(device)
        own, rest = torch.randn(2, 5).to(device), torch.tensor([0.3, 1.0]).to(device)
        made = fused(network)
        with torch.no_grad():
            pairs = [
                (made(images, styles), network(images, styles)),
                (made.less_own(images, styles, own, rest), network.less_own(images, styles, own, rest)),
            ]
        found += [float((one - other).abs().max()) if one.shape == other.shape else 9.0 for one, other in pairs]
    return found


if __name__ == "__main__":
    launching.PIXELS_A_SPLIT, launching.TILE = 60, 32  # small pictures have several parts and tiles too
    print(max(differences(sys.argv[1])))
