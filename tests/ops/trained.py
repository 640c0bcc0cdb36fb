"""Tokenizers of Hugging Face's `tokenizers`, trained here, and captions that have broken tokenisers."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from typing import Any

import tokenizers
from tokenizers import AddedToken, Regex
from tokenizers import normalizers as normal
from tokenizers import pre_tokenizers as before
from tokenizers import processors as after

#: Controls, marks, joiners, wide and astral ones, case without a simple map.
HARD = (
    "\u0000\t\n\u000b\r\u001c\u0085\u00a0\u00ad\u00b5\u00df\u0130\u0131\u0149\u01c5\u0300\u0345\u0378\u03a3\u0600\u061c"
    "\u0e33\u10a0\u1100\u1680\u180e\u1e9e\u1fb3\u200b\u200d\u2028\u202e\u2044\u20ac\u2122\u2150\u2160\u24b6\u2615\u2764"
    "\u3000\u3042\u3099\u4e00\ua66e\uac00\ue000\ufb01\ufdfa\ufe0f\ufeff\uff21\ufffd\U0001d400\U0001f1e9\U0001f468"
    "\U0001f3fd\U00020000\U000e0001\U000e0100'&<>|#;\"[]()0123456789ßéüçñøåАяהあ字ſ"
)
EVERY = "".join(chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000)
WORDS = "a photo of the cat's isn't we're 1990s r&amp;b <b>b</b> &lt;3 x-ray CAFÉ naïve... They'll I'D 'S photographs"
CLIP = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
NAMES = ("<|startoftext|>", "<|endoftext|>", "<pad>", "<mask>")


def captions(count: int, *, further: Iterable[str] = (), stride: int = 40) -> list[str]:
    """Twice as many captions, half of them of hard characters, half of any; then every ``stride``-th code point."""
    draw = random.Random(0)
    words = [*WORDS.split(), "", "\n\n", *further]

    def phrase(alphabet: str, share: float) -> str:
        pieces = [
            "".join(draw.choices(alphabet, k=draw.randint(1, 6))) if draw.random() < share else draw.choice(words)
            for _ in range(draw.randint(1, 14))
        ]
        return draw.choice((" ", " ", "  ", "", "\n\t ")).join(pieces)

    said = [phrase(alphabet, share) for alphabet, share in ((HARD, 0.5), (EVERY, 0.3)) for _ in range(count)]
    some = EVERY[::stride]
    lists = ["a" + "1 a".join(some[at : at + 32]) + "a" for at in range(0, len(some), 32)]
    odd = ["", " ", "  ", " a", "it'ſ 'ſ'S", "so a photo of it"]
    return [*odd, "x" * 300, "ab" * 4000, "a" * 100, "b" * 101, "é" * 101, *said, *lists]


def clip_split(*, names: bool = False, again: bool = True) -> Any:
    """CLIP's pattern over bytes, as the files of the hub and of `transformers` have it."""
    pattern = (r"<\|startoftext\|>|<\|endoftext\|>|" if names else "") + CLIP
    return before.Sequence(
        [
            before.Split(Regex(pattern), "removed", invert=True),
            before.ByteLevel(add_prefix_space=False, use_regex=again),
        ]
    )


def clip_normal() -> Any:
    """What CLIP's files do to a text."""
    return normal.Sequence([normal.NFC(), normal.Replace(Regex(r"\s+"), " "), normal.Lowercase()])


def byte_level(
    corpus: list[str],
    split: Any,
    *,
    normalizer: Any = None,
    end: str = "",
    names: tuple[str, ...] = ("<s>", "</s>", "<pad>", "<mask>"),
    alphabet: bool = True,
    unknown: str | None = None,
    ends: str = "roberta",
    **options: Any,
) -> tokenizers.Tokenizer:
    """Byte-level BPE, trained on a corpus; its first two names begin and end a row."""
    options |= {"unk_token": unknown} if unknown else {}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(end_of_word_suffix=end, **options))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = split
    letters = before.ByteLevel.alphabet() if alphabet else []
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=900,
        special_tokens=list(names),
        initial_alphabet=letters,
        end_of_word_suffix=end,
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    first, last = ((name, tokenizer.token_to_id(name)) for name in names[:2])
    tokenizer.post_processor = {
        "roberta": lambda: after.RobertaProcessing(last, first),
        "template": lambda: after.Sequence(
            [after.ByteLevel(), after.TemplateProcessing(f"{first[0]} $A {last[0]}", special_tokens=[first, last])]
        ),
        "one": lambda: after.TemplateProcessing(f"{first[0]} {first[0]} $A", special_tokens=[first]),
        "none": lambda: after.ByteLevel(trim_offsets=False),
    }[ends]()
    return tokenizer


