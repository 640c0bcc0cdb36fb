"""A BERT's layers as what reads captions in a CLIP, an ALBEF or a TCL: sentence encoders such as all-MiniLM-L6-v2."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from torch import Tensor, nn

from impasto.checks import require
from impasto.errors import CheckpointError
from impasto_lab.models.albef import Albef
from impasto_lab.models.blocks import Bert
from impasto_lab.models.blocks.bert import EPS
from impasto_lab.models.checkpoints.encoders import bert_tensors
from impasto_lab.models.checkpoints.reading import fill, read_config, read_tensors, weights_file
from impasto_lab.models.clip import BertTower, Clip

_WORDS = "embeddings.word_embeddings.weight"
_PLACES = "embeddings.position_embeddings.weight"
#: What the layers of ours do, by the names of Hugging Face's ``config.json``, and what it means where it is silent.
_LIKE_OURS = {
    "model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute", "layer_norm_eps": EPS,
    "is_decoder": False,
}  # fmt: skip
#: A word with a capital, which no vocabulary of small letters has.
_CAPITAL = re.compile(r"^[A-Z][A-Za-z]*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class TextTowerFile:
    """A BERT in Hugging Face's layout, without heads or with them.

    Attributes:
        path: The folder, or the file of weights beside its ``config.json``.
        vocabulary: Rows of its table of words.
        length: The most tokens of a row.
        width: Of its vectors.
        layers: Of it.
        heads: Of its attentions.
    """

    path: Path
    vocabulary: int
    length: int
    width: int
    layers: int
    heads: int

    @classmethod
    def of(cls, path: str | Path) -> Self:
        """Reads sizes.

        Raises:
            CheckpointError: If it is missing, damaged, without ``config.json``, no BERT, or a cased one: captions are
                read in small letters.
        """
        tensors, config = _tensors(path), read_config(path)
        said = {name: config.get(name, usual if config else None) for name, usual in _LIKE_OURS.items()}
        if said != _LIKE_OURS:
            differ = ", ".join(f"{name} {value!r}" for name, value in said.items() if value != _LIKE_OURS[name])
            told = f"its config.json has {differ}" if config else "there is no config.json beside it"
            raise CheckpointError(f"{told}; a text tower is a BERT in Hugging Face's layout", path=str(path))
        if _cased(path):
            reason = "it is a cased BERT, and captions are read in small letters; use an uncased one"
            raise CheckpointError(reason, path=str(path))
        if lacking := [name for name in (_WORDS, _PLACES) if name not in tensors or tensors[name].ndim != 2]:
            raise CheckpointError(f"it lacks {lacking[0]}; it is damaged, or no BERT", path=str(path))
        heads = config.get("num_attention_heads")
        if type(heads) is not int or heads < 1:
            raise CheckpointError(f"its config.json has num_attention_heads {heads!r}; copy it again", path=str(path))
        vocabulary, width = tensors[_WORDS].shape
        length = len(tensors[_PLACES])
        layers = len({name.split(".")[2] for name in tensors if name.startswith("encoder.layer.")})
        return cls(path=Path(path), vocabulary=vocabulary, length=length, width=width, layers=layers, heads=heads)

    @property
    def words(self) -> Path:
        """The ``vocab.txt`` beside it."""
        return _words_of(self.path)

    @property
    def sizes(self) -> dict[str, int]:
        """What `ClipSettings` and `FusionSettings` call its sizes, but for those that are the run's."""
        return {"text_width": self.width, "text_layers": self.layers, "text_heads": self.heads}

    @property
    def digest(self) -> str:
        """Of the weights, wherever they lie."""
        with weights_file(self.path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def load_text_tower(model: Clip | Albef, path: str | Path, *, ids: Sequence[int] | None = None) -> None:
    """Loads a BERT into what reads captions by themselves, in place, and into the slow copy of an ALBEF or a TCL.

    What looks at images, projections and heads are not the file's, and stay as they are. Places beyond the model's
    longest caption are left out.

    Args:
        model: A CLIP whose settings have ``text="bert"``, an ALBEF or a TCL, of the file's width, depth and heads.
        path: A folder of Hugging Face's, or a file of weights.
        ids: For each row of the model's table of words the file's; by default they are the same.

    Raises:
        RecipeError: If it is another model, or the file has no row for an id.
        CheckpointError: If the file is missing, damaged, or of another size.
    """
    bert = text_tower(model)
    tensors = _tensors(path)
    if _PLACES in tensors:
        there, places = len(tensors[_PLACES]), bert.embeddings.position_embeddings.num_embeddings
        if there < places:
            reason = f"it has places for {there} tokens and the model for {places}; use length={there} (--length)"
            raise CheckpointError(reason, path=str(path))
        tensors[_PLACES] = tensors[_PLACES][:places]
    if ids is not None and _WORDS in tensors:
        most = len(tensors[_WORDS]) - 1
        require(max(ids) <= most, f"id {max(ids)} has no row: {path} has {most + 1}; give its own vocab.txt")
        tensors[_WORDS] = tensors[_WORDS][list(ids)]
    fusing = {f"encoder.layer.{n}." for n in range(bert.text_layers, len(bert.encoder.layer))}
    drawn = {name: own for name, own in bert.state_dict().items() if any(name.startswith(one) for one in fusing)}
    if foreign := sorted(name for name in tensors if name in drawn):
        count = f"the model has {bert.text_layers} layers that read captions alone"
        raise CheckpointError(f"it has {foreign[0]}, and {count}; it is of another size", path=str(path))
    fill(bert, drawn | tensors, path)
    if isinstance(model, Albef):
        model.teacher.load_state_dict(model.towers.state_dict())


def lock_text_tower(model: Clip | Albef) -> None:
    """Keeps what reads captions by themselves as it is while the rest is trained (Zhai et al. 2022 lock images so)."""
    bert = text_tower(model)
    parts: list[nn.Module] = [bert.embeddings, *bert.encoder.layer[: bert.text_layers]]
    for part in parts:
        part.requires_grad_(False)


def text_tower(model: Clip | Albef) -> Bert:
    """The BERT of a model; of an ALBEF or a TCL its first layers are the tower.

    Raises:
        RecipeError: If it has none.
    """
    if isinstance(model, Albef):
        return model.towers.text_encoder.bert
    found = isinstance(model, Clip) and isinstance(model.text, BertTower)
    require(found, f'a {type(model).__name__} has no BERT; a CLIP of ClipSettings(text="bert"), ALBEF and TCL have')
    assert isinstance(model.text, BertTower)
    return model.text.bert


def _tensors(path: str | Path) -> dict[str, Tensor]:
    """Without heads and by the names of a `Bert`."""
    given = read_tensors(path)
    inner = {name: tensor for name, tensor in given.items() if name.startswith("bert.")}
    named = bert_tensors(inner or given)
    return {name.removeprefix("bert."): tensor for name, tensor in named.items() if not name.startswith("cls.")}


def _words_of(path: str | Path) -> Path:
    return weights_file(path).parent / "vocab.txt"


def _cased(path: str | Path) -> bool:
    """Whether capitals are words of their own: as its tokenizer says, or else its ``vocab.txt``."""
    said = read_config(path, "tokenizer_config.json").get("do_lower_case")
    words = _words_of(path)
    if said is not None or not words.exists():
        return said is False
    return _CAPITAL.search(words.read_text(encoding="utf-8", errors="replace")) is not None
