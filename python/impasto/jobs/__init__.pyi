"""The names of this face, each where it lives: read by type checkers, and at run time by the lazy loader."""

from .fetching.running import FetchedData as FetchedData
from .fetching.running import fetch as fetch
from .fetching.settings import FetchSettings as FetchSettings
from .images import encode_image as encode_image
from .images import shrink_to as shrink_to
from .inspection.inspecting import failure as failure
from .inspection.inspecting import inspect as inspect
from .inspection.report import Problem as Problem
from .inspection.report import Report as Report
from .job import Job as Job
from .job import write_report as write_report
from .pictures import check_target as check_target
from .pictures import is_picture as is_picture
from .pictures import optimize_picture as optimize_picture
from .pictures import read_picture as read_picture
from .pictures import style_sheet as style_sheet
from .pictures import stylize_picture as stylize_picture
from .pictures import write_picture as write_picture
from .running.engine import Engine as Engine
from .running.engine import run_pieces as run_pieces
from .shards import ShardWriter as ShardWriter
from .stylize_settings import StylizeSettings as StylizeSettings
from .stylizing import StylizedData as StylizedData
from .stylizing import stylize_data as stylize_data
