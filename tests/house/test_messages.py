"""What the library says is said once, and by the first rank alone."""

import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import impasto
from impasto.messages import logger, warn_once

SPEAKERS = [({}, True), ({"RANK": "0"}, True), ({"RANK": "1"}, False)]


@pytest.fixture(autouse=True)
def no_rank(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)


def heard(monkeypatch, rank):
    """A process group's rank, whatever the variable says."""
    group = type("group", (), {"is_available": lambda: True, "is_initialized": lambda: True, "get_rank": lambda: rank})
    monkeypatch.setitem(sys.modules, "torch.distributed", group)


@pytest.mark.parametrize(("variables", "speaks"), SPEAKERS, ids=["alone", "first", "second"])
def test_the_logger_speaks_on_the_first_rank(variables, speaks, monkeypatch, caplog):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with caplog.at_level(logging.INFO, logger="impasto"):
        logger.info("an index of %d shards", 3)
        logger.debug("too fine for this level")
    assert caplog.messages == (["an index of 3 shards"] if speaks else [])


def test_a_process_group_knows_better_than_the_environment(monkeypatch, caplog):
    monkeypatch.setenv("RANK", "0")
    heard(monkeypatch, rank=1)
    logger.warning("not from here")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_once("not from here")
    assert not caplog.messages
    assert not caught
    heard(monkeypatch, rank=0)
    with pytest.warns(UserWarning, match="not from here"):  # what another rank kept to itself was not said
        warn_once("not from here")


def test_a_warning_is_given_once():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for row in range(3):
            warn_once("use a larger length", RuntimeWarning)
            warn_once(f"row {row} is cut; use a larger length", key="cut")
    said = [(str(one.message), one.category) for one in caught]
    assert said == [("use a larger length", RuntimeWarning), ("row 0 is cut; use a larger length", UserWarning)]
    assert {one.filename for one in caught} == {__file__}


def test_one_logger_and_no_handler():
    """The program decides where it goes; a library that adds handlers prints everything twice."""
    assert logger is logging.getLogger("impasto")
    assert not logger.handlers
    assert logger.level == logging.NOTSET


def test_asking_for_the_rank_does_not_import_torch():
    code = "import sys; from impasto.messages import is_first_rank; print(is_first_rank(), 'torch' in sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name != "RANK"} | {"RANK": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_nothing_in_the_library_warns_or_logs_by_itself():
    root = Path(impasto.__file__).parent
    for path in root.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name != "messages.py":
            assert "warnings.warn(" not in text, path
            assert "getLogger(" not in text, path
