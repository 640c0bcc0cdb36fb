"""What is drawn for captions lies in the plan: naive twins repeat it from there, and shares are those asked for."""

import json
import math
from collections import Counter

import numpy as np
import pytest

import impasto
from impasto import (
    CaptionDropout,
    CaptionTemplate,
    ImageRecipe,
    Loader,
    MixGen,
    RandomDeletion,
    RandomSwap,
    Recipe,
    RecipeError,
    TagDropout,
    TagShuffle,
    TextRecipe,
)
from impasto.errors import SourceError
from impasto.recipe import FrequencyDropout
from impasto.sources import Sequence, concat, with_rewrites

ROWS = 600


@pytest.fixture(scope="module")
def picture(photographs, encode):
    return encode(photographs["coffee"][:9, :9])


@pytest.fixture(scope="module")
def load(picture):
    """All rows of captions as one batch of an epoch, and the data."""

    def load(captions, text, *, epoch=0, data=None, mix=None):
        data = data if data is not None else Sequence([(picture, one) for one in captions])
        recipe = Recipe(image=ImageRecipe(size=4), text=text, mix=mix)
        loader = Loader(data, recipe, batch_size=len(data), workers=0, shuffle=False, seed=11)
        loader.set_epoch(epoch)
        (batch,) = loader
        return batch

    return load


def strings(**options):
    return TextRecipe(tokenizer=None, **options)


def twin(caption, policies, wordings):
    """What the plan says was done to a caption, in Python's words."""
    for policy, (name, numbers) in zip(policies, wordings, strict=True):
        if name == "template":
            caption = policy.templates[numbers[0]].replace("{}", caption) if caption else ""
        elif name in ("shuffle_tags", "drop_tags", "drop_caption"):
            tags = [tag.strip() for tag in caption.split(",") if tag.strip()]
            if name == "drop_caption" and len(numbers) == len(tags):
                continue
            caption = ", ".join(tags[place] for place in numbers)
        else:
            words = caption.split()
            caption = " ".join(words[place] for place in numbers)
    return caption


POLICIES = (
    RandomDeletion(p=0.2),
    RandomSwap(n=1),
    FrequencyDropout(frequencies={"the": 0.3, "a": 0.1}, threshold=0.01),
    TagShuffle(keep=1),
    TagDropout(p=0.3, keep=1),
    CaptionDropout(p=0.2, keep=1),
    CaptionTemplate(templates=("a photo of {}.", "{}, {} again")),
    CaptionDropout(p=0.1),
)


@pytest.mark.parametrize("policies", [POLICIES, POLICIES[::-1], *((policy,) for policy in POLICIES)], ids=str)
def test_the_plan_repeats_what_was_done(load, policies):
    captions = [[f"the red {n} , a blue {n},, on The  sofa", f"{n}"] for n in range(80)]
    text = strings(augment=policies)
    batch = load(captions, text)
    plan = batch.plan
    for row, caption in enumerate(batch.captions):
        own = captions[row][plan.choices[row]]
        assert caption == twin(own, policies, plan.wordings[row]), row
    again, other = load(captions, text), load(captions, text, epoch=1)
    assert again.plan.wordings == plan.wordings and again.captions == batch.captions
    assert other.plan.wordings != plan.wordings


def share(found, expected):
    """Whether a count of ROWS trials is within five standard deviations."""
    return abs(found - ROWS * expected) <= 5 * math.sqrt(ROWS * expected * (1 - expected)) + 1e-9


def test_words_and_tags_go_as_often_as_asked(load):
    wordings = load(["a, b, c, d"] * ROWS, strings(augment=(TagDropout(p=0.3, keep=1),))).plan.wordings
    assert all(numbers[0] == 0 for ((_, numbers),) in wordings)
    for tag in (1, 2, 3):
        assert share(sum(tag in numbers for ((_, numbers),) in wordings), 0.7)
    dropped = load(["a, b, c"] * ROWS, strings(augment=(CaptionDropout(p=0.25, keep=2),))).captions
    assert set(dropped) == {"a, b", "a, b, c"} and share(dropped.count("a, b"), 0.25)
    common = FrequencyDropout(frequencies={"The": 0.04, "the": 0.05, "dog": 0.01, "rare": 1e-9}, threshold=0.01)
    found = load(["the, dog THE. rare unknown"] * ROWS, strings(augment=(common,)))
    counts = Counter(word for caption in found.captions for word in caption.split())
    assert counts["dog"] == counts["rare"] == counts["unknown"] == ROWS
    assert share(counts["the,"], 1 / 3) and share(counts["THE."], 1 / 3)
    drawn = load(["x"] * ROWS, strings(augment=(CaptionTemplate(templates=("1{}", "2{}", "3{}")),))).captions
    assert all(share(drawn.count(one), 1 / 3) for one in ("1x", "2x", "3x"))
    assert set(load(["a, b"] * 20, strings(augment=(TagDropout(p=1.0),))).captions) == {"a", "b"}


