"""The names of this face, each where it lives: read by type checkers, and at run time by the lazy loader."""

from .corruptions import CORRUPTIONS as CORRUPTIONS
from .corruptions import SEVERITIES as SEVERITIES
from .corruptions import corrupt as corrupt
from .formats.layout import World as World
from .formats.sample import Sample as Sample
from .formats.writer import write_world as write_world
from .instances.settings import DETECT as DETECT
from .instances.settings import SEGMENT as SEGMENT
from .instances.settings import Crowd as Crowd
from .instances.world import write_instances as write_instances
from .language.world import render_language as render_language
from .photographs.world import write_photographs as write_photographs
from .scenes.world import render_scenes as render_scenes
from .shifts import Office31Like as Office31Like
from .shifts import Stl10Like as Stl10Like
from .shifts import Stl10World as Stl10World
from .shifts import Terms as Terms
from .shifts import render_office31 as render_office31
from .shifts import render_stl10 as render_stl10
from .styles.world import StyleFolder as StyleFolder
from .styles.world import render_styles as render_styles
