"""Every page on a framework is run by a test, and listed."""

import re
from pathlib import Path

import pytest
from pages import PAGES, blocks

NAMES = sorted(path.stem for path in PAGES.glob("*.md") if path.stem != "index")
TESTS = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_run_and_listed(name):
    assert re.search(rf"run_page\(\s*\"{name}\"", TESTS) and len(blocks(name)) > 0
    assert f"({name}.md)" in (PAGES / "index.md").read_text(encoding="utf-8")
    assert f"integrations/{name}.md" in (PAGES.parents[1] / "mkdocs.yml").read_text(encoding="utf-8")


def test_there_are_pages():
    assert len(NAMES) >= 8
