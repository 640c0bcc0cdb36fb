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

    Sizes and digests are compared where `impasto pack` has left an index beside the shards. Nothing is written.

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
            f"sizes and digests known of {found.listed:,}"
        )
        for problem in found.problems:
            output.show_problem(problem, console)
        if found.ok:
            console.print("[green]nothing is wrong[/]")
    output.write_json(found.as_dict(), verify.json)
    return 0 if found.ok else 1
