"""Mixed captions that are longer than the row of ids: what `MixGen`'s budget says is done about them."""

from __future__ import annotations

from impasto.batch import Batch
from impasto.errors import CaptionError
from impasto.messages import warn_once
from impasto.recipe import Alternate, MixGen

_REMEDY = "use a larger length, MixGen(budget='balance') or MixGen(pairing='fit')"


class Overflow:
    """Warns once, or raises, where tokens of a mixed caption are lost."""

    def judge(self, mix: MixGen | Alternate, batch: Batch) -> None:
        """Looks at a batch.

        Raises:
            CaptionError: With ``budget="error"``, if a mixed caption lost tokens.
        """
        if batch.lost is None or mix.budget not in ("warn", "error"):
            return
        lost = batch.lost.numpy() * batch.plan.mixed
        if not lost.any():
            return
        worst = int(lost.argmax())
        reason = f"{int(lost[worst])} tokens of the mixed caption don't fit; {_REMEDY}"
        if mix.budget == "error":
            raise CaptionError(reason, key=batch.keys[worst])
        rows = int((lost > 0).sum())
        message = f"{rows} of {len(batch)} captions, first of all {batch.keys[worst]!r}: {reason}"
        warn_once(message, key=_REMEDY, stacklevel=3)
