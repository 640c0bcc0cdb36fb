"""What is told of places in an image: boxes, and the class of each pixel."""

from impasto_lab.tasks.dense.detection import DetectionTask as DetectionTask
from impasto_lab.tasks.dense.segmentation import SegmentationTask as SegmentationTask
