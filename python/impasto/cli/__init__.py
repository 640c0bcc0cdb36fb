"""The command line: one verb a file, found by name and imported when it is asked for.

A verb is a module with ``run``, whose one argument is a frozen dataclass: its fields are the flags, its docstring the
page of help. Nothing heavy is imported before ``run`` does it.
"""

from impasto.cli import flags, output
from impasto.cli.flags import Given
from impasto.cli.kinds import Device, File, Folder, Positional, Positive, Written
from impasto.cli.opening import Opening, require_split
from impasto.cli.running import main, parser
from impasto.cli.verbs import VERBS, Group, Verb

__all__ = [
    "VERBS",
    "Device",
    "File",
    "Folder",
    "Given",
    "Group",
    "Opening",
    "Positional",
    "Positive",
    "Verb",
    "Written",
    "flags",
    "main",
    "output",
    "parser",
    "require_split",
]
