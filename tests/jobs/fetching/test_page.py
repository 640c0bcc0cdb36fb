"""docs/fetching.md's example runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import impasto
from impasto.jobs.fetching import addresses

PAGE = Path(__file__).parents[3] / "docs" / "fetching.md"


def test_the_example(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(addresses, "is_public", lambda address: True)
    paths = ["large.jpg", "gone.jpg", "1.jpg", "forbidden.jpg"]
    Path("links.tsv").write_text("".join(f"caption\t{site.url(path)}\n" for path in paths))
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"impasto": impasto}
    exec(compile(example, "fetching.md", "exec"), names)
    assert capsys.readouterr().out == "50% of 4 lived; of the others: {'HTTP 403': 1, 'HTTP 404': 1}\n"
    assert len(names["fetched"]) == 2
