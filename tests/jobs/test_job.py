"""A job's folder: resumed where it stopped, refused to others, never trusted blindly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import impasto
from impasto.jobs import Job, StylizedData, StylizeSettings, stylize_data, write_report
from impasto.style import EmbeddingDistribution, StatisticsPredictor, StyleModel, StyleRandomizer, StyleTransformer

Settings = Callable[..., StylizeSettings]
Contents = Callable[[Path], dict[str, bytes]]


def test_a_run_that_is_interrupted_goes_on(
    data: impasto.sources.Source,
    randomizer: StyleRandomizer,
    tmp_path: Path,
    settings: Settings,
    contents: Contents,
) -> None:
    whole = stylize_data(data, tmp_path / "whole", randomizer, settings())

    def interrupt(done: int, total: int) -> None:
        assert (done, total) == (5, 14)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stylize_data(data, tmp_path / "cut", randomizer, settings(), progress=interrupt)
    first = (tmp_path / "cut" / "stylized-00000.tar").stat().st_mtime_ns
    seen: list[tuple[int, int]] = []
    done = stylize_data(data, tmp_path / "cut", randomizer, settings(), progress=lambda *at: seen.append(at))
    assert seen == [(10, 14), (14, 14)]
    assert done.done_before == 1
    assert (tmp_path / "cut" / "stylized-00000.tar").stat().st_mtime_ns == first
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
    again = stylize_data(data, tmp_path / "cut", randomizer, settings())
    assert (again.done_before, again.images) == (3, whole.images)


def test_another_job_is_refused(
    done: StylizedData,
    data: impasto.sources.Source,
    images: list[bytes],
    randomizer: StyleRandomizer,
    settings: Settings,
    contents: Contents,
) -> None:
    folder = Path(done.shards).parent
    before = contents(folder)
    with pytest.raises(
        impasto.RecipeError, match=r"job\.json: .*another job: copies was 2 and is 3, seed was 3 and is 4;"
    ):
        stylize_data(data, folder, randomizer, settings(keep_original=True, copies=3, seed=4))
    fewer = impasto.sources.Sequence([(images[0], "one")])
    with pytest.raises(impasto.RecipeError, match="data have other keys, rows was 7 and is 1, data have other samples"):
        stylize_data(fewer, folder, randomizer, settings(keep_original=True))
    other_captions = impasto.sources.Sequence([(image, "another caption") for image in images])
    with pytest.raises(impasto.RecipeError, match=r"another job: data have other samples \(a caption, .*\);"):
        stylize_data(other_captions, folder, randomizer, settings(keep_original=True))
    torch.manual_seed(1)
    other = StyleModel(
        StyleTransformer(widths=(4, 6, 8), residuals=1, embedding=8, kernel=3),
        StatisticsPredictor(embedding=8, widths=(4, 4, 4, 4)),
        EmbeddingDistribution(torch.zeros(8), torch.eye(8)),
    )
    with pytest.raises(impasto.RecipeError, match="base was 'image' and is 'mean', model have other weights"):
        stylize_data(data, folder, StyleRandomizer(other, base="mean"), settings(keep_original=True))
    narrow = StyleRandomizer(randomizer.model, dtype=torch.bfloat16)
    with pytest.raises(impasto.RecipeError, match=r"dtype was 'torch\.float32' and is 'torch\.bfloat16'"):
        stylize_data(data, folder, narrow, settings(keep_original=True))
    assert contents(folder) == before


def test_a_folder_with_something_else_is_left_alone(
    data: impasto.sources.Source, randomizer: StyleRandomizer, tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(impasto.SourceError, match="holds something else"):
        stylize_data(data, tmp_path, randomizer, settings())
    with pytest.raises(impasto.SourceError, match="holds something else"):
        stylize_data(data, tmp_path / "thesis.tex", randomizer, settings())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thesis.tex"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "it is damaged, .*; choose another folder, or remove it"),
        ("[]", "another kind of job, or version of impasto: its format is None"),
        ('{"format": "impasto-stylize-99"}', "its format is 'impasto-stylize-99', and this job's 'impasto-stylize-2'"),
        ('{"format": ["impasto-stylize-2"]}', "another kind of job"),
        ('{"format": "impasto-stylize-2", "settings": 5}', "holds another job: .*copies was None and is 2"),
        (b"\xff\xfe", "it is damaged"),
    ],
)
def test_a_job_that_is_no_job_is_refused(
    content: str | bytes,
    reason: str,
    data: impasto.sources.Source,
    randomizer: StyleRandomizer,
    tmp_path: Path,
    settings: Settings,
) -> None:
    path = tmp_path / "job.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises((impasto.SourceError, impasto.RecipeError), match=reason) as caught:
        stylize_data(data, tmp_path, randomizer, settings())
    assert caught.value.path == str(path)
    assert [path.name for path in tmp_path.iterdir()] == ["job.json"]


@pytest.mark.parametrize(
    "report",
    [
        '{"images": 5, "stylized"',
        "[5, 5, []]",
        '{"images": 5, "stylized": 5, "bad": [], "worse": 1}',
        '{"images": "5", "stylized": 5, "bad": []}',
        '{"images": -5, "stylized": -5, "bad": []}',
        '{"images": 5, "stylized": 6, "bad": []}',
        '{"images": 5.0, "stylized": 5, "bad": []}',
        '{"images": 4, "stylized": 4, "bad": []}',
        '{"images": 4, "stylized": 4, "bad": ["one"]}',
        '{"images": 4, "stylized": 4, "bad": 1}',
    ],
)
def test_a_report_that_does_not_add_up_is_named_with_the_remedy(
    report: str, data: impasto.sources.Source, randomizer: StyleRandomizer, tmp_path: Path, settings: Settings
) -> None:
    whole = stylize_data(data, tmp_path / "job", randomizer, settings(copies=1))
    path = tmp_path / "job" / "stylized-00000_stats.json"
    path.write_text(report)
    with pytest.raises(impasto.SourceError, match=r"the report can't be used: .*; remove this file and run") as caught:
        stylize_data(data, tmp_path / "job", randomizer, settings(copies=1))
    assert caught.value.path == str(path)
    path.unlink()
    again = stylize_data(data, tmp_path / "job", randomizer, settings(copies=1))
    assert (again.images, again.done_before) == (whole.images, 1)


def test_any_part_of_an_identity_counts(tmp_path: Path) -> None:
    files = lambda number: [tmp_path / "out" / f"{number}.json"]  # noqa: E731
    write = lambda number: write_report(files(number)[0], {})  # noqa: E731
    assert Job(tmp_path / "out", {"format": "mine-1", "side": 1}, [1], files).run(write) == 0
    with pytest.raises(impasto.RecipeError, match="side was 1 and is 2"):
        Job(tmp_path / "out", {"format": "mine-1", "side": 2}, [1], files).run(write)
    with pytest.raises(impasto.RecipeError, match="names its kind"):
        Job(tmp_path / "new", {"side": 2}, [1], files).run(write)


def test_a_piece_without_its_files_is_not_done(tmp_path: Path) -> None:
    job = Job(tmp_path / "out", {"format": "mine-1"}, [1], lambda number: [tmp_path / "out" / f"{number}.json"])
    with pytest.raises(impasto.JobError, match=r"piece 0 ended without .*0\.json"):
        job.run(lambda number: None)
