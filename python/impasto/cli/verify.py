"""``impasto verify``: packed shards, looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from impasto.cli import output
from impasto.cli.kinds import File, Positional
from impasto.jobs import Engine

EPILOG = """\
examples:
  impasto verify packed/ --workers 8
  impasto verify 'shards/{00000..00041}.tar' --no-decode   anybody's WebDataset shards
  impasto verify packed/ --json - | jq .problems

The exit status is 1 when something is wrong."""


@dataclass(frozen=True, kw_only=True)
class Verify:
    """Says whether shards are all there, whole, what was written, and can be read to the last sample.

    Sizes and checksums are compared where there is an index, that of `impasto pack` or of webdataset's wids. A folder
    that a job fills (pack, stylize, fetch) must have all of it. Nothing is written.

    Args:
        shards: A folder of shards, its index.json, a shard, or a pattern of shards.
        decode: Decode every image; otherwise headers must do.
        workers: Processes; 0 is this one alone.
        engine: Where workers run: processes of this machine, or a Ray cluster whose machines all see the shards.
        json: Write what was found as JSON too ('-': to standard output, alone).
    """

    shards: Annotated[Positional[str], "SHARDS"]
    decode: bool = True
    workers: int = 0
    engine: Engine = "processes"
    json: File | None = None


def run(verify: Verify) -> int:
    """Runs the verb.

    Returns:
        The exit status: 0, or 1 when something is wrong.
    """
    from impasto.jobs import verify as look

    console = output.console(verify.json)
    terminal = output.Terminal(console)
    with terminal.bar("verifying") as progress:
        found = look(
            verify.shards, decode=verify.decode, workers=verify.workers, engine=verify.engine, progress=progress
        )
    if verify.json != "-":
        how = "decoded" if found.decoded else "looked at by its header"
        terminal.say(
            f"{found.shards:,} shards, {found.samples:,} samples, {found.bytes / 1e6:,.1f} MB; every image {how}; "
            f"of the shards {found.listed:,} are in an index, with sizes of {found.sized:,}, SHA-256 of "
            f"{found.summed['sha256']:,} and MD5 of {found.summed['md5']:,}; what it lacks was not compared"
        )
        for problem in found.problems:
            output.show_problem(problem, console)
        if found.ok:
            console.print("[green]nothing is wrong[/]")
    output.write_json(found.as_dict(), verify.json)
    return 0 if found.ok else 1
