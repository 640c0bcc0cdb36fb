"""The paper's table of variants, by its own words, on strings, ids and images."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto import BatchMixGen, BertTokenizer, Beta, MixGen, MixGenCollate, RecipeError, mixgen, ops

captions = st.lists(st.text("abc de", min_size=1, max_size=30).filter(str.strip), min_size=4, max_size=24)
TABLE = ["default", "a", "b", "c", "d", "e"]


def is_subsequence(part, whole):
    rest = iter(whole)
    return all(token in rest for token in part)


def rounded(share, count):
    return min(max(int(share * count + 0.5), 1), count) if count else 0


@pytest.mark.parametrize("variant", TABLE)
@given(texts=captions, seed=st.integers(0, 2**32), step=st.integers(0, 1000))
def test_the_table(variant, texts, seed, step):
    mix = MixGen.variant(variant, ratio=0.5)
    plan = mixgen.plan_at(mix, batch_size=len(texts), seed=seed, step=step)
    mixed = mixgen.mix_captions(texts, plan)
    count = len(texts) // 2
    assert mixed[count:] == texts[count:]
    assert plan.mixed.tolist() == [True] * count + [False] * (len(texts) - count)
    lams = set(plan.lams[:count].tolist())
    for i in range(count):
        own, partner = texts[i], texts[i + count]
        lam = float(plan.lams[i])
        a, b = own.split(), partner.split()
        got = mixed[i]
        if variant in ("default", "a", "c"):
            assert got == own + " " + partner
        elif variant == "b":
            assert got in (own, partner)
        elif variant == "d":
            kept = got.split()
            first = rounded(float(plan.shares[i, 0]), len(a))
            assert len(kept) == first + rounded(float(plan.shares[i, 1]), len(b))
            assert is_subsequence(kept[:first], a) and is_subsequence(kept[first:], b)
            assert plan.shares[i].sum() == pytest.approx(1) and plan.shares[i, 0] == pytest.approx(lam)
        else:
            assert len(got.split()) == rounded(0.5, len(a) + len(b))
            assert is_subsequence(got.split(), a + b)
    if variant in ("default", "b"):
        assert lams == {0.5}
    elif variant == "c":
        assert lams <= {0.0, 1.0}
    else:
        assert len(lams) == 1


def test_choices_are_even():
    words, lams = [], []
    for step in range(400):
        words += mixgen.plan_at(MixGen.variant("b", ratio=0.5), batch_size=10, step=step).words[:5]
        lams += mixgen.plan_at(MixGen.variant("c", ratio=0.5), batch_size=10, step=step).lams[:5].tolist()
    assert abs(words.count("own") / len(words) - 0.5) < 0.05 and set(words) == {"own", "partner"}
    assert abs(np.mean(lams) - 0.5) < 0.05


def test_beta_is_scipy_s():
    """Kolmogorov-Smirnov against the distribution itself; 0.0308 is the 0.1 % point for 4,000 draws."""
    from scipy.stats import beta, kstest

    for a, b in ((0.4, 0.6), (2.0, 5.0)):
        mix = MixGen(lam=Beta(a, b), lam_per="sample", ratio=1.0, pairing="shuffle")
        lams = mixgen.plan_at(mix, batch_size=4000).lams
        assert kstest(lams.astype(np.float64), beta(a, b).cdf).statistic < 0.031


def test_one_lam_for_a_batch_or_one_for_each_sample():
    for per, distinct in (("batch", 1), ("sample", 20)):
        plan = mixgen.plan_at(MixGen(lam=Beta(1, 1), lam_per=per, ratio=0.5), batch_size=40)
        assert len(set(plan.lams[:20].tolist())) == distinct


@given(rows=st.integers(2, 60), seed=st.integers(0, 2**40))
def test_shuffle_is_a_derangement(rows, seed):
    plan = mixgen.plan_at(MixGen(ratio=1.0, pairing="shuffle"), batch_size=rows, seed=seed)
    assert sorted(plan.partners) == list(range(rows))
    assert plan.mixed.all()


def test_a_count_is_a_number_of_rows():
    assert mixgen.plan_at(MixGen(count=16), batch_size=64).mixed.sum() == 16
    assert mixgen.plan_at(MixGen(count=16), batch_size=20).mixed.sum() == 10  # the rest of an epoch


def test_warmup_and_probability():
    mix = MixGen(probability=0.5, warmup=100)
    with pytest.raises(RecipeError, match=r"warmup=100.*number="):
        mixgen.plan_at(mix, batch_size=8)
    mixed = [mixgen.plan_at(mix, batch_size=8, step=n, number=n).mixed.any() for n in range(2000)]
    assert sum(mixed[:20]) < 6
    assert 0.45 < np.mean(mixed[100:]) < 0.55


@pytest.mark.parametrize("tokenizer", ["clip", "bert"])
@pytest.mark.parametrize("variant", TABLE)
def test_splicing_ids_is_joining_strings(variant, tokenizer, bert_vocabulary):
    """On clean text: the ids of the mixed strings are the spliced ids, whatever is kept, chosen or cut."""
    chosen = BertTokenizer(vocabulary=bert_vocabulary) if tokenizer == "bert" else "clip"
    words = "a photo of one big red cat dog bus mug on the table near two small blue birds".split()  # noqa: SIM905
    draw = np.random.default_rng(0)
    for step, length in ((0, 77), (1, 24), (2, 9)):
        texts = [" ".join(draw.choice(words, draw.integers(1, 14))) for _ in range(12)]
        plan = mixgen.plan_at(MixGen.variant(variant, ratio=0.5), batch_size=12, step=step)
        apart = ops.tokenize(texts, chosen, length=77)
        ids, mask = (torch.from_numpy(array) for array in apart[:2])
        spliced = mixgen.splice(ids, mask, plan)
        wanted = ops.tokenize(mixgen.mix_captions(texts, plan), chosen, length=77)  # each of these words is one token
        assert torch.equal(spliced.input_ids, torch.from_numpy(wanted.input_ids))
        assert torch.equal(spliced.attention_mask, torch.from_numpy(wanted.attention_mask))
        short = ops.tokenize(texts, chosen, length=length)
        if not short.lost.any():
            spliced = mixgen.splice(*(torch.from_numpy(array) for array in short[:2]), plan)
            wanted = ops.tokenize(mixgen.mix_captions(texts, plan), chosen, length=length)
            assert torch.equal(spliced.input_ids, torch.from_numpy(wanted.input_ids))
            assert torch.equal(spliced.lost, torch.from_numpy(wanted.lost))


def test_balancing_keeps_both_captions():
    texts = ["one two three four five six seven eight", "a cat", "red " * 24, "a dog"]
    tokens = ops.tokenize(texts, length=27)
    plan = mixgen.plan_at(MixGen(ratio=0.5), batch_size=4)
    spliced = mixgen.splice(*(torch.from_numpy(array) for array in tokens[:2]), plan, balance=True)
    content = spliced.input_ids[0, 1:26].tolist()
    red = ops.tokenize("red").input_ids[0, 1]
    assert content.count(red) == 19 and content[:6] == tokens.input_ids[0, 1:7].tolist()  # 25 * 8 / 32 = 6.25
    assert spliced.lost.tolist() == [7, 0, 0, 0]


@pytest.mark.parametrize(
    ("ids", "mask", "options", "says"),
    [
        ([[1, 2, 3], [1, 2, 3]], [[1, 1, 1], [1, 1, 1]], {}, None),
        ([[1, 2, 3], [4, 2, 3]], [[1, 1, 1], [1, 1, 1]], {}, "don't share begin and end tokens"),
        ([[1, 2, 3], [1, 2, 4]], [[1, 1, 1], [1, 1, 1]], {}, r"or pass end=False .*ALBEF"),
        ([[1, 2, 3], [1, 2, 4]], [[1, 1, 1], [1, 1, 1]], {"end": False}, None),
        ([[1, 2, 3], [1, 2, 3]], [[1, 0, 1], [1, 1, 1]], {}, "pad on the right"),
        ([[1, 2, 3], [1, 0, 0]], [[1, 1, 1], [1, 0, 0]], {}, "row 1 has no begin and end"),
        ([[1, 2, 3]], [[1, 1, 1]], {}, "with B=2"),
    ],
)
def test_ids_that_cannot_be_spliced(ids, mask, options, says):
    plan = mixgen.plan_at(MixGen(ratio=0.5), batch_size=2)
    arguments = (torch.tensor(ids), torch.tensor(mask), plan)
    if says is None:
        mixgen.splice(*arguments, **options)
    else:
        with pytest.raises(RecipeError, match=says):
            mixgen.splice(*arguments, **options)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: MixGen(ratio=1.0), "use pairing='shuffle'"),
        (lambda: MixGen(ratio=1.1, pairing="shuffle"), "ratio=1.1"),
        (lambda: MixGen(count=-1), "count=-1"),
        (lambda: MixGen(lam=Beta(0, 1)), "Beta's a=0"),
        (lambda: MixGen(lam=(0.1, 0.1)), r"lam=\(0.1, 0.1\).*Beta"),
        (lambda: MixGen(text="concat"), "text='concat'"),
        (lambda: MixGen(budget="cut"), "budget='cut'"),
        (lambda: MixGen(warmup=1.5), "warmup=1.5"),
        (lambda: MixGen.variant("f"), "variant='f'.*'default', 'a'"),
        (lambda: MixGen().check_batch(1), "batch_size=1 leaves nobody"),
        (lambda: MixGen(count=5).check_batch(8), "count=5 rows of a batch of 8.*count=4"),
        (lambda: mixgen.plan_at(MixGen(pairing="fit"), batch_size=4), "lengths"),
        (lambda: mixgen.mix_captions(["a"], mixgen.plan_at(MixGen(), batch_size=4)), "4 strings"),
        (lambda: mixgen.mix_captions(["a", None], mixgen.plan_at(MixGen(), batch_size=2)), r"captions\[1\] is None"),
    ],
)
def test_mixing_that_makes_no_sense(make, says):
    with pytest.raises(RecipeError, match=says):
        make()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mixgen.plan_at(MixGen(), batch_size=0), "batch_size=0"),
        (lambda: mixgen.plan_at(MixGen(), batch_size=2.0), "batch_size=2.0"),
        (lambda: mixgen.plan_at(5, batch_size=2), "recipe=5"),
        *(
            (lambda name=name: mixgen.plan_at(MixGen(), batch_size=2, **{name: -1}), f"{name}=-1")
            for name in ("seed", "epoch")
        ),
        (lambda: mixgen.plan_at(MixGen(), batch_size=2, step="a"), "step='a'"),
        (lambda: BatchMixGen(5), "mix=5"),
        (lambda: BatchMixGen(seed=None), "seed=None"),
        (lambda: MixGenCollate(5), "mix=5"),
        (lambda: MixGenCollate()(None), "samples=None"),
    ],
)
def test_arguments_that_make_no_sense(call, says):
    with pytest.raises(RecipeError, match=says):
        call()