def test_captions_are_drawn_by_weights(load):
    captions = [["0", "1", "2", "3"]] * ROWS
    counts = Counter(load(captions, strings(caption_weights=(5, 0, 1))).captions)
    assert share(counts["0"], 5 / 7) and share(counts["2"], 1 / 7) and share(counts["3"], 1 / 7) and not counts["1"]
    assert set(load(captions, strings(caption_weights=(1, 0))).captions) == {"0"}
    assert set(load([["0"]] * 9, strings(caption_weights=(0, 1))).captions) == {"0"}
    assert set(load([["", "1", "2"]] * ROWS, strings(caption_weights=(1, 0, 0))).captions) == {"1", "2"}
    even = Counter(load(captions, strings()).captions)
    assert all(share(even[one], 1 / 4) for one in "0123")


@pytest.fixture(params=["jsonl", "parquet"])
def rewrites(request, tmp_path):
    """A file of records in either format."""

    def write(records, **names):
        path = tmp_path / f"rewrites.{request.param}"
        if request.param == "jsonl":
            path.write_text("\n".join(map(json.dumps, records)) + "\n\n")
        else:
            table = pytest.importorskip("pyarrow").Table.from_pylist(records)
            pytest.importorskip("pyarrow.parquet").write_table(table, path)
        return path

    return write


def test_rewrites_are_drawn_beside_own_captions(load, picture, rewrites):
    path = rewrites([{"key": str(n), "captions": [f"{n} one", f"{n} two", f"{n} three"]} for n in range(1, ROWS + 9)])
    plain = Sequence([(picture, f"own {n}", {"n": n}) for n in range(ROWS)])
    for weight, expected in ((None, 3 / 4), (0.3, 0.3), (0, 0), (1, 1)):
        data = with_rewrites(plain, path, weight=weight)
        batch = load(None, strings(), data=data)
        assert batch.captions[0] == "own 0" and batch.plan.choices[0] == 0
        drawn = 0
        for row, (caption, choice) in enumerate(zip(batch.captions, batch.plan.choices.tolist(), strict=True)):
            facts = data.facts(row)
            assert caption == [*facts["captions"], *facts["rewrites"]][choice]
            drawn += choice > 0
        assert share(drawn, expected * (ROWS - 1) / ROWS), weight
    assert data.left_out == {"rewrites of no row": 9} and "9 rewrites of no row" in repr(data)
    weighted = load(None, strings(caption_weights=(1, 3, 0)), data=with_rewrites(plain, path, weight=0.5))
    assert set(weighted.plan.choices.tolist()) == {0, 1}


def test_rewrites_go_where_their_rows_go(load, picture, rewrites):
    path = rewrites([{"image": 1, "text": "far"}, {"image": 1, "text": "further"}])
    named = Sequence([(picture, "a"), (picture, "b"), (picture, "c")])
    data = concat(named, with_rewrites(named, path, key="image", caption="text", weight=1.0))[::-1]
    batch = load(None, strings(), data=data)
    assert batch.captions[0] == "c" and batch.captions[1] in ("far", "further")
    assert batch.captions[2:] == ["a", "c", "b", "a"]
    state = Loader(data, Recipe(image=ImageRecipe(size=4), text=strings()), batch_size=2).state_dict()
    other = concat(named, with_rewrites(named, path, key="image", caption="text", weight=0.9))[::-1]
    with pytest.raises(impasto.CheckpointError, match="data"):
        Loader(other, Recipe(image=ImageRecipe(size=4), text=strings()), batch_size=2).load_state_dict(state)


