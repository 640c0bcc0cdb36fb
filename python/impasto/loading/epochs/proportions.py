"""Shares of a running count in whole numbers, so that what one has never shrinks (Webster's apportionment)."""

from __future__ import annotations

from collections.abc import Sequence


class Proportions:
    """Who takes the n-th turn, when turns are taken in proportions.

    All quotients ``share / (taken + 1/2)`` of all members, in falling order, are the turns; of equal ones the first
    member's comes first. How often each has had a turn after n of them is found without counting up to n.

    Args:
        shares: Positive numbers that sum to 1.
    """

    def __init__(self, shares: Sequence[float]) -> None:
        self._shares = tuple(shares)

    def _quotient(self, member: int, taken: int) -> tuple[float, int]:
        return self._shares[member] / (taken + 0.5), -member

    def counts(self, turns: int) -> list[int]:
        """How many of the first turns each member has taken; they sum to ``turns``."""
        members = range(len(self._shares))
        counts = [int(share * turns) for share in self._shares]

        def next_up() -> int:
            return max(members, key=lambda member: self._quotient(member, counts[member]))

        def last_in() -> int:
            taken = [member for member in members if counts[member]]
            return min(taken, key=lambda member: self._quotient(member, counts[member] - 1))

        while sum(counts) < turns:
            counts[next_up()] += 1
        while sum(counts) > turns:
            counts[last_in()] -= 1
        while turns:
            up, down = next_up(), last_in()
            if self._quotient(up, counts[up]) < self._quotient(down, counts[down] - 1):
                break
            counts[up] += 1
            counts[down] -= 1
        return counts

    def turns(self, begin: int, count: int) -> list[int]:
        """The members that take so many turns from turn number ``begin`` on."""
        counts = self.counts(begin)
        found = []
        for _ in range(count):
            member = max(range(len(counts)), key=lambda member: self._quotient(member, counts[member]))
            counts[member] += 1
            found.append(member)
        return found
