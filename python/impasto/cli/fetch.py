"""``impasto fetch``: the images of a list of URLs, in shards."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from impasto.cli import output
from impasto.cli.flags import Given
from impasto.cli.kinds import File, Positional
from impasto.jobs import FetchSettings

if TYPE_CHECKING:
    from rich.console import Console

    from impasto.jobs import FetchedData

EPILOG = """\
examples:
  impasto fetch Train_GCC-training.tsv cc3m/ --size 256
  impasto fetch laion.parquet laion/ --columns similarity NSFW --connections 256
  impasto fetch Train_GCC-training.tsv cc3m/ --size 256 --retry-failed"""

_WRITTEN = ("url", "caption", "captions", "columns", "shard_size", "size", "quality", "exif")
_POLITE = ("connections", "per_host", "retries", "max_wait", "redirects", "robots", "user_agent", "allow_private")
_LIMITS = ("max_bytes", "max_pixels", "connect_timeout", "read_timeout", "total_timeout", "threads")
#: So many reasons are shown.
_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """Downloads the images of a list of URLs and captions into tar shards, in img2dataset's layout.

    The list is TSV, CSV, JSON, JSON lines or Parquet, as SBU, Conceptual Captions and LAION come. Dead links are listed
    with their reasons in OUT/failed.jsonl and in each shard's Parquet file. A run that was stopped goes on when it is
    given again. `impasto info 'OUT/*.tar'` looks at what came.

    Args:
        list: The list.
        out: The folder of the shards.
        retry_failed: Try links again that were dead in earlier runs.
        json: Write what was done as JSON too ('-': to standard output, alone).
    """

    list: Annotated[Positional[str], "LIST"]
    out: Annotated[Positional[str], "OUT"]
    retry_failed: bool = False
    written: Annotated[dict[str, Any], Given(FetchSettings, "what is written", _WRITTEN)] = field(default_factory=dict)
    polite: Annotated[dict[str, Any], Given(FetchSettings, "how servers are asked", _POLITE)] = field(
        default_factory=dict
    )
    limits: Annotated[dict[str, Any], Given(FetchSettings, "limits", _LIMITS)] = field(default_factory=dict)
    json: File | None = None


def run(fetch: Fetch) -> int:
    """Runs the verb.

    Returns:
        The exit status, 0.
    """
    from impasto import jobs

    console = output.console(fetch.json)
    settings = FetchSettings(**fetch.written, **fetch.polite, **fetch.limits)
    with output.Terminal(console).bar("fetching") as progress:
        done = jobs.fetch(fetch.list, fetch.out, settings, retry_failed=fetch.retry_failed, progress=progress)
    if fetch.json != "-":
        _show(done, Path(fetch.out), console)
    output.write_json({**asdict(done), "lived": done.lived}, fetch.json)
    return 0


def _show(done: FetchedData, folder: Path, console: Console) -> None:
    share = f"{done.images:,} of {done.rows:,} links lived ({done.lived:.1%})"
    console.print(f"{share}, in {done.shards}", markup=False, soft_wrap=True)
    if done.repeated:
        console.print(f"{done.repeated:,} of them came before in the list, and were fetched once")
    if done.done_before:
        console.print(f"{done.done_before:,} shards were there from an earlier run")
    if done.failed:
        console.print(f"{done.failed:,} are dead, see {folder / 'failed.jsonl'}:", markup=False, soft_wrap=True)
        for reason, count in [*done.reasons.items()][:_SHOWN]:
            console.print(f"  {count:,} {reason}", markup=False)
