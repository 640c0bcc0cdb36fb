"""The network that repaints an image as an embedding says (Ghiasi et al. 2017, arXiv 1705.06830)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from impasto.checks import flag, require
from impasto.style.networks.grain import Grain, NoGrain

#: Channels at full, half and quarter resolution, as published.
WIDTHS = (32, 64, 128)
#: The smallest height and width that the network takes: reflection needs more pixels than it pads.
SMALLEST = 8


class StyleTransformer(nn.Module):
    """Repaints images: convolutions down to a quarter, residual blocks, and up again, styled by an embedding.

    After every convolution from the first residual block on, features are normalised over height and width and get a
    scale and a shift per channel that are linear in the embedding (conditional instance normalisation). With the
    defaults this is the published network of Jackson et al. (2019): 84 tensors, 1,954,593 parameters, about 10.1 GMAC
    for 256x256 pixels.

    Args:
        widths: Channels at full, half and quarter resolution.
        residuals: Residual blocks at a quarter of the resolution.
        embedding: Dimensions of a style embedding, E.
        kernel: Side of the first and the last kernel, odd.
        bilinear: Whether the size is doubled bilinearly, not by repeating pixels, which leaves a grid of four pixels.
        grain: Whether there is noise for textures to be made of; see `impasto.style.networks.grain`.

    Raises:
        RecipeError: If a value makes no sense.

    Examples:
        >>> network = StyleTransformer()
        >>> sum(parameter.numel() for parameter in network.parameters())
        1954593
        >>> network(torch.rand(2, 3, 33, 50), torch.zeros(2, 100)).shape
        torch.Size([2, 3, 33, 50])
    """

    def __init__(
        self,
        *,
        widths: Sequence[int] = WIDTHS,
        residuals: int = 5,
        embedding: int = 100,
        kernel: int = 9,
        bilinear: bool = False,
        grain: bool = False,
    ) -> None:
        super().__init__()
        require(len(widths) == 3 and min(widths) > 0, f"widths={widths!r} must be three positive numbers of channels")
        require(residuals >= 0, f"residuals={residuals} must not be negative")
        require(embedding > 0, f"embedding={embedding} must be at least 1")
        require(kernel in range(3, 2 * SMALLEST, 2), f"kernel={kernel} must be odd, from 3 to {2 * SMALLEST - 1}")
        flag("bilinear", bilinear)
        flag("grain", grain)
        full, half, quarter = widths
        self.embedding = embedding
        self.config = {
            "widths": list(widths),
            "residuals": residuals,
            "embedding": embedding,
            "kernel": kernel,
            "bilinear": bilinear,
            "grain": grain,
        }
        self.contract = nn.Sequential(
            Contract(3, full, kernel, stride=1), Contract(full, half, 3, stride=2), Contract(half, quarter, 3, stride=2)
        )
        self.residual = nn.ModuleList(Residual(quarter, embedding) for _ in range(residuals))
        self.expand = nn.ModuleList(
            Expand(inputs, outputs, embedding, bilinear=bilinear, grain=grain)
            for inputs, outputs in ((quarter, half), (half, full))
        )
        self.grain = Grain(quarter, embedding) if grain else NoGrain()
        self.paint = StyledConv(full, 3, kernel, embedding)

    def forward(self, images: Tensor, embeddings: Tensor) -> Tensor:
        """Repaints images.

        Args:
            images: [B, 3, H, W] float, in [0, 1]; H and W of at least 8.
            embeddings: [B, E], a style for each image.

        Returns:
            [B, 3, H, W], in [0, 1]. (The published network rounds H and W up to multiples of four; here what is over
            is cut off at the right and the bottom.)
        """
        return self.restyle(self.contract(images), embeddings, images.size(2), images.size(3))

    @torch.jit.export
    def less_own(self, images: Tensor, embeddings: Tensor, own: Tensor, rest: Tensor) -> Tensor:
        """Images in a style, less a share of themselves in their own: what `give_back` adds that share of images to.

        Both passes begin with the same features, which are computed once.

        Args:
            images: [B, 3, H, W] float, in [0, 1]; H and W of at least 8.
            embeddings: [B, E], a style for each image.
            own: [B, E], the images' own.
            rest: [B], the share, in [0, 1].

        Returns:
            [B, 3, H, W], in [-1, 1]: ``G(c, z) - rest * G(c, own)``.
        """
        features = self.contract(images)
        styles = torch.cat([embeddings, own])
        twice = self.restyle(torch.cat([features, features]), styles, images.size(2), images.size(3))  # [2B, 3, H, W]
        count = images.size(0)
        return torch.addcmul(twice[:count], rest[:, None, None, None], twice[count:], value=-1.0)

    @torch.jit.export
    def restyle(self, features: Tensor, embeddings: Tensor, height: int, width: int) -> Tensor:
        """The layers that styles have a say in: from what `contract` makes of images to images.

        Args:
            features: [B, C, H/4, W/4], of images; a pass with another style begins with the same.
            embeddings: [B, E], a style for each image.
            height: H, of the images.
            width: W, of the images.

        Returns:
            [B, 3, H, W], in [0, 1].
        """
        features = self.grain(features, embeddings)
        for block in self.residual:
            features = block(features, embeddings)
        for stage in self.expand:
            features = stage(features, embeddings)  # [B, C/2, 2H, 2W]
        painted = torch.sigmoid(self.paint(features, embeddings))  # [B, 3, H', W'], multiples of four
        # Cut by padding with negative numbers: a slice ties torch.export to sizes of one remainder by four.
        below, right = height - painted.size(2), width - painted.size(3)
        return functional.pad(painted, [0, right, 0, below])


def grains_of(network: StyleTransformer) -> list[Grain]:
    """Where a network adds noise, in the order of use; none without grain."""
    layers = (network.grain, *(stage.grain for stage in network.expand))
    return [layer for layer in layers if isinstance(layer, Grain)]


def style_linears(network: StyleTransformer) -> list[nn.Linear]:
    """All that is linear in the embedding: gammas, betas, then amounts of grain, each in the order of use."""
    styled = [layer for layer in network.modules() if isinstance(layer, StyledConv)]
    amounts = [grain.amount for grain in grains_of(network)]
    return [layer.gamma for layer in styled] + [layer.beta for layer in styled] + amounts


class Contract(nn.Module):
    """Reflection padding, a convolution, instance normalisation without parameters, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int) -> None:
        super().__init__()
        self.conv = ReflectConv(inputs, outputs, kernel, stride=stride)

    def forward(self, features: Tensor) -> Tensor:
        """From [B, inputs, H, W] to [B, outputs, ceil(H / stride), ceil(W / stride)]."""
        return functional.relu(functional.instance_norm(self.conv(features)))


