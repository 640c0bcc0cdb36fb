"""The names of this face, each where it lives: read by type checkers, and at run time by the lazy loader."""

from .batches import Batches as Batches
from .batches import Movable as Movable
from .dataset import BatchDataset as BatchDataset
from .detection import label_maps as label_maps
from .detection import targets as targets
from .follow import Boxes as Boxes
from .follow import Points as Points
from .follow import follow_boxes as follow_boxes
from .follow import follow_masks as follow_masks
from .follow import follow_points as follow_points
from .loader import Loader as Loader
from .mixture import Mixture as Mixture
from .paired import PairedBatch as PairedBatch
from .paired import PairedLoader as PairedLoader
from .prefetching import Prefetched as Prefetched
from .prefetching import prefetch as prefetch
from .sampler import BatchSampler as BatchSampler
from .stats import Stats as Stats
from .transforms import Seeded as Seeded
from .transforms import Transform as Transform
