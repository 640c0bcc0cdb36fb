"""The names of this face, each where it lives: read by type checkers, and at run time by the lazy loader."""

from .applying import MixTensors as MixTensors
from .applying import apply_ids as apply_ids
from .applying import apply_images as apply_images
from .applying import draw_tensors as draw_tensors
from .captions import Spliced as Spliced
from .captions import join as join
from .captions import mix_captions as mix_captions
from .captions import splice as splice
from .collate import MixGenCollate as MixGenCollate
from .cutting import cut as cut
from .draw import plan_at as plan_at
from .losses import Partners as Partners
from .losses import clip_loss as clip_loss
from .losses import soft_labels as soft_labels
from .module import BatchMixGen as BatchMixGen
from .published import mixgen_batch as mixgen_batch
