"""The kernels under the loader as plain functions, on bytes, numpy arrays and torch tensors."""

from impasto import moved
from impasto.ops.augmenting import apply as apply
from impasto.ops.augmenting import augment as augment
from impasto.ops.augmenting import augment_caption as augment_caption
from impasto.ops.blend import mix as mix
from impasto.ops.blend import normalize as normalize
from impasto.ops.encoding import encode_jpeg as encode_jpeg
from impasto.ops.encoding import encode_pixels as encode_pixels
from impasto.ops.encoding import with_restarts as with_restarts
from impasto.ops.hashing import perceptual_hash as perceptual_hash
from impasto.ops.images import Image as Image
from impasto.ops.images import ImageHeader as ImageHeader
from impasto.ops.images import crop as crop
from impasto.ops.images import decode as decode
from impasto.ops.images import draw as draw
from impasto.ops.images import load as load
from impasto.ops.images import probe as probe
from impasto.ops.images import resize as resize
from impasto.ops.noisiness import noise_score as noise_score
from impasto.ops.permuting import permutation as permutation
from impasto.ops.text import Tokens as Tokens
from impasto.ops.text import pre_caption as pre_caption
from impasto.ops.text import pre_question as pre_question
from impasto.ops.text import tokenize as tokenize

__getattr__ = moved.with_hints(__name__)
