"""How long `import impasto` takes, beside `import numpy`, each in a new interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pytest_benchmark.fixture import BenchmarkFixture


@pytest.mark.benchmark(group="import, in a new interpreter")
@pytest.mark.parametrize(
    "statement",
    ["pass", "import numpy", "import numpy, impasto", "import numpy, impasto; impasto.Recipe, impasto.ops.decode"],
)
def bench_import(benchmark: BenchmarkFixture, statement: str) -> None:
    command = [sys.executable, "-c", statement]
    benchmark.pedantic(lambda: subprocess.run(command, check=True), rounds=15, warmup_rounds=2)
