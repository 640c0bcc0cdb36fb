"""From files on disk to batches."""

from impasto.loading.collate import MixGenCollate as MixGenCollate
from impasto.loading.dataset import BatchDataset as BatchDataset
from impasto.loading.loader import Loader as Loader
from impasto.loading.sampler import BatchSampler as BatchSampler
