"""The names of this face, each where it lives: read by type checkers, and at run time by the lazy loader."""

from .opened import Opened as Opened
from .opened import open_checkpoint as open_checkpoint
from .opened import save_checkpoint as save_checkpoint
from .options import CaptioningOptions as CaptioningOptions
from .options import GroundingOptions as GroundingOptions
from .options import NoOptions as NoOptions
from .options import RetrievalOptions as RetrievalOptions
from .options import VqaOptions as VqaOptions
from .options import ZeroShotOptions as ZeroShotOptions
from .options import of_training as of_training
from .registry import TASKS as TASKS
from .registry import find_task as find_task
from .retrieving import held_of as held_of
from .running import Tuned as Tuned
from .running import evaluate as evaluate
from .running import tune as tune
from .settings import Tunable as Tunable
from .settings import TuneSettings as TuneSettings
from .task import Downstream as Downstream
from .task import Figures as Figures
from .task import Judging as Judging
from .task import Tuning as Tuning
