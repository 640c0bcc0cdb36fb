"""Both worlds, written once."""

import pytest

from impasto_lab.worlds import World, render_scenes, write_photographs


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> World:
    return render_scenes(tmp_path_factory.mktemp("worlds") / "scenes", size="tiny", seed=3)


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> World:
    return write_photographs(tmp_path_factory.mktemp("worlds") / "photographs", seed=3)
