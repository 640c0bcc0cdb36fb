"""Tables of the benches, from evidence that there is little of here: a GPU's, peers with workers."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from impasto_lab.bench import loader
from impasto_lab.bench.feeding.measuring import Answers, FedBench, FedRow
from impasto_lab.bench.settings import LoaderTiming

CI = Path(__file__).parents[2] / ".ci"


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(CI))
    return importlib.import_module("readme_tables")


@pytest.fixture
def loaders(tables: ModuleType) -> ModuleType:
    return tables.loader_tables


def test_a_gpu_and_what_feeds_it(tables: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (
        FedRow("bound", 16, "2", [4000.0], [0.0], [0.99]),
        FedRow("threads", 1, "1", [1000.0], [0.75]),
        FedRow("threads", 16, "1", [3900.0], [0.025], [0.95]),
    )
    known: dict[str, Any] = {
        "machine": {"cpu": "Some CPU"},
        "versions": {"torch": "2.15.0"},
        "load": 0.5,
        "settings": {"model": "clip", "preset": "base", "batch_size": 256, "seed": 0},
        "command": "",
    }
    answers = Answers(1, {}, 50.0, 40.0)
    bench = FedBench(rows=rows, skipped={}, answers=answers, parameters=1, device="Some GPU", held=True, **known)
    about, _, table = tables._feed(bench.as_dict()).partition("\n\n")
    assert about.startswith("Some GPU beside Some CPU (load average 0.5), torch 2.15.0, CLIP base, batches of 256;")
    assert table.splitlines()[0] == "| fed by | 1 | 16 |"
    assert table.splitlines()[2:] == [
        "| a batch that is on the device already |  | 4,000 (0 %, 99 % utilised) |",
        "| impasto | 1,000 (75 %) | 3,900 (2 %, 95 % utilised) |",
    ]
    monkeypatch.setattr(tables.loader_tables, "RESULTS", tmp_path)
    assert tables.feed() == "No GPU's figures are here yet."


def test_peers_have_a_column_for_each_number_of_workers(loaders: ModuleType) -> None:
    rates = {
        ("impasto", 0): 1000.0,
        ("impasto", 2): 1900.0,
        ("slow", 0): 100.0,
        ("quick", 0): 500.0,
        ("quick", 2): 950.0,
    }
    document = {
        "rows": [
            {"name": name, "title": name.title(), "version": "1", "workers": count, "images_per_second": rate}
            | {"rounds": [rate - 10, rate, rate + 10]}
            for (name, count), rate in rates.items()
        ],
        "ratios": {"slow": {"0": 10.0}, "quick": {"0": 2.0, "2": 2.0}},
        "answers": {"apart": {"slow": [3.0, 0.5, 1.0], "quick": [3.0, 0.25, 1.0]}}
        | {"fast_psnr_mean": 53.62, "fast_psnr_worst": 35.82},
        "absent": {},
        "machine": {"cpu": "Some CPU", "python": "3.11"},
        "versions": {"torch": "2.15.0"},
        "load_average": 1.0,
        "settings": {
            "workers": [0, 2], "interpolation": "bilinear", "images": 96, "sizes": ["640x480"], "rounds": 3,
            "batch_size": 32,
        },
    }  # fmt: skip
    about, _, table = loaders._peers(document).partition("\n\n")
    assert (
        "one core's CPU time; with workers wall-clock time" in about and "96 files of 640x480 in batches of 32" in about
    )
    assert "the pixels of ours are 53.6 dB (PSNR; at worst 35.8) from those of `exact=True`" in about
    assert table.splitlines()[0] == "| loader | version | on one core | 2 workers | levels apart, on average |"
    assert table.splitlines()[2:] == [
        "| Impasto | 1 | 1,000 (990-1,010) | 1,900 (1,890-1,910) |  |",
        "| Quick | 1 | 500 (490-510), 2.0x | 950 (940-960), 2.0x | 0.25 |",
        "| Slow | 1 | 100 (90-110), 10.0x |  | 0.50 |",
    ]


def test_files_have_a_row_for_each_way_to_store_them(
    loaders: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From what the bench itself keeps."""
    timing = LoaderTiming(
        images=4,
        batch_size=4,
        rounds=1,
        sizes=("64x48",),
        formats=("PNG",),
        packed=True,
        workers=(0,),
        peers=("pillow",),
    )
    document = loader.run(timing).as_dict()
    ratio = next(iter(document["ratio_to"].values()))
    about, _, table = loaders._stored(document).partition("\n\n")
    assert "4 files a way in batches of 4; medians of 1 rounds" in about
    first, _, plain, packed = table.splitlines()
    assert first == "| files | kB an image | impasto, images/s | over Pillow + torchvision transforms |"
    assert plain.startswith("| PNG of 64x48 | ") and plain.endswith(f" | {ratio:.2f}x |")
    assert packed.startswith("| PNG of 64x48, packed | ")
    monkeypatch.setattr(loaders, "RESULTS", tmp_path)
    assert loaders.stored() == "No figures of them are here yet."


def test_kernels_have_a_table_for_each_number_of_threads(tables: ModuleType) -> None:
    rates = {("impasto", 1): 200.0, ("other", 1): 160.0, ("impasto", 2): 380.0}
    document = {
        "rows": [
            {"work": "resize", "name": name, "threads": threads, "rate": rate, "rounds": [rate - 10, rate, rate + 10]}
            for (name, threads), rate in rates.items()
        ],
        "machine": {"cpu": "Some CPU"},
        "versions": {"impasto": "1", "other": "2"},
        "load_average": 1.0,
        "settings": {"rounds": 3},
    }
    one, two = (tables.kernel_tables._kernels(document, threads) for threads in (1, 2))
    assert "one core's CPU time" in one and "impasto 1, other 2; medians of 3 rounds" in one
    assert one.splitlines()[2:] == [
        "| work | impasto | other |",
        "| --- | ---: | ---: |",
        "| resize | 200 (190-210) | 160, 1.25x |",
    ]
    assert "2 threads" in two and two.splitlines()[-1] == "| resize | 380 (370-390) |"


def test_a_training_step_has_medians_and_their_spread(tables: ModuleType) -> None:
    rates = {"step": [20.0, 10.0, 5.0], "impasto": [40.0, 20.0, 80.0], "pillow": [10.0, 9.0, 11.0]}
    rates |= {"impasto + step": [8.0, 6.0, 9.0], "pillow + step": [4.0, 2.0, 5.0]}
    document = {
        "rows": [{"name": name, "title": name, "workers": 0, "rounds": rounds} for name, rounds in rates.items()],
        "waiting": {"impasto": 0.02, "pillow": 0.5},
        "waits": {},
        "machine": {"cpu": "Some CPU"},
        "load_average": 1.0,
        "settings": {"preset": "small", "batch_size": 1, "width": 640, "height": 480, "rounds": 3},
    }
    told = tables._train_step(document)
    assert "medians of 3 rounds" in told and "| step | 100.0 ms | 50.0-200.0 |" in told
    # 25 of 125 ms, 100 of 200.
    assert "The loader is 20 % of a step's CPU time, Pillow's 50 %: a core makes 2.0 times as many steps" in told
    assert told.endswith("with Pillow's process 50 %.") and "least waiting" not in told
    assert "least waiting" in tables._train_step({name: part for name, part in document.items() if name != "waits"})
