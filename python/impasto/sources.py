"""The data sets that impasto reads, one class for each format on disk or in memory.

>>> import impasto
>>> data = impasto.sources.Sequence([(b"...", "a cat"), (b"...", ["a dog", "a small dog"])])
>>> len(data)
2
"""

from impasto.loading.sources import AlbefCaptions as AlbefCaptions
from impasto.loading.sources import CocoCaptions as CocoCaptions
from impasto.loading.sources import CsvCaptions as CsvCaptions
from impasto.loading.sources import FlickrCaptions as FlickrCaptions
from impasto.loading.sources import GatheredSource as GatheredSource
from impasto.loading.sources import HuggingFace as HuggingFace
from impasto.loading.sources import ImageFolder as ImageFolder
from impasto.loading.sources import ImageTextFolder as ImageTextFolder
from impasto.loading.sources import IndexedSource as IndexedSource
from impasto.loading.sources import KarpathyCaptions as KarpathyCaptions
from impasto.loading.sources import Sequence as Sequence
from impasto.loading.sources import Source as Source
from impasto.loading.sources import WebDataset as WebDataset
