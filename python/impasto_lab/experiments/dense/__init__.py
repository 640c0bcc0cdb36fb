"""Detection and segmentation under a shift: boxes, masks, and five ways to augment."""