def wordpiece(corpus: list[str], *, normalizer: Any = None, mark: str = "##", longest: int = 100) -> Any:
    """WordPiece, trained on a corpus."""
    model = tokenizers.models.WordPiece(
        unk_token="[UNK]", continuing_subword_prefix=mark, max_input_chars_per_word=longest
    )
    tokenizer = tokenizers.Tokenizer(model)
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = before.BertPreTokenizer()
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = tokenizers.trainers.WordPieceTrainer(
        vocab_size=900,
        limit_alphabet=200,  # so that there is room for whole words
        special_tokens=names,
        continuing_subword_prefix=mark,
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    ends = [("[CLS]", 2), ("[SEP]", 3)]
    tokenizer.post_processor = after.TemplateProcessing("[CLS] $A [SEP]", special_tokens=ends)
    return tokenizer


def unigram(corpus: list[str]) -> Any:
    """A kind that is called."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram())
    tokenizer.pre_tokenizer = before.Metaspace()
    names = ["<unk>", "<pad>"]
    trainer = tokenizers.trainers.UnigramTrainer(
        vocab_size=60, special_tokens=names, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return tokenizer


def gpt2(corpus: list[str]) -> Any:
    return byte_level(corpus, before.ByteLevel(add_prefix_space=False), ends="none")


def words_first(corpus: list[str]) -> Any:
    """Without its last merges, whose words are in the vocabulary all the same."""
    contents = json.loads(byte_level(corpus, before.ByteLevel(add_prefix_space=False), ignore_merges=True).to_str())
    del contents["model"]["merges"][30:]
    return tokenizers.Tokenizer.from_str(json.dumps(contents))


def roberta(corpus: list[str]) -> Any:
    """With added tokens of each kind that is known."""
    tokenizer = byte_level(corpus, before.ByteLevel(add_prefix_space=True))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True, normalized=False)])
    longer = [AddedToken("a photo"), AddedToken("a photo of")]  # of which the longer counts
    tokenizer.add_tokens([*longer, AddedToken("newword", rstrip=True), AddedToken("photo of the", normalized=False)])
    return tokenizer


def clip(corpus: list[str], *, names: bool = False, again: bool = True) -> Any:
    """With added tokens that are normalised."""
    tokenizer = byte_level(
        corpus,
        clip_split(names=names, again=again),
        normalizer=clip_normal(),
        end="</w>",
        names=NAMES,
        unknown="<|endoftext|>",
    )
    added = [
        AddedToken("Hot  Dog"),
        AddedToken("CAFÉ"),
        AddedToken("<sks>", normalized=False, lstrip=True, rstrip=True),
    ]
    tokenizer.add_tokens(added)
    return tokenizer


def bert(
    corpus: list[str], *, clean: bool = True, chinese: bool = True, strip: bool | None = None, lower: bool = True
) -> Any:
    return wordpiece(
        corpus,
        normalizer=normal.BertNormalizer(
            clean_text=clean, handle_chinese_chars=chinese, strip_accents=strip, lowercase=lower
        ),
    )


#: Each kind that runs in Rust, by what it shows.
KINDS = {
    "GPT-2": gpt2,
    "RoBERTa": roberta,
    "template": lambda corpus: byte_level(
        corpus, before.ByteLevel(add_prefix_space=True), normalizer=normal.NFC(), ends="template"
    ),
    "two at the front": lambda corpus: byte_level(corpus, before.ByteLevel(add_prefix_space=False), ends="one"),
    "CLIP": clip,
    "CLIP with names": lambda corpus: clip(corpus, names=True),
    "CLIP with names, split once": lambda corpus: clip(corpus, names=True, again=False),
    "bytes left out": lambda corpus: byte_level(
        corpus[:50],
        before.ByteLevel(add_prefix_space=False),
        normalizer=normal.Sequence([normal.NFKC(), normal.Lowercase()]),
        alphabet=False,
    ),
    "bytes unknown": lambda corpus: byte_level(
        corpus[:50],
        before.ByteLevel(add_prefix_space=False),
        normalizer=normal.NFKD(),
        alphabet=False,
        unknown="<mask>",
    ),
    "bytes unknown, as one": lambda corpus: byte_level(
        corpus[:50], before.ByteLevel(add_prefix_space=False), alphabet=False, unknown="<mask>", fuse_unk=True
    ),
    "words before merges": words_first,
    "BERT": bert,
    "BERT, cased": lambda corpus: bert(corpus, lower=False),
    "BERT, cased without accents": lambda corpus: bert(corpus, lower=False, strip=True),
    "BERT, lower with accents": lambda corpus: bert(corpus, strip=False),
    "BERT, as it is": lambda corpus: bert(corpus, clean=False, chinese=False, lower=False),
    "BERT after NFD": lambda corpus: wordpiece(
        corpus, normalizer=normal.Sequence([normal.NFD(), normal.BertNormalizer(lowercase=False), normal.Lowercase()])
    ),
    "no normalizer": wordpiece,
    "a letter as mark": lambda corpus: wordpiece(corpus, normalizer=normal.BertNormalizer(), mark="x", longest=7),
    "no mark": lambda corpus: wordpiece(corpus, normalizer=normal.BertNormalizer(), mark=""),
}
