"""Data sets as numbered rows: one class for each format on disk or in memory, and `open`, which tells them apart.

>>> import impasto
>>> data = impasto.sources.Sequence([(b"...", "a cat"), (b"...", ["a dog", "a small dog"])])
>>> len(data), data.keys[0]
(2, '0')
"""

from impasto.sources.base import GatheredSource as GatheredSource
from impasto.sources.base import IndexedSource as IndexedSource
from impasto.sources.base import Part as Part
from impasto.sources.base import Rewrites as Rewrites
from impasto.sources.base import Source as Source
from impasto.sources.base import Subset as Subset
from impasto.sources.base import Wanted as Wanted
from impasto.sources.concatenation import Concatenation as Concatenation
from impasto.sources.concatenation import concat as concat
from impasto.sources.formats.albef import AlbefCaptions as AlbefCaptions
from impasto.sources.formats.arrow import Arrow as Arrow
from impasto.sources.formats.coco.captions import CocoCaptions as CocoCaptions
from impasto.sources.formats.coco.instances import CocoInstances as CocoInstances
from impasto.sources.formats.csv_captions import CsvCaptions as CsvCaptions
from impasto.sources.formats.flickr import FlickrCaptions as FlickrCaptions
from impasto.sources.formats.huggingface import HuggingFace as HuggingFace
from impasto.sources.formats.image_folder import ImageFolder as ImageFolder
from impasto.sources.formats.image_text_folder import ImageTextFolder as ImageTextFolder
from impasto.sources.formats.karpathy import KarpathyCaptions as KarpathyCaptions
from impasto.sources.formats.language.nlvr2 import Nlvr2 as Nlvr2
from impasto.sources.formats.language.refcoco import RefCoco as RefCoco
from impasto.sources.formats.language.refcoco_list import RefCocoList as RefCocoList
from impasto.sources.formats.language.snli_ve import SnliVe as SnliVe
from impasto.sources.formats.language.vqa import VqaQuestions as VqaQuestions
from impasto.sources.formats.lmdb import Lmdb as Lmdb
from impasto.sources.formats.office31 import Office31 as Office31
from impasto.sources.formats.parquet import Parquet as Parquet
from impasto.sources.formats.pascal_voc import PascalVoc as PascalVoc
from impasto.sources.formats.sequence import Sequence as Sequence
from impasto.sources.formats.stl10 import Stl10 as Stl10
from impasto.sources.formats.web.visual_genome import VisualGenome as VisualGenome
from impasto.sources.formats.web.web_captions import WebCaptions as WebCaptions
from impasto.sources.formats.webdataset import WebDataset as WebDataset
from impasto.sources.keeping import KeptRows as KeptRows
from impasto.sources.keeping import keep as keep
from impasto.sources.keeping import write_keep_list as write_keep_list
from impasto.sources.masks import VOID as VOID
from impasto.sources.masks import Masks as Masks
from impasto.sources.masks import PngMap as PngMap
from impasto.sources.masks import ThingsMap as ThingsMap
from impasto.sources.opening import open as open
from impasto.sources.presence import Present as Present
from impasto.sources.presence import present as present
from impasto.sources.reading.shards import find_shards as find_shards
from impasto.sources.remote.transfer import Transfer as Transfer
from impasto.sources.rewrites import Rewritten as Rewritten
from impasto.sources.rewrites import with_rewrites as with_rewrites
from impasto.sources.sample import Sample as Sample
from impasto.sources.web_list import WebList as WebList
from impasto.sources.web_list import WebPair as WebPair
