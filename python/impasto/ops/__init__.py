"""The kernels under the loader as plain functions, on bytes, numpy arrays and torch tensors."""

from impasto.ops.augmenting import apply as apply
from impasto.ops.augmenting import augment as augment
from impasto.ops.augmenting import augment_caption as augment_caption
from impasto.ops.cutting import cut as cut
from impasto.ops.images import ImageHeader as ImageHeader
from impasto.ops.images import crop as crop
from impasto.ops.images import decode as decode
from impasto.ops.images import draw as draw
from impasto.ops.images import load as load
from impasto.ops.images import probe as probe
from impasto.ops.images import resize as resize
from impasto.ops.mixing import join as join
from impasto.ops.mixing import mix as mix
from impasto.ops.mixing import normalize as normalize
from impasto.ops.mixing import plan_at as plan_at
from impasto.ops.mixing import soft_labels as soft_labels
from impasto.ops.order import permutation as permutation
from impasto.ops.reference import mixgen_batch as mixgen_batch
from impasto.ops.splicing import Spliced as Spliced
from impasto.ops.splicing import mix_captions as mix_captions
from impasto.ops.splicing import splice as splice
from impasto.ops.text import Tokens as Tokens
from impasto.ops.text import pre_caption as pre_caption
from impasto.ops.text import pre_question as pre_question
from impasto.ops.text import tokenize as tokenize
