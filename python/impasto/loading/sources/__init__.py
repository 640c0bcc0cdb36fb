"""Data sets on disk and in memory: one class for each format, all with the same face.

>>> import impasto
>>> data = impasto.sources.CocoCaptions("captions_train2017.json", images="train2017/")  # doctest: +SKIP
>>> len(data), data.keys[0]  # doctest: +SKIP
(118287, '391895')
"""

from impasto.loading.sources.albef import AlbefCaptions
from impasto.loading.sources.base import GatheredSource, IndexedSource, Source
from impasto.loading.sources.coco import CocoCaptions
from impasto.loading.sources.csv_captions import CsvCaptions
from impasto.loading.sources.flickr import FlickrCaptions
from impasto.loading.sources.huggingface import HuggingFace
from impasto.loading.sources.image_folder import ImageFolder
from impasto.loading.sources.image_text_folder import ImageTextFolder
from impasto.loading.sources.karpathy import KarpathyCaptions
from impasto.loading.sources.sequence import Sequence
from impasto.loading.sources.webdataset import WebDataset

__all__ = [
    "AlbefCaptions",
    "CocoCaptions",
    "CsvCaptions",
    "FlickrCaptions",
    "GatheredSource",
    "HuggingFace",
    "ImageFolder",
    "ImageTextFolder",
    "IndexedSource",
    "KarpathyCaptions",
    "Sequence",
    "Source",
    "WebDataset",
]
