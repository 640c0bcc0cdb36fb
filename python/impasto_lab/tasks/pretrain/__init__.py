"""Pretraining of vision-language models; CLIP's is `impasto_lab.tasks.ContrastiveTask`."""

from impasto_lab.tasks.pretrain.fusion import FusionPretraining
from impasto_lab.tasks.pretrain.vilt import ViltPretraining

__all__ = ["FusionPretraining", "ViltPretraining"]
