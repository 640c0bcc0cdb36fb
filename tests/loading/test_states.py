"""A state names where a run stands and of what; another run's, or a damaged one, is refused with what differs."""

import json
from importlib import resources

import pytest

from impasto import (
    BatchDataset,
    BatchSampler,
    BertTokenizer,
    CheckpointError,
    ClipTokenizer,
    ImageRecipe,
    ImpastoError,
    Loader,
    MixGen,
    Recipe,
    TextRecipe,
)
from impasto.sources import ImageFolder, Sequence

SMALL = Recipe(image=ImageRecipe(size=8), text=None)


def loader_of(data, recipe=SMALL, **options):
    return Loader(data, recipe, **{"batch_size": 4, "workers": 0, **options})


@pytest.fixture(scope="module")
def picture(photographs, encode):
    return encode(photographs["coffee"][:9, :9])


@pytest.fixture(scope="module")
def data(picture):
    return Sequence([(picture, f"caption {number}") for number in range(20)])


def test_a_state_is_small_and_readable(data):
    recipe = Recipe(image=ImageRecipe(size=8, hflip=0.5), text=None, mix=MixGen(ratio=0.5))
    state = loader_of(data, recipe, seed=3).state_dict()
    assert json.loads(json.dumps(state)) == state
    assert state.pop("data").startswith("Sequence, 20 rows, ")
    assert state == {
        "version": 2,
        "epoch": 0,
        "samples": 0,
        "seed": 3,
        "length": 20,
        "shuffle": True,
        "recipe": {"image.size": "8", "image.hflip": "0.5", "text": "None", "mix": "MixGen(ratio=0.5, lam=0.5)"},
        "drawing_seed": 3,
    }


@pytest.mark.parametrize(
    "spoilt",
    [
        *({name: None} for name in ("version", "epoch", "samples", "seed", "length", "shuffle", "data", "recipe")),
        *({name: -1} for name in ("version", "epoch", "samples", "seed", "length")),
        *({name: "3"} for name in ("version", "epoch", "samples", "seed", "length", "shuffle")),
        *({name: 1.5} for name in ("version", "epoch", "samples", "seed", "length", "data", "recipe")),
        *({name: True} for name in ("version", "epoch", "samples", "seed", "length", "data")),
        {"version": 99},
        {"version": 1},
        *({"epoch": 2**bits} for bits in (31, 62, 63, 64)),
        {"drawing_seed": 1},
        {"samples": 21},
        {"samples": 3},
        {"shuffle": 1},
        {"recipe": {}},
        {"recipe": {"image.size": 8}},
    ],
    ids=str,
)
def test_a_damaged_state_is_refused(data, spoilt):
    loader = loader_of(data)
    good = loader.state_dict()
    (name,) = spoilt
    with pytest.raises(CheckpointError, match=name if name != "samples" else "sample"):
        loader.load_state_dict(good | spoilt)
    with pytest.raises(CheckpointError):
        iter(loader.batch_sampler).load_state_dict(good | spoilt)
    assert loader.state_dict() == good  # nothing has changed


@pytest.mark.parametrize("state", [None, 3, [], "state", {}, {"version": 2}])
def test_what_is_no_state_is_refused(data, state):
    with pytest.raises(CheckpointError):
        loader_of(data).load_state_dict(state)


def test_a_missing_part_is_named(data):
    loader = loader_of(data)
    for name in ("version", "epoch", "samples", "seed", "length", "shuffle"):
        state = loader.state_dict()
        del state[name]
        with pytest.raises(CheckpointError, match=f"{name}=None"):
            loader.load_state_dict(state)
    state = loader.state_dict()
    del (
        state["data"],
        state["recipe"],
        state["drawing_seed"],
    )  # what a state doesn't name can't differ: a way to go on regardless
    loader.load_state_dict(state)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seed": 1}, r"seed=0 and is loaded with 1; resume with the same seed"),
        ({"shuffle": False}, "shuffle=True and is loaded with False"),
        ({"recipe": Recipe(image=ImageRecipe(size=9), text=None)}, r"recipe image\.size='8' and is loaded with '9'"),
        ({"recipe": Recipe(image=ImageRecipe(size=8))}, "recipe text='None' and is loaded with 'its default'"),
    ],
)
def test_another_run_is_refused_with_what_differs(data, options, says):
    with pytest.raises(CheckpointError, match=says):
        loader_of(data, **options).load_state_dict(loader_of(data).state_dict())


