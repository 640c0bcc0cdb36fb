"""The loaders that ours is compared with, one a file, each as its users would write it."""
