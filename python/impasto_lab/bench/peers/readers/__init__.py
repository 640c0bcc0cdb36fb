"""Packages that read and batch: each with torchvision's decoder and transforms, the fastest that torchvision gives."""
