"""Files of questions, hypotheses, statements and expressions as they come, and what may be wrong with them."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from impasto import SourceError, sources
from impasto.recipe import ImageRecipe, Recipe


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.jpg", "COCO_val2014_000000000007.jpg"):
        PIL.Image.new("RGB", (8, 8)).save(tmp_path / name)
    for name in ("dev-1-0-img0.png", "dev-1-0-img1.png"):
        PIL.Image.new("RGB", (8, 8)).save(tmp_path / name)
    return tmp_path


def _write(path: Path, document: Any, *, lines: bool = False) -> Path:
    text = "".join(json.dumps(one) + "\n" for one in document) if lines else json.dumps(document)
    path.write_text(text, encoding="utf-8")
    return path


def _questions(folder: Path, *ids: Any) -> Path:
    asked = [{"image_id": 7, "question": f"What is {id}?", "question_id": id} for id in ids]
    return _write(
        folder / "v2_OpenEnded_mscoco_val2014_questions.json", {"data_subtype": "val2014", "questions": asked}
    )


def _annotations(folder: Path, *ids: int, name: str = "v2_mscoco_val2014_annotations.json") -> Path:
    people = [{"answer": f"{place}", "answer_confidence": "yes", "answer_id": place} for place in range(10)]
    given = [{"question_id": id, "answers": people, "question_type": "what is", "answer_type": "other"} for id in ids]
    return _write(folder / name, {"annotations": given})


def test_questions_find_their_annotations(folder: Path) -> None:
    _annotations(folder, 8, 5, 99)
    data = sources.open(_questions(folder, 5, 8))
    assert list(data.keys) == ["5", "8"]
    assert data[0].captions == ("What is 5?",)
    facts = data.facts(1)
    assert facts["answers"] == [str(number) for number in range(10)]
    assert (facts["question_type"], facts["answer_type"]) == ("what is", "other")
    assert data.left_out == {"annotations of other questions, or without answers": 1}


def test_questions_without_annotations_have_no_answers(folder: Path) -> None:
    data = sources.open(_questions(folder, 5))
    assert "answers" not in data.facts(0)


def test_questions_of_a_part_of_the_test_are_about_its_images(folder: Path) -> None:
    for subtype in ("test2015", "test-dev2015"):
        (folder / "COCO_test2015_000000000005.jpg").write_bytes(b"")
        asked = [{"question_id": 1, "image_id": 5, "question": "?"}]
        file = _write(folder / "q.json", {"data_subtype": subtype, "questions": asked})
        data = sources.open(file, images=folder)
        assert data.find(0)[0].path(0) == str(folder / "COCO_test2015_000000000005.jpg")


def test_annotations_of_other_questions_are_refused(folder: Path) -> None:
    questions = _questions(folder, 5, 8, 5, "x")
    other = _annotations(folder, 1, 2, name="other.json")
    with pytest.raises(SourceError, match="none of its 2 annotations has answers to these questions"):
        sources.VqaQuestions(questions, images=folder, annotations=other)
    with pytest.raises(SourceError, match="no file of VQA annotations"):
        sources.VqaQuestions(questions, images=folder, annotations=questions)
    some = sources.VqaQuestions(questions, images=folder, annotations=_annotations(folder, 5, name="some.json"))
    told = [str(some.index.fault(row)) for row in range(1, 4)]
    assert "question 8 has no annotation" in told[0]
    assert "question 5 occurs twice" in told[1]
    assert "no whole 'question_id'" in told[2]


def test_what_an_annotation_is_called_is_a_string(folder: Path) -> None:
    path = _annotations(folder, 5)
    told = json.loads(path.read_text(encoding="utf-8"))
    for name, value in (("question_type", {"what": 1}), ("answer_type", ["other"]), ("multiple_choice_answer", 2)):
        _write(path, {"annotations": [{**told["annotations"][0], name: value}]})
        data = sources.open(_questions(folder, 5))
        with pytest.raises(SourceError, match=f"sample '5', .*annotations.json: the annotation's {name} is .*, not a"):
            data.facts(0)


def test_questions_nested_too_deeply_are_refused(folder: Path) -> None:
    path = folder / "v2_OpenEnded_mscoco_val2014_questions.json"
    path.write_text("[" * 100_000)
    with pytest.raises(SourceError, match="nested too deeply"):
        sources.open(path)


def test_hypotheses(folder: Path) -> None:
    lines = [
        {"Flikr30kID": "a", "sentence2": "yes", "gold_label": "entailment", "pairID": "a#0"},
        {"Flikr30kID": "a", "sentence2": "who knows", "gold_label": "-", "pairID": "a#1"},
        {"Flikr30kID": "b", "sentence2": "no", "gold_label": "contradiction", "pairID": "b#0"},
        {"Flikr30kID": "b", "sentence2": "odd", "gold_label": "perhaps", "pairID": "b#1"},
    ]
    data = sources.open(_write(folder / "snli_ve_dev.jsonl", lines, lines=True))
    assert list(data.keys) == ["a#0", "b#0", "b#1"]
    assert data.left_out == {"hypotheses without a gold label": 1}
    assert [data.index.label(row) for row in range(2)] == [2, 0]  # type: ignore[attr-defined]
    assert data.facts(1)["pairID"] == "b#0"
    assert "'perhaps' (str), none of contradiction, neutral" in str(data.index.fault(2))  # type: ignore[attr-defined]
    albef = [{"image": "b", "sentence": "no", "label": "neutral"}]
    assert sources.open(_write(folder / "ve.json", albef)).keys[0] == "b"
    (folder / "cut.jsonl").write_text(json.dumps(lines[0]) + '\n{"Flikr30kID": ')
    with pytest.raises(SourceError, match="line 2 is no JSON"):
        sources.SnliVe(folder / "cut.jsonl", images=folder)
    (folder / "deep.jsonl").write_text(json.dumps(lines[0]) + "\n" + "[" * 100_000)
    with pytest.raises(SourceError, match="line 2 is nested too deeply"):
        sources.open(folder / "deep.jsonl", images=folder)
    with pytest.raises(SourceError, match="none of its 1 hypotheses has a gold label"):
        sources.open(_write(folder / "bare.jsonl", lines[1:2], lines=True), images=folder)


def test_statements_have_two_images(folder: Path) -> None:
    lines = [
        {"identifier": "dev-1-0-0", "sentence": "true", "label": "True"},
        {"identifier": "dev-1-0-1", "sentence": "false", "label": False},
        {"identifier": "dev-1-0", "sentence": "?", "label": "True"},
        {"identifier": "dev-1-0-2", "sentence": "?", "label": "maybe"},
    ]
    data = sources.open(_write(folder / "dev.json", lines, lines=True))
    assert isinstance(data, sources.Nlvr2)
    assert [data.index.label(row) for row in range(2)] == [1, 0]
    assert [Path(one.index.path(0)).name for one in (data, data.right)] == ["dev-1-0-img0.png", "dev-1-0-img1.png"]
    assert "neither an identifier" in str(data.index.fault(2))
    assert "neither True nor False" in str(data.index.fault(3))
    albef = [{"images": ["a.jpg", "b.jpg"], "sentence": "true", "label": "True"}]
    assert Path(sources.open(_write(folder / "albef.json", albef)).right.index.path(0)).name == "b.jpg"  # type: ignore[attr-defined]


def _references(folder: Path, references: Any) -> Path:
    (folder / "refs(unc).p").write_bytes(pickle.dumps(references, protocol=2))
    image = {"id": 7, "file_name": "a.jpg", "height": 8, "width": 9}
    thing = {"id": 3, "image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4]}
    known = {"images": [image], "annotations": [thing], "categories": [{"id": 1, "name": "fig"}]}
    _write(folder / "instances.json", known)
    return folder


REFERENCE = {
    "ref_id": 1, "ann_id": 3, "image_id": 7, "category_id": 1, "split": "testA",
    "sentences": [{"sent_id": 10, "sent": "left fig"}, {"sent_id": 11, "sent": "fig"}],
}  # fmt: skip


def test_expressions(folder: Path) -> None:
    lost = {**REFERENCE, "ann_id": 4}
    data = sources.open(_references(folder, [REFERENCE, lost, {**REFERENCE, "split": "val"}]), split="testA")
    assert list(data.keys) == ["a.jpg", "a.jpg", "refs[1]", "refs[1]"]
    facts = data.facts(1)
    assert (facts["sent_id"], facts["bbox"], facts["height"], facts["width"]) == (11, [1, 2, 3, 4], 8, 9)
    assert facts["split"] == "testA"
    assert facts["captions"] == ["fig"]
    assert "instances.json lacks" in str(data.index.fault(2))  # type: ignore[attr-defined]
    with pytest.raises(SourceError, match=r"no expression is of split 'testB'; the file has testA \(2 objects\)"):
        sources.RefCoco(folder, images=folder, split="testB")
    for told in (["left fig"], "left fig", 3, None):
        odd = sources.RefCoco(_references(folder, [{**REFERENCE, "sentences": told}]), images=folder, split="testA")
        assert len(odd) == 1 and not odd.facts(0)["captions"]


@pytest.mark.parametrize("field", ["image_id", "ann_id"])
def test_an_id_that_is_a_list_is_its_expressions_fault(field: str, folder: Path) -> None:
    data = sources.open(_references(folder, [REFERENCE, {**REFERENCE, field: [7]}]), split="testA")
    assert data.index.fault(0) is None  # type: ignore[attr-defined]
    assert "instances.json lacks" in str(data.index.fault(2))  # type: ignore[attr-defined]
    entries = [{"image": "a.jpg", "text": "fig", "ref_id": [1]}]
    listed = sources.open(_write(folder / "refcoco+_val.json", entries))
    assert "ref_id [1] is none of the folder's" in str(listed.index.fault(0))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("part", "change", "reason"),
    [
        ("images", {"id": [7]}, "instances.json lacks"),
        ("annotations", {"id": [3]}, "instances.json lacks"),
        ("images", {"height": 0}, "lacks a file_name, height or width"),
    ],
)
def test_instances_that_tell_no_thing(part: str, change: dict[str, Any], reason: str, folder: Path) -> None:
    path = _references(folder, [REFERENCE]) / "instances.json"
    known = json.loads(path.read_text(encoding="utf-8"))
    _write(path, {**known, part: [{**known[part][0], **change}]})
    data = sources.open(folder, split="testA")
    assert reason in str(data.index.fault(0))  # type: ignore[attr-defined]
    with pytest.raises(SourceError, match="not a COCO instances file"):
        sources.open(_write(path, [1]).parent, split="testA")


def test_lists_of_expressions_have_their_folder_s_boxes(folder: Path) -> None:
    _references(folder, [REFERENCE, {**REFERENCE, "ref_id": 2, "ann_id": 4}])
    entries = [{"image": "a.jpg", "text": one, "ref_id": id} for one, id in (("fig", 1), ("mug", 2), ("pot", 3))]
    entries.append({"image": "a.jpg", "text": "bare"})
    data = sources.open(_write(folder / "refcoco+_val.json", entries))
    assert isinstance(data, sources.RefCocoList)
    assert data.folder == folder
    facts = data.facts(0)
    assert (facts["bbox"], facts["split"], facts["captions"]) == ([1, 2, 3, 4], "testA", ["fig"])
    assert "instances.json lacks" in str(data.index.fault(1))
    assert "ref_id 3 is none of the folder's" in str(data.index.fault(2))
    assert "bbox" not in data.facts(3)
    assert data.index.fault(3) is None, "it can be trained on"
    bare = sources.RefCocoList(folder / "refcoco+_val.json", images=folder)
    assert "bbox" not in bare.facts(0)
    assert bare.index.fault(2) is None
    with pytest.raises(SourceError, match="no list of expressions"):
        sources.RefCocoList(_write(folder / "other.json", [{"image": "a.jpg"}]), images=folder)


class _Harm:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("harm"),)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pickle.dumps([_Harm()]), "the pickled file asks for pathlib"),
        (pickle.dumps([{1, 2}])[:-4], "damaged"),
        (b"", "damaged"),
        (pickle.dumps({"a": 1}), "no list of expressions"),
        (pickle.dumps([bytearray(b"x")]), "asks for builtins.bytearray"),
        (b"\x80\x04\x8e" + b"\xff" * 7 + b"\x0f.", "damaged: MemoryError"),
    ],
    ids=["harm", "cut", "empty", "dict", "class", "vast"],
)
def test_a_pickle_is_data_or_refused(
    content: bytes, reason: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    _references(folder, [REFERENCE])
    (folder / "refs(unc).p").write_bytes(content)
    with pytest.raises(SourceError, match=reason):
        sources.RefCoco(folder, images=folder, split="testA")
    assert not Path("harm").exists()


def test_a_missing_image_is_its_rows(folder: Path) -> None:
    data = sources.SnliVe(
        _write(folder / "ve.jsonl", [{"Flikr30kID": "gone", "sentence2": "x", "gold_label": "neutral"}], lines=True),
        images=folder,
    )
    from impasto import Loader

    loader = Loader(data, Recipe(image=ImageRecipe(size=8), text=None), batch_size=1, workers=0)
    with pytest.raises(SourceError, match=r"gone\.jpg"):
        next(iter(loader))