class StyledConv(nn.Module):
    """Reflection padding, a convolution, and conditional instance normalisation: ``gamma * IN(conv(x)) + beta``."""

    def __init__(self, inputs: int, outputs: int, kernel: int, embedding: int) -> None:
        super().__init__()
        self.conv = ReflectConv(inputs, outputs, kernel, stride=1)
        self.beta = nn.Linear(embedding, outputs)
        self.gamma = nn.Linear(embedding, outputs)
        # Training begins at plain instance normalisation, from which styles move away.
        nn.init.ones_(self.gamma.bias)
        nn.init.zeros_(self.beta.bias)

    def forward(self, features: Tensor, embeddings: Tensor) -> Tensor:
        """From [B, inputs, H, W] and [B, E] to [B, outputs, H, W]."""
        normed = functional.instance_norm(self.conv(features))  # [B, outputs, H, W]
        beta = self.beta(embeddings)[:, :, None, None]  # [B, outputs, 1, 1]
        gamma = self.gamma(embeddings)[:, :, None, None]  # [B, outputs, 1, 1]
        return torch.addcmul(beta, gamma, normed)


class Residual(nn.Module):
    """Two styled convolutions beside a shortcut, without ReLU after the sum."""

    def __init__(self, width: int, embedding: int) -> None:
        super().__init__()
        self.first = StyledConv(width, width, 3, embedding)
        self.second = StyledConv(width, width, 3, embedding)

    def forward(self, features: Tensor, embeddings: Tensor) -> Tensor:
        """From [B, width, H, W] and [B, E] to [B, width, H, W]."""
        inner: Tensor = self.second(functional.relu(self.first(features, embeddings)), embeddings)
        return features + inner


class Expand(nn.Module):
    """Doubles the size, then a styled convolution and ReLU; deconvolutions leave checkerboards.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        embedding: Dimensions of a style embedding, E.
        bilinear: Whether pixels are interpolated, not repeated; the border is repeated then, not reflected.
        grain: Whether noise is added before.
    """

    def __init__(self, inputs: int, outputs: int, embedding: int, *, bilinear: bool, grain: bool) -> None:
        super().__init__()
        self.grain = Grain(inputs, embedding) if grain else NoGrain()
        self.bilinear = bilinear
        self.styled = StyledConv(inputs, outputs, 3, embedding)
        if bilinear:
            self.styled.conv.mode = "replicate"

    def forward(self, features: Tensor, embeddings: Tensor) -> Tensor:
        """From [B, inputs, H, W] and [B, E] to [B, outputs, 2H, 2W]."""
        mode = "bilinear" if self.bilinear else "nearest"
        features = self.grain(features, embeddings)
        doubled = functional.interpolate(features, scale_factor=2.0, mode=mode)  # [B, inputs, 2H, 2W]
        return functional.relu(self.styled(doubled, embeddings))


class ReflectConv(nn.Conv2d):
    """A convolution over reflected borders, so that edges of the picture are not darkened."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int) -> None:
        super().__init__(inputs, outputs, kernel, stride=stride)
        self.border = kernel // 2
        self.mode = "reflect"

    def forward(self, input: Tensor) -> Tensor:
        """From [B, inputs, H, W] to [B, outputs, ceil(H / stride), ceil(W / stride)]."""
        padded = functional.pad(input, [self.border, self.border, self.border, self.border], mode=self.mode)
        return functional.conv2d(padded, self.weight, self.bias, self.stride)