def test_a_side_file_that_does_not_fit_says_how(picture, rewrites, tmp_path):
    data = Sequence([(picture, "a")])
    with pytest.raises(SourceError, match=r"no 'captions'.*key=.*'caption'"):
        with_rewrites(data, rewrites([{"key": "0", "caption": "x"}]))
    with pytest.raises(SourceError, match=r"no row has a key.*'7'.*'0'"):
        with_rewrites(data, rewrites([{"key": "7", "captions": "x"}]))
    with pytest.raises(SourceError, match=r"no captions for any row: 'captions' of \['0'\] is empty"):
        with_rewrites(data, rewrites([{"key": "0", "captions": []}]))
    with pytest.raises(SourceError, match=r"rewrites\.\w+: (line|row) 2, of key '0': a caption is 5 .*not a string"):
        with_rewrites(data, rewrites([{"key": "1", "captions": []}, {"key": "0", "captions": [5]}]))
    with pytest.raises(SourceError, match="check its name"):
        with_rewrites(data, tmp_path / "none.jsonl")
    (tmp_path / "bad.jsonl").write_text('{"key": "0", "captions": "x"}\n{"key": ')
    with pytest.raises(SourceError, match="line 2"):
        with_rewrites(data, tmp_path / "bad.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(SourceError, match="there are no records in it"):
        with_rewrites(data, tmp_path / "empty.jsonl")
    table = pytest.importorskip("pyarrow").table({"image": ["0"]})
    pytest.importorskip("pyarrow.parquet").write_table(table, tmp_path / "bad.parquet")
    with pytest.raises(SourceError, match=r"^[^:]*: the table has no 'key'"):
        with_rewrites(data, tmp_path / "bad.parquet")
    with pytest.raises(RecipeError, match="weight"):
        with_rewrites(data, tmp_path / "none.jsonl", weight=2)


@pytest.mark.parametrize("mask", ["random", "block"])
@pytest.mark.parametrize(
    "mix", [None, MixGen(ratio=0.5, join=" and "), MixGen.variant("e", ratio=0.5, keep=0.9)], ids=str
)
def test_tokens_that_stay_are_those_of_the_plan(load, mask, mix):
    """Oracle: the same captions, tokenized in a row long enough, and picked by the plan."""
    captions = [f"dog {'red ' * (n % 12)}cat {'blue sky ' * (n % 3)}sun" for n in range(120)]
    batch = load(captions, TextRecipe(length=10, mask=mask), mix=mix)
    whole = load(captions, TextRecipe(length=77), mix=mix)
    assert (batch.lost > 0).any()
    for row in range(120):
        ids, content = batch.input_ids[row].tolist(), whole.input_ids[row][: int(whole.attention_mask[row].sum())]
        content = content.tolist()[1:-1]
        kept, before = batch.plan.kept[row], whole.plan.kept[row]
        if before is not None:
            chosen = [before.index(place) for place in kept]
        else:
            chosen = list(range(len(content))) if kept is None else kept
        assert len(chosen) == min(8, len(content)) and sorted(set(chosen)) == chosen
        if mask == "block":
            assert chosen == list(range(chosen[0], chosen[0] + len(chosen)))
        assert ids[1 : len(chosen) + 1] == [content[place] for place in chosen]
        assert int(batch.lost[row]) == len(content) - len(chosen)
        assert ids[0] == 49406 and ids[len(chosen) + 1] == 49407


def test_every_token_stays_as_often_as_any_other(load):
    captions = ["one two three four five six"] * ROWS
    kept = [tuple(one) for one in load(captions, TextRecipe(length=6, mask="random")).plan.kept]
    assert len(set(kept)) == 15 and all(share(sum(place in one for one in kept), 4 / 6) for place in range(6))
    begins = Counter(one[0] for one in load(captions, TextRecipe(length=6, mask="block")).plan.kept)
    assert all(share(begins[place], 1 / 3) for place in range(3))


def test_a_rare_caption_is_masked_too(load):
    captions = ["caf\u00e9 &amp; th\u00e9 " * 6] * 3
    batch = load(captions, TextRecipe(length=8, mask="random"))
    assert (batch.lost > 0).all() and (batch.attention_mask.sum(dim=1) == 8).all()


def test_a_dropped_caption_is_not_joined(load):
    text = strings(augment=(CaptionDropout(p=0.5),))
    batch = load([f"cap {n}" for n in range(100)], text, mix=MixGen(ratio=0.5, join=" and "))
    own = [f"cap {n}" if batch.plan.wordings[n][0][1] else "" for n in range(100)]
    for row in range(50):
        assert batch.captions[row] == " and ".join(filter(None, (own[row], own[row + 50])))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: TextRecipe(caption_weights=(-1,)),
        lambda: TextRecipe(caption_weights=1),
        lambda: TextRecipe(caption_weights=(0, 0.0)),
        lambda: TextRecipe(caption_weights=(math.inf,)),
        lambda: TextRecipe(mask="syntax"),
        lambda: TextRecipe(mask="random", tokenizer=None),
        lambda: TagDropout(p=2),
        lambda: TagShuffle(keep=-1),
        lambda: TagShuffle(separator=" "),
        lambda: CaptionTemplate(templates=("a photo",)),
        lambda: CaptionTemplate(templates=()),
        lambda: FrequencyDropout(frequencies={"a": 0}),
        lambda: FrequencyDropout(frequencies={"a": 0.1}, threshold=0),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(RecipeError):
        wrong()


def test_plans_of_recipes_without_wording_are_empty(load):
    batch = load(["a"] * 4, strings())
    assert batch.plan.wordings == [[]] * 4 and np.array_equal(batch.plan.choices, np.zeros(4))


def test_a_plan_tells_all_that_was_drawn(load):
    text = TextRecipe(
        length=6, mask="random", augment=(TagShuffle(), CaptionTemplate(templates=("a photo of {}", "{}")))
    )
    plan = load([["a, b, c, d, e", "f, g"]] * 12, text, mix=MixGen(ratio=0.25)).plan
    first, *rows, last = str(plan).splitlines()
    assert (
        first == repr(plan)
        and "12 reworded, 8 of fewer tokens" in first
        and last == "  ... 4 more; plan.row(number) tells one"
    )
    assert rows == [f"  {row}: {plan.row(row)}" for row in range(8)]
    for row in range(12):
        (_, order), (_, template) = plan.wordings[row]
        told = plan.row(row)
        kept = "" if plan.kept[row] is None else f"; kept {plan.kept[row]}"
        assert f"; caption {plan.choices[row]}, shuffle_tags {order}, template {template}{kept}" in told
        assert (f"; mixed {row}+{plan.partners[row]}@0.5" in told) == plan.mixed[row]
    with pytest.raises(RecipeError, match="row=12 is none of the plan's 12"):
        plan.row(12)
