"""The published style predictor: Inception-v3 up to Mixed_6e, averaged, and one linear layer."""

from typing import Any, Literal

import torch
from torch import Tensor, nn

from impasto.checks import choice
from impasto.extras import need

Preprocessing = Literal["inception", "published"]

#: Per channel, the factor and the summand that an image in [0, 1] gets before the network.
#: "inception" maps to [-1, 1]. "published" is what the published weights were trained with: ImageNet's normalisation,
#: with blue's deviation mistyped as 0.255, undone with the right 0.225 (Jackson et al.'s stylePredictor.py).
PREPROCESSING: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "inception": ((2.0, 2.0, 2.0), (-1.0, -1.0, -1.0)),
    "published": (
        (2.0, 2.0, 2 * 0.225 / 0.255),
        (-1.0, -1.0, 2 * (0.406 - 0.406 * 0.225 / 0.255) - 1),
    ),
}


class InceptionPredictor(nn.Module):
    """Predicts an image's style embedding, as Ghiasi et al. (2017) and Jackson et al. (2019) do.

    torchvision's Inception-v3 up to ``Mixed_6e``, the mean over places, one linear layer: 9,042,756 parameters.

    Args:
        embedding: Dimensions of an embedding, E.
        preprocessing: What images in [0, 1] are mapped by: ``"inception"`` (to [-1, 1]) or ``"published"``, the quirk
            that the published weights need.

    Raises:
        RecipeError: If the preprocessing isn't known.
        MissingExtraError: If torchvision is not installed.
    """

    #: The smallest height and width.
    smallest = 43
    #: What TorchScript leaves alone.
    __jit_unused_properties__ = ("config",)
    scale: Tensor
    shift: Tensor

    def __init__(self, *, embedding: int = 100, preprocessing: Preprocessing = "inception") -> None:
        super().__init__()
        choice("preprocessing", preprocessing, tuple(PREPROCESSING))
        blocks: Any = need("torchvision.models.inception", extra="style")
        self.embedding = embedding
        self.preprocessing = preprocessing
        # The names are torchvision's, and so the published checkpoint's.
        conv = blocks.BasicConv2d
        self.Conv2d_1a_3x3 = conv(3, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = conv(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = conv(32, 64, kernel_size=3, padding=1)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_1x1 = conv(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = conv(80, 192, kernel_size=3)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Mixed_5b = blocks.InceptionA(192, pool_features=32)
        self.Mixed_5c = blocks.InceptionA(256, pool_features=64)
        self.Mixed_5d = blocks.InceptionA(288, pool_features=64)
        self.Mixed_6a = blocks.InceptionB(288)
        self.Mixed_6b = blocks.InceptionC(768, channels_7x7=128)
        self.Mixed_6c = blocks.InceptionC(768, channels_7x7=160)
        self.Mixed_6d = blocks.InceptionC(768, channels_7x7=160)
        self.Mixed_6e = blocks.InceptionC(768, channels_7x7=192)
        self.fc = nn.Linear(768, embedding)
        scale, shift = PREPROCESSING[preprocessing]
        self.register_buffer("scale", torch.tensor(scale).view(3, 1, 1), persistent=False)
        self.register_buffer("shift", torch.tensor(shift).view(3, 1, 1), persistent=False)

    @property
    def config(self) -> dict[str, Any]:
        """The arguments that build it."""
        return {"embedding": self.embedding, "preprocessing": self.preprocessing}

    def forward(self, images: Tensor) -> Tensor:
        """Predicts embeddings.

        Args:
            images: [B, 3, H, W] float, in [0, 1]; H and W of at least 43.

        Returns:
            [B, E].
        """
        features = torch.addcmul(self.shift, images, self.scale)
        features = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(features)))  # [B, 64, ~H/2, ~W/2]
        features = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(self.maxpool1(features)))  # [B, 192, ~H/4, ~W/4]
        features = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(self.maxpool2(features))))  # [B, 288, ~H/8, ~W/8]
        features = self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(features)))  # [B, 768, ~H/16, ~W/16]
        features = self.Mixed_6e(self.Mixed_6d(features))  # [B, 768, ~H/16, ~W/16]
        embeddings: Tensor = self.fc(features.mean(dim=[2, 3]))
        return embeddings
