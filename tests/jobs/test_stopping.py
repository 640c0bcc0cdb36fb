"""A job stopped in every way, for real: what is done is kept, nothing more is begun, nobody stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(300)

#: A job of four pieces, of which all but the first take for ever when they are asked to.
_SCRIPT = """\
import os
import signal
import sys
import threading
from pathlib import Path

# A test run in the background of a shell has Ctrl-C ignored, and what it starts inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)

from impasto.files import new_file
from impasto.jobs import Job, write_report

out, workers, patient = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "patient"

def write(number):
    with new_file(out / f"{number}.tar") as partial:
        partial.write_bytes(bytes([number]) * 1000)
        if number and patient:
            (out.parent / f"at-work-{os.getpid()}").touch()
            threading.Event().wait()
    write_report(out / f"{number}.json", {"bytes": 1000})

if __name__ == "__main__":
    files = lambda number: (out / f"{number}.tar", out / f"{number}.json")
    job = Job(out, {"format": "test-1", "settings": {"bytes": 1000}}, [1] * 4, files)
    print(job.run(write, workers=workers))
"""


def _command(out: Path, workers: int, how: str) -> list[str]:
    script = out.with_name("script.py")
    script.write_text(_SCRIPT)
    return [sys.executable, str(script), str(out), str(workers), how]


def _eventually(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def _at_work(out: Path) -> set[int]:
    """The processes that were in the middle of a piece."""
    return {int(path.name.rpartition("-")[2]) for path in out.parent.glob("at-work-*")}


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture(params=[0, 2], ids=["here", "workers"])
def run(request: pytest.FixtureRequest, out: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that has done its first piece and is in the middle of others."""
    command = _command(out, request.param, "patient")
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            _eventually(lambda: (out / "0.json").exists() and len(_at_work(out)) >= max(request.param, 1))
            yield process
        finally:
            process.kill()


def _check_that_it_goes_on(out: Path) -> None:
    assert not any(map(_is_alive, _at_work(out)))
    assert {path.name for path in out.glob("*.tar")} == {"0.tar"}
    first = (out / "0.tar").stat().st_mtime_ns
    done = subprocess.run(_command(out, 0, "hasty"), capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("1\n", "")
    assert (out / "0.tar").stat().st_mtime_ns == first
    names = {f"{number}.{kind}" for number in range(4) for kind in ("tar", "json")} | {"job.json"}
    assert {path.name for path in out.iterdir()} == names
    assert all((out / f"{number}.tar").read_bytes() == bytes([number]) * 1000 for number in range(4))


def test_by_ctrl_c(run: subprocess.Popen[str], out: Path) -> None:
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to all processes at once
    _, error = run.communicate()
    assert run.returncode == -signal.SIGINT
    assert error.count("Traceback") == 1 and "KeyboardInterrupt: 1 of 4 pieces are kept in" in error
    assert {path.name for path in out.iterdir()} == {"job.json", "0.tar", "0.json"}
    _check_that_it_goes_on(out)


def test_by_sigterm(run: subprocess.Popen[str], out: Path) -> None:
    run.terminate()
    _, error = run.communicate()
    assert (run.returncode, error) == (128 + signal.SIGTERM, "")
    assert {path.name for path in out.iterdir()} == {"job.json", "0.tar", "0.json"}
    _check_that_it_goes_on(out)


def test_by_a_kill_that_runs_no_cleanup(run: subprocess.Popen[str], out: Path) -> None:
    run.kill()
    run.wait()
    _eventually(lambda: not any(map(_is_alive, _at_work(out))))
    assert list(out.glob("*.tar.partial")) and (out / "running.json").exists()
    _check_that_it_goes_on(out)
