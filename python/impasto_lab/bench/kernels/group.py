"""A piece of work and those who do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from impasto_lab.bench.answers import AnswersDifferError


@dataclass(frozen=True)
class Group:
    """A piece of work and those who do it, each once a call.

    Attributes:
        title: The work, as a table has it.
        arms: Who does it, ours first, and how.
        difference: Says what is wrong with an arm's answer, by its name, or ``""``.
        yardsticks: What the work is held against and gives no answer, such as a copy of as many bytes.
        items: Images or captions of a call.
        packages: The package that an arm is, where it is one, by the arm's name.
        absent: Who else would do it and can't run here, with the reason.
        left_out: How many of somebody's own images are not in it, by what they are.
        distance: How far an arm's answer is from the judge's, in what the work's answers are measured in.
    """

    title: str
    arms: Mapping[str, Callable[[], Any]]
    difference: Callable[[str, Any], str]
    yardsticks: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    items: int = 1
    packages: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    distance: Callable[[str, Any], float] | None = None

    @property
    def names(self) -> list[str]:
        """Whom there is to time."""
        return [*self.yardsticks, *self.arms]

    def checked(self, name: str) -> Callable[[], object]:
        """What is timed under a name: an arm whose answer has been compared, or a yardstick.

        Raises:
            AnswersDifferError: If the arm's answer is not the one that it should be.
        """
        if name in self.yardsticks:
            return self.yardsticks[name]
        if wrong := self.difference(name, self.arms[name]()):
            raise AnswersDifferError(f"{self.title}: {name}: {wrong}")
        return self.arms[name]
