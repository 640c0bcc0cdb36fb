"""What is to be done, as frozen values: recipes of images, captions and mixing.

>>> from impasto.recipe import MixGen
>>> MixGen.variant("b")
MixGen(ratio=0.25, lam=0.5, text='choose')
"""

from impasto.recipe.alternate import Alternate as Alternate
from impasto.recipe.augment import Augmentation as Augmentation
from impasto.recipe.augment import ColorJitter as ColorJitter
from impasto.recipe.augment import GaussianBlur as GaussianBlur
from impasto.recipe.augment import Grayscale as Grayscale
from impasto.recipe.augment import Operation as Operation
from impasto.recipe.augment import RandAugment as RandAugment
from impasto.recipe.augment import RandomErasing as RandomErasing
from impasto.recipe.augment import TrivialAugment as TrivialAugment
from impasto.recipe.foreign import ForeignTokenizer as ForeignTokenizer
from impasto.recipe.image import NORMALIZATIONS as NORMALIZATIONS
from impasto.recipe.image import ImageRecipe as ImageRecipe
from impasto.recipe.image import Triple as Triple
from impasto.recipe.image import mean_std as mean_std
from impasto.recipe.image import shape_of as shape_of
from impasto.recipe.mix import VARIANTS as VARIANTS
from impasto.recipe.mix import Beta as Beta
from impasto.recipe.mix import CutMix as CutMix
from impasto.recipe.mix import CutMixUp as CutMixUp
from impasto.recipe.mix import MixGen as MixGen
from impasto.recipe.mix import MixUp as MixUp
from impasto.recipe.mix import PatchMix as PatchMix
from impasto.recipe.patches import PatchDrop as PatchDrop
from impasto.recipe.recipe import Recipe as Recipe
from impasto.recipe.text import TextRecipe as TextRecipe
from impasto.recipe.tokenizer_file import TokenizerFile as TokenizerFile
from impasto.recipe.tokenizers import BertTokenizer as BertTokenizer
from impasto.recipe.tokenizers import ClipTokenizer as ClipTokenizer
from impasto.recipe.tokenizers import Tokenizer as Tokenizer
from impasto.recipe.tokenizers import clean_caption as clean_caption
from impasto.recipe.words import CaptionDropout as CaptionDropout
from impasto.recipe.words import CaptionTemplate as CaptionTemplate
from impasto.recipe.words import FrequencyDropout as FrequencyDropout
from impasto.recipe.words import RandomDeletion as RandomDeletion
from impasto.recipe.words import RandomSwap as RandomSwap
from impasto.recipe.words import TagDropout as TagDropout
from impasto.recipe.words import TagShuffle as TagShuffle
from impasto.recipe.words import WordAugmentation as WordAugmentation
