"""A mixture's proportions, passes and epochs are properties of the order alone; resuming and ranks change nothing."""

import pickle
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto import BatchDataset, BatchSampler, CheckpointError, ImageRecipe, Loader, Recipe, RecipeError, TextRecipe
from impasto.loading import Mixture
from impasto.loading.epochs.proportions import Proportions
from impasto.sources import Sequence


def numbered(length, name="x"):
    return Sequence([(b"...", f"{name} {row}") for row in range(length)])


def run_of(mixture, epochs, *, seed=3, shuffle=True):
    """(member, row in it) at each position of a run, and the ids."""
    ids = [
        mixture.at(np.arange(mixture.epoch_length), seed=seed, epoch=epoch, shuffle=shuffle) for epoch in range(epochs)
    ]
    ends = np.cumsum([len(member) for member in mixture.members])
    rows = mixture.rows(np.concatenate(ids))
    members = np.searchsorted(ends, rows, side="right")
    return members, rows - np.concatenate([[0], ends])[members], ids


@given(weights=st.lists(st.integers(1, 60), min_size=1, max_size=6), turns=st.integers(0, 400))
def test_turns_are_webster_s(weights, turns):
    """Oracle: the definition, all quotients in exact fractions, sorted."""
    total = sum(weights)
    shares = [weight / total for weight in weights]
    quotients = sorted(
        (-Fraction(weight, total) / (taken + Fraction(1, 2)), member)
        for member, weight in enumerate(weights)
        for taken in range(turns)
    )
    wanted = Counter(member for _, member in quotients[:turns])
    found = Proportions(shares).counts(turns)
    assert sum(found) == turns
    cut = quotients[turns - 1][0] if turns else 0
    for member, count in enumerate(found):
        # Floats may order equal quotients otherwise than fractions do, but only equal ones.
        tied = turns and any(quotient == cut and other == member for quotient, other in quotients)
        assert abs(count - wanted[member]) <= (1 if tied else 0)
    assert Proportions(shares).turns(turns, 30) == [
        next(m for m in range(len(shares)) if after[m] > before[m])
        for before, after in (
            (Proportions(shares).counts(turn), Proportions(shares).counts(turn + 1))
            for turn in range(turns, turns + 30)
        )
    ]


def test_a_late_turn_is_found_at_once():
    shares = (0.7, 0.2999, 0.0001)
    counts = Proportions(shares).counts(10**12)
    assert sum(counts) == 10**12
    assert all(abs(count - share * 10**12) < 2 for count, share in zip(counts, shares, strict=True))


@settings(deadline=None)
@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    weights=st.lists(st.floats(0.05, 3), min_size=4, max_size=4),
    length=st.integers(1, 2600),
    shuffle=st.booleans(),
)
def test_members_give_all_before_they_repeat_and_have_their_shares(lengths, weights, length, shuffle):
    mixture = Mixture(list(zip(map(numbered, lengths), weights[: len(lengths)], strict=True)), epoch=length)
    members, rows, ids = run_of(mixture, 2, shuffle=shuffle)
    for member, size in enumerate(lengths):
        own = rows[members == member]
        for begin in range(0, len(own), size):
            full = own[begin : begin + size]
            assert len(set(full.tolist())) == len(full)
        if not shuffle:
            assert own.tolist() == [draw % size for draw in range(len(own))]
        for end in {length, 2 * length, min(1024, length)}:
            share = mixture.shares[member] * end
            assert abs(int((members[:end] == member).sum()) - share) <= (1 if len(lengths) < 4 else 2)
    for epoch in ids:  # what comes twice in an epoch is drawn twice
        assert len(set(epoch.tolist())) == len(epoch) and epoch.min() >= 0


def test_order_is_drawn_by_seed_epoch_and_member():
    mixture = Mixture({numbered(50): 1, numbered(50): 1}, epoch=100)
    members, rows, (first, second) = run_of(mixture, 2)
    assert not (first == second).all()
    assert not (first == mixture.at(np.arange(100), seed=4, epoch=0, shuffle=True)).all()
    assert rows[:100][members[:100] == 0].tolist() != rows[:100][members[:100] == 1].tolist()
    # Neither ABAB... nor AABB...: neighbors are of one member about half the time.
    same = sum(int((m[1:] == m[:-1]).sum()) for m in (run_of(mixture, 1, seed=seed)[0] for seed in range(30)))
    assert 0.42 < same / (30 * 99) < 0.56
    one = [int(mixture.at(np.asarray([place]), seed=3, epoch=1, shuffle=True)[0]) for place in range(100)]
    assert one == second.tolist()


@pytest.mark.parametrize(("epoch", "length"), [("longest", 40), ("shortest", 10), (7, 7)])
def test_an_epoch_has_a_length(epoch, length):
    assert Mixture({numbered(7): 0.7, numbered(12): 0.3}, epoch=epoch).epoch_length == length


