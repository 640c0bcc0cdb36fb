"""`import impasto` is light: what it brings in is listed here. How long it takes is a bench's."""

from __future__ import annotations

import subprocess
import sys

# All that may be added to Python's own modules. numpy comes with the extension's first array, torch with a loader.
LIGHT = {"impasto", "impasto.moved", "lazy_loader"}


def _new_modules(statement: str) -> set[str]:
    code = f"""
import sys
before = set(sys.modules)
{statement}
print(*sorted(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return {name for name in done.stdout.split() if name.split(".")[0] not in sys.stdlib_module_names}


def test_the_package_itself() -> None:
    assert _new_modules("import impasto") == LIGHT


def test_recipes_and_errors_need_no_torch() -> None:
    modules = _new_modules("import impasto; impasto.Recipe, impasto.MixGen, impasto.Batch, impasto.ClipTokenizer")
    assert not {"torch", "PIL", "rich", "ftfy", "braceexpand"} & modules


def test_ops_need_no_torch() -> None:
    modules = _new_modules("import impasto; impasto.ops.permutation(10)")
    assert "torch" not in modules
    assert "numpy" in modules
