"""The names of this face, each where it lives: read by type checkers, and at run time by the lazy loader."""

from .fusion import FusionPretraining as FusionPretraining
from .recipes import share_of as share_of
from .running import Pretrained as Pretrained
from .running import pretrain as pretrain
from .sets import mixed as mixed
from .sets import place_of as place_of
from .sets import usual_set as usual_set
from .sets import usual_sets as usual_sets
from .settings import PretrainSettings as PretrainSettings
from .vilt import ViltPretraining as ViltPretraining
from .vocabulary import CompactVocabulary as CompactVocabulary
from .vocabulary import captions_of as captions_of
from .vocabulary import own_vocabulary as own_vocabulary
