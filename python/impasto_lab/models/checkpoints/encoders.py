"""BERT and ViT/DeiT files, which ALBEF and TCL begin from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from impasto.errors import CheckpointError
from impasto.weights import check_tensors
from impasto_lab.models.albef import Albef
from impasto_lab.models.blocks import VisionTransformer
from impasto_lab.models.blocks.positions import resized_positions
from impasto_lab.models.checkpoints.reading import fill, read_tensors
from impasto_lab.models.checkpoints.renaming import Rule, joined, renamed, require_tied

_QUERY_KEY_VALUE = ("attn.query.", "attn.key.", "attn.value.")
_POSITIONS = "bert.embeddings.position_embeddings.weight"
#: Hugging Face's names of a layer of ViT, DeiT or ViLT; timm's are the model's own.
VIT_LAYER_RULES: tuple[Rule, ...] = (
    (r"encoder\.layer\.(\d+)\.attention\.attention\.(query|key|value)\.(.*)", r"blocks.\1.attn.\2.\3"),
    (r"encoder\.layer\.(\d+)\.attention\.output\.dense\.(.*)", r"blocks.\1.attn.proj.\2"),
    (r"encoder\.layer\.(\d+)\.layernorm_before\.(.*)", r"blocks.\1.norm1.\2"),
    (r"encoder\.layer\.(\d+)\.layernorm_after\.(.*)", r"blocks.\1.norm2.\2"),
    (r"encoder\.layer\.(\d+)\.intermediate\.dense\.(.*)", r"blocks.\1.mlp.fc1.\2"),
    (r"encoder\.layer\.(\d+)\.output\.dense\.(.*)", r"blocks.\1.mlp.fc2.\2"),
    (r"embeddings\.cls_token", "cls_token"),
    (r"embeddings\.position_embeddings", "pos_embed"),
    (r"embeddings\.patch_embeddings\.projection\.(.*)", r"patch_embed.proj.\1"),
    (r"layernorm\.(.*)", r"norm.\1"),
)
#: What classifies images or pools them has no place in the models.
_VIT_RULES: tuple[Rule, ...] = ((r"(head|classifier|pooler|cls_classifier)\..*", None), *VIT_LAYER_RULES)
_BERT_RULES: tuple[Rule, ...] = (
    (r"(bert\.)?pooler\..*|cls\.seq_relationship\..*|(bert\.)?embeddings\.position_ids", None),
    (r"cls\.predictions\.decoder\.(weight|bias)", None),
    (r"cls\.predictions\.transform\.LayerNorm\.gamma", "cls.predictions.transform.LayerNorm.weight"),
    (r"cls\.predictions\.transform\.LayerNorm\.beta", "cls.predictions.transform.LayerNorm.bias"),
    (r"(cls\..*)", r"\1"),
    (r"(?:bert\.)?(.*)\.LayerNorm\.gamma", r"bert.\1.LayerNorm.weight"),
    (r"(?:bert\.)?(.*)\.LayerNorm\.beta", r"bert.\1.LayerNorm.bias"),
    (r"(?:bert\.)?(.*)", r"bert.\1"),
)


def vit_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A ViT's or DeiT's tensors, as timm, DeiT or Hugging Face name them, by the names of a `VisionTransformer`."""
    plain = {name.removeprefix("vit.").removeprefix("deit."): tensor for name, tensor in tensors.items()}
    return joined(renamed(plain, _VIT_RULES), _QUERY_KEY_VALUE, "attn.qkv.")


def bert_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A BERT's tensors, with or without heads, of any age, by the names of a `TextEncoder` (``bert.``, ``cls.``)."""
    return renamed(tensors, _BERT_RULES)


def load_vit(encoder: VisionTransformer, path: str | Path) -> None:
    """Loads a ViT or a DeiT into an image encoder, in place; positions of patches are interpolated.

    Args:
        encoder: Of the file's width, depth and patch.
        path: A file of timm, DeiT or Hugging Face, or a folder of the last.

    Raises:
        CheckpointError: If it is missing, damaged, distilled (which has a token more) or of another size.
    """
    tensors = vit_tensors(read_tensors(path))
    if distilled := {"dist_token", "embeddings.distillation_token"} & tensors.keys():
        reason = f"it has a {distilled.pop()}: it is a distilled DeiT; use the plain one, or a ViT"
        raise CheckpointError(reason, path=str(path))
    if "pos_embed" in tensors and tensors["pos_embed"].ndim == 3:
        tensors["pos_embed"] = resized_positions(tensors["pos_embed"], (encoder.side, encoder.side), mode="bicubic")
    fill(encoder, tensors, path)


def load_bert(model: Albef, path: str | Path) -> None:
    """Loads a BERT into the text and fusion layers of an ALBEF or a TCL, and its head for words, in place.

    What looks at images (``crossattention``) is in no BERT and stays as it is. Positions beyond the model's longest
    caption are left out.

    Args:
        model: Of the file's width, depth, heads and vocabulary.
        path: A file of BERT for pretraining or masked words, or a folder of Hugging Face's.

    Raises:
        CheckpointError: If it is missing, damaged, without the head, or of another size.
    """
    encoder = model.towers.text_encoder
    given = read_tensors(path)
    prefix = "bert." if any(name.startswith("bert.") for name in given) else ""
    table = f"{prefix}embeddings.word_embeddings.weight"
    require_tied(given, "cls.predictions.decoder.weight", table, path)
    tensors = bert_tensors(given)
    if _POSITIONS in tensors and tensors[_POSITIONS].ndim == 2:
        tensors[_POSITIONS] = tensors[_POSITIONS][: model.settings.text_length]
    own = encoder.state_dict()
    check_tensors(tensors, {name: t.shape for name, t in own.items() if ".crossattention." not in name}, path)
    fill(encoder, {name: t for name, t in own.items() if ".crossattention." in name} | tensors, path)


def begin_from(model: Albef, *, bert: str | Path, vit: str | Path) -> None:
    """Begins an ALBEF or a TCL as the papers do, from a BERT and a DeiT, and its slow copy with it.

    Args:
        model: Changed in place.
        bert: See `load_bert`.
        vit: See `load_vit`.

    Raises:
        CheckpointError: If a file is missing, damaged, or of another model or size.
    """
    load_bert(model, bert)
    load_vit(model.towers.visual_encoder, vit)
    model.teacher.load_state_dict(model.towers.state_dict())
