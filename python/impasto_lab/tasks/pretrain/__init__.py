"""Pretraining of vision-language models; CLIP's step is `impasto_lab.tasks.ContrastiveTask`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