RECIPE = Recipe(image=ImageRecipe(size=8), text=TextRecipe(length=8))


@pytest.fixture(scope="module")
def members(photographs, encode):
    tiles = [encode(photographs["coffee"][20 * n : 20 * n + 30, :40]) for n in range(9)]
    cats = Sequence([(tile, f"cat {n}") for n, tile in enumerate(tiles)])
    return cats, Sequence([(tile, f"dog {n}") for n, tile in enumerate(tiles[:3])])


def test_batches_go_on_from_a_state_on_other_ranks(members, digest):
    mixture = Mixture(dict(zip(members, (0.6, 0.4), strict=True)), epoch=24)

    def loader(data=mixture, **options):
        return Loader(data, RECIPE, **{"batch_size": 4, "workers": 0, "seed": 2, **options})

    whole = [digest(batch) for one in [loader()] for _ in range(3) for batch in one]
    assert len(whole) == 18 and len(set(whole)) == 18
    run = loader()
    begun = iter(run)
    head = [digest(next(begun)) for _ in range(4)]
    state = run.state_dict()
    resumed = loader()
    resumed.load_state_dict(state)
    assert head + [digest(batch) for _ in range(2) for batch in resumed] == whole[:12]
    # The last two batches of four are, on two ranks, one of four each.
    ranks = [loader(rank=rank, world_size=2) for rank in range(2)]
    for rank in ranks:
        rank.load_state_dict(state)
    assert [digest(batch) for rank in ranks for batch in rank] == whole[4:6]
    stock = BatchDataset(pickle.loads(pickle.dumps(mixture)), RECIPE, seed=2)
    sampler = BatchSampler(stock, 4, seed=2)
    assert [digest(stock[key]) for key in sampler] == whole[:6]
    for other in (Mixture(dict(zip(members, (0.7, 0.3), strict=True)), epoch=24), mixture[:24]):
        with pytest.raises(CheckpointError, match=r"weights|data|length"):
            loader(other).load_state_dict(state)


def test_what_comes_twice_in_an_epoch_is_cropped_twice(members):
    mixture = Mixture([(members[1], 1.0)], epoch=12)
    (batch,) = Loader(mixture, RECIPE, batch_size=12, workers=0)
    assert batch.samples.tolist().count(0) == 4 and set(batch.keys) == {"0", "1", "2"}
    assert [mixture.facts(row)["captions"] for row in batch.samples.tolist()] == [[one] for one in batch.captions]
    assert len(np.unique(batch.plan.boxes, axis=0)) == 12


def test_evaluation_gives_every_row_once(members):
    mixture = Mixture(dict(zip(members, (0.1, 0.9), strict=True)))
    batches = [*Loader.evaluation(mixture, RECIPE, batch_size=5, workers=0)]
    assert [sample for batch in batches for sample in batch.samples.tolist()] == [*range(12)]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda a: Mixture(5),
        lambda a: Mixture(a),
        lambda a: Mixture({}),
        lambda a: Mixture({a: 0}),
        lambda a: Mixture({a: -1}),
        lambda a: Mixture({a: float("nan")}),
        lambda a: Mixture({a: "much"}),
        lambda a: Mixture([a]),
        lambda a: Mixture([(3, 1.0)]),
        lambda a: Mixture({a[:0]: 1}),
        lambda a: Mixture({a: 1}, epoch=0),
        lambda a: Mixture({a: 1}, epoch="long"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(RecipeError, match=r"weight|source|rows|epoch|nothing"):
        wrong(numbered(3))


def test_a_state_of_other_weights_names_them():
    cats, dogs = numbered(4, "cat"), numbered(6, "dog")
    recipe = Recipe(image=ImageRecipe(size=4), text=TextRecipe())
    for epoch in ("longest", 10):
        one, other = (Loader(Mixture({cats: w, dogs: 1}, epoch=epoch), recipe, batch_size=2) for w in (1, 3))
        with pytest.raises(CheckpointError, match=r"saved with weights=\[0\.5, 0\.5\] .* with \[0\.75, 0\.25\]"):
            other.load_state_dict(one.state_dict())


@pytest.mark.parametrize("weights", [(1e-300, 1), (1e-320, 1), (5e-324, 1e308)])
def test_epochs_that_nobody_could_count_are_refused(weights):
    pairs = [*zip((numbered(4), numbered(6)), weights, strict=True)]
    with pytest.raises(RecipeError, match=r"2\*\*62 samples by shares="):
        Mixture(pairs)
    with pytest.raises(RecipeError, match=r"2\*\*62"):
        Mixture(pairs, epoch=2**62 + 1)
    assert Mixture(pairs, epoch="shortest").epoch_length == 6