def test_other_data_of_the_same_length_are_refused(data, picture):
    others = Sequence([(picture, f"title {number}") for number in range(20)])
    with pytest.raises(CheckpointError, match="data='Sequence, 20 rows, "):
        loader_of(others).load_state_dict(loader_of(data).state_dict())


def test_the_same_data_in_another_folder_are_the_same(picture, tmp_path):
    loaders = []
    for place in ("here", "there"):
        for kind in ("cat", "dog"):
            folder = tmp_path / place / kind
            folder.mkdir(parents=True)
            for number in range(4):
                (folder / f"{number}.jpg").write_bytes(picture)
        loaders.append(loader_of(ImageFolder(tmp_path / place)))
    loaders[1].load_state_dict(loaders[0].state_dict())
    (tmp_path / "there" / "dog" / "3.jpg").rename(tmp_path / "there" / "dog" / "4.jpg")
    with pytest.raises(CheckpointError, match="data='ImageFolder, 8 rows"):
        loader_of(ImageFolder(tmp_path / "there")).load_state_dict(loaders[0].state_dict())


def test_a_bad_row_is_no_reason_to_have_no_state(picture):
    data = Sequence([(picture, "a"), "no pair", (picture, 3)])
    assert loader_of(data, batch_size=1).state_dict()["data"].startswith("Sequence, 3 rows")


def test_a_sampler_names_data_where_it_knows_them(data):
    named, unnamed = BatchSampler(BatchDataset(data, SMALL), 4), BatchSampler(20, 4)
    assert named.state_dict() == loader_of(data).state_dict()
    assert named.state_dict() | unnamed.state_dict() == named.state_dict()
    named.load_state_dict(unnamed.state_dict())
    unnamed.load_state_dict(named.state_dict())


@pytest.mark.parametrize(
    "make",
    [
        lambda data: loader_of(data, seed=None),
        lambda data: loader_of(data, seed="0"),
        lambda data: loader_of(data, batch_size=4.0),
        lambda data: loader_of(data, batch_size=None),
        lambda data: loader_of(data, batch_size=True),
        lambda data: loader_of(data, workers=None),
        lambda data: loader_of(data, workers=-1),
        lambda data: loader_of(data, prefetch=0.5),
        lambda data: loader_of(data, rank=0),
        lambda data: loader_of(data, rank="0", world_size=1),
        lambda data: loader_of(data, rank=0, world_size=1.0),
        lambda data: loader_of(data, budget=None),
        lambda data: loader_of(data, recipe="clip"),
        lambda data: loader_of(data, processes=True),
        lambda data: loader_of(data).set_epoch(1.0),
        lambda data: loader_of(data).set_epoch(None),
        lambda data: BatchSampler("20", 4),
        lambda data: BatchSampler(range(20), 4),
    ],
)
def test_arguments_of_a_wrong_kind(data, make):
    with pytest.raises(ImpastoError):
        make(data)


def test_the_seed_of_crops_is_named_too(data):
    """A sampler has its dataset's seed; where they differ, a state names both."""
    assert BatchSampler(BatchDataset(data, SMALL, seed=5), 4).seed == 5
    state = BatchSampler(BatchDataset(data, SMALL, seed=1), 4, seed=0).state_dict()
    with pytest.raises(CheckpointError, match="drawing_seed=1 and is loaded with 2"):
        BatchSampler(BatchDataset(data, SMALL, seed=2), 4, seed=0).load_state_dict(state)


def test_a_vocabulary_is_known_by_its_contents(data, tmp_path):
    def loader(kind, name, contents):
        file = tmp_path / name / "vocabulary"
        file.parent.mkdir()
        file.write_bytes(contents)
        text = TextRecipe(tokenizer=kind(vocabulary=file, pad_id=1), length=8)
        return loader_of(data, Recipe(image=ImageRecipe(size=8), text=text))

    pytest.importorskip("open_clip")
    merges = (resources.files("open_clip") / "bpe_simple_vocab_16e6.txt.gz").read_bytes()
    words = b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ncaption\n"
    loader(ClipTokenizer, "moved", merges).load_state_dict(loader(ClipTokenizer, "merges", merges).state_dict())
    state = loader(BertTokenizer, "words", words).state_dict()
    loader(BertTokenizer, "moved too", words).load_state_dict(state)
    with pytest.raises(CheckpointError, match=r"text\.tokenizer=\"BertTokenizer\(\w+, .*pad_id=1"):
        loader(BertTokenizer, "others", words + b"another\n").load_state_dict(state)
