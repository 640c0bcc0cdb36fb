"""MixGen's variants in the loader: any worker, any pairing, and what becomes of captions that are too long."""

import warnings

import numpy as np
import pytest

from impasto import (
    CaptionError,
    ClipTokenizer,
    ImageRecipe,
    Loader,
    MixGen,
    Recipe,
    RecipeError,
    TextRecipe,
    mixgen,
    ops,
)
from impasto.sources import Sequence

VARIANTS = [
    *(MixGen.variant(name) for name in "abcde"),
    MixGen.variant("d", pairing="shuffle", ratio=1.0, lam_per="sample"),
    MixGen(pairing="fit", ratio=0.5, budget="balance", probability=0.7, warmup=10),
]


@pytest.fixture(scope="module")
def data(pairs):
    return Sequence([(str(path), captions) for path, captions in pairs])


def recipe(mix, length=24):
    return Recipe(image=ImageRecipe(size=16), text=TextRecipe(length=length), mix=mix)


@pytest.mark.parametrize("mix", VARIANTS)
def test_the_same_for_any_worker(data, digest, mix):
    runs = []
    for options in ({"workers": 0}, {"workers": 3}, {"workers": 2, "processes": True}):
        loader = Loader(data, recipe(mix), batch_size=12, seed=2, **options)
        runs.append([(digest(batch), batch.plan.kept, str(batch.plan.mix)) for _ in range(2) for batch in loader])
    assert runs[0] == runs[1] == runs[2]
    assert len(runs[0]) == 10


def test_plans_are_known_beforehand(data):
    mix = MixGen.variant("d", warmup=7, probability=0.9)
    for rank in (0, 1):
        loader = Loader(data, recipe(mix), batch_size=10, seed=4, rank=rank, world_size=2)
        for epoch in range(2):
            for step, batch in enumerate(loader):
                number = step * 2 + rank
                plan = mixgen.plan_at(
                    recipe(mix), batch_size=10, seed=4, epoch=epoch, step=number, number=epoch * 6 + number
                )
                assert str(plan) == str(batch.plan.mix) and np.array_equal(plan.seeds, batch.plan.mix.seeds)


def test_a_warm_up_is_the_same_on_any_number_of_ranks(data, digest):
    """An epoch of 60 samples is 15 batches of 4, of which 8 ranks leave 7 out."""
    mix = recipe(MixGen(ratio=0.5, warmup=40))

    def batches(world_size):
        ranks = [Loader(data, mix, batch_size=4, rank=rank, world_size=world_size) for rank in range(world_size)]
        runs = [batch for loader in ranks for _ in range(3) for batch in loader]
        return {(batch.id.epoch, batch.id.step, batch.id.number): digest(batch) for batch in runs}

    alone, shared = batches(1), batches(8)
    assert len(shared) == 24 and shared.items() <= alone.items()


def test_lost_tokens_are_counted_warned_of_or_refused(data):
    def losing(budget):
        return Loader(data, recipe(MixGen(ratio=0.5, budget=budget), length=14), batch_size=20, seed=1)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lost = [int(batch.lost.sum()) for batch in losing("count")]
        assert not caught
        warned = [int(batch.lost.sum()) for batch in losing("warn")]
    assert lost == warned and min(lost) > 0
    assert len(caught) == 1 and "tokens of the mixed caption don't fit" in str(caught[0].message)
    with pytest.raises(CaptionError, match=r"budget='balance'"):
        next(iter(losing("error")))


def test_balancing_keeps_both_ends(data, pairs):
    loader = Loader(data, recipe(MixGen(ratio=0.5, budget="balance"), length=14), batch_size=20, seed=1)
    batch = next(iter(loader))
    for row in np.flatnonzero(batch.plan.mixed):
        kept = batch.plan.kept[row]
        assert kept is None or (len(kept) == 12 and kept[0] == 0)
        assert "cut" in batch.captions[row].split()[:3]
    assert any(kept is not None for kept in batch.plan.kept)
    lost = batch.lost.numpy()
    cut = [kept is not None for kept in batch.plan.kept]
    assert ((lost > 0) == cut)[batch.plan.mixed].all()


def test_fitting_pairs_lose_fewer_tokens(photographs, encode):
    image = encode(photographs["coffee"][:32, :32])
    draw = np.random.default_rng(0)
    data = Sequence([(image, "word " * int(draw.integers(1, 20))) for _ in range(64)])

    def too_long(pairing):
        loader = Loader(data, recipe(MixGen(ratio=0.5, pairing=pairing), length=24), batch_size=32)
        return sum(int((batch.lost > 0).sum()) for batch in loader)

    assert too_long("fit") < too_long("block") / 2


def test_captions_are_cleaned_before_they_are_taken_apart(photographs, encode):
    image = encode(photographs["coffee"][:32, :32])
    data = Sequence([(image, "Caf\u00e9 &amp; bar \u2026"), (image, "A &lt;red&gt; BUS")] * 2)
    mix = MixGen(ratio=0.5, text="keep_joined", keep=1.0)
    loader = Loader(data, recipe(mix), batch_size=4, shuffle=False)
    batch = next(iter(loader))
    wanted = ops.tokenize("caf\u00e9 & bar ... a <red> bus", ClipTokenizer(), length=24).input_ids
    joined = ops.tokenize("Caf\u00e9 &amp; bar \u2026 Caf\u00e9 &amp; bar \u2026", length=24).input_ids
    assert wanted.shape == joined.shape
    assert batch.input_ids[0].tolist() == joined[0].tolist()


def test_words_need_no_tokenizer(data):
    text = TextRecipe(tokenizer=None)
    with pytest.raises(RecipeError, match="unit='tokens' needs a tokenizer"):
        Recipe(text=text, mix=MixGen.variant("d"))
    with pytest.raises(RecipeError, match="budget='balance' needs a row of ids"):
        Recipe(text=text, mix=MixGen(budget="balance"))
    mixed = Recipe(image=ImageRecipe(size=8), text=text, mix=MixGen.variant("e", unit="words"))
    plain = Recipe(image=ImageRecipe(size=8), text=text)
    one, other = (next(iter(Loader(data, each, batch_size=12, seed=6))) for each in (mixed, plain))
    assert one.captions == mixgen.mix_captions(other.captions, one.plan.mix)


def test_batches_too_small_are_refused(data):
    with pytest.raises(RecipeError, match="batch_size=1"):
        Loader(data, recipe(MixGen()), batch_size=1)
    with pytest.raises(RecipeError, match="count=7 rows of a batch of 12"):
        Loader(data, recipe(MixGen(count=7)), batch_size=12)
