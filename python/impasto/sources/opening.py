"""From a path to the source that reads it."""

import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from impasto import checks
from impasto.errors import RecipeError, SourceError
from impasto.sources.base import Source
from impasto.sources.formats.albef import AlbefCaptions
from impasto.sources.formats.arrow import ARROW_FILE, Arrow
from impasto.sources.formats.coco.captions import CocoCaptions
from impasto.sources.formats.coco.instances import CocoInstances
from impasto.sources.formats.csv_captions import CsvCaptions
from impasto.sources.formats.flickr import FlickrCaptions, flickr_layout, flickr_names
from impasto.sources.formats.image_folder import ImageFolder
from impasto.sources.formats.image_text_folder import ImageTextFolder
from impasto.sources.formats.karpathy import KarpathyCaptions, folder_of
from impasto.sources.formats.language.nlvr2 import Nlvr2, pair_names
from impasto.sources.formats.language.refcoco import RefCoco
from impasto.sources.formats.language.refcoco_list import RefCocoList, references_beside
from impasto.sources.formats.language.snli_ve import IMAGES, SnliVe
from impasto.sources.formats.language.vqa import VqaQuestions, annotations_beside, question_images
from impasto.sources.formats.lmdb import Lmdb
from impasto.sources.formats.office31 import DOMAINS, Office31
from impasto.sources.formats.parquet import Parquet
from impasto.sources.formats.pascal_voc import PascalVoc, is_voc
from impasto.sources.formats.stl10 import Stl10
from impasto.sources.formats.web.visual_genome import VisualGenome
from impasto.sources.formats.web.web_captions import WebCaptions, image_names, is_web_list
from impasto.sources.formats.webdataset import WebDataset
from impasto.sources.reading.files import StrPath, read_head, read_text
from impasto.sources.reading.folders import is_hidden, is_image, walk
from impasto.sources.reading.json_files import read_json
from impasto.sources.reading.json_kind import (
    ALBEF,
    COCO,
    COCO_INSTANCES,
    KARPATHY,
    VISUAL_GENOME,
    VQA,
    WEB,
    json_kind,
    require_kind,
)
from impasto.sources.reading.near import find_images
from impasto.sources.reading.pictures import picture_kind
from impasto.sources.reading.shards import find_shards, is_own_index
from impasto.sources.reading.tables import Quoting, Record, Table, as_lines
from impasto.sources.remote.addresses import PIPE, as_local, is_copied, shown
from impasto.sources.remote.placed import one_copy
from impasto.sources.remote.transfer import Transfer

_IMAGE_COLUMNS = ("filepath", "file_path", "image", "image_path", "file_name", "filename", "path")
_CAPTION_COLUMNS = ("title", "caption", "captions", "text")
_IMAGE_COLUMNS_OF_BYTES = ("image", "jpg", "img", "jpeg", "png", "webp", "bytes", "image_bytes")
_LOOKED_AT = 20
#: A record of one sample is no longer, in bytes.
_MOST_RECORD = 1 << 20
#: What is told which split to read.
_WITH_SPLITS = (KarpathyCaptions, RefCoco)
#: LMDB's magic number, in the two orders of bytes.
_LMDB_MARKS = (b"\xde\xc0\xef\xbe", b"\xbe\xef\xc0\xde")
#: How the files of a split are numbered.
_PART = re.compile(r"-\d{5}-of-\d{5}(-[0-9a-f]{16})?$")


def open(
    target: StrPath,
    *,
    images: StrPath | None = None,
    caption: str | None = None,
    quoting: Quoting = None,
    split: str | None = None,
    cache: StrPath | None = None,
    cache_gb: float = 50.0,
    transfer: Transfer | None = None,
) -> Source:
    """Opens a data set of a format that is told from its content.

    Args:
        target: An annotation file, a folder, a tar shard, a Parquet, Arrow or LMDB file, or a brace or glob pattern of
            shards or such files; the URL of tar shards, such a pattern of URLs, or ``pipe:`` and a command.
        images: The folder of the images that an annotation file names. By default it is the one that holds them beside
            the file or in a folder there (of a file in ``annotations/``, also beside that folder); where none or more
            than one does, it must be named.
        caption: Where tar shards keep captions, as in `WebDataset`; by default what the first shard has: a list,
            ``"json:captions"``, before ``"txt"`` before ``"json"``. Of Parquet and Arrow files, the column.
        quoting: How a table's double quotes are read, as in `CsvCaptions`.
        split: The split of what holds several: of a Karpathy file as in `KarpathyCaptions`, which by default gives all.
        cache: Folder for copies of shards that lie elsewhere or are packed (``.tar.gz``), which need it; see
            `WebDataset`.
        cache_gb: What copies may take there, in gigabytes.
        transfer: How they are copied.

    Returns:
        The source; of STL-10, train.

    Raises:
        SourceError: The format is not known, the images aren't found, or the data set cannot be opened; or what lies
            elsewhere is named like something that is no tar shard.
        RecipeError: An argument is of a wrong kind, the format has no splits to choose from or needs no copies, or
            shards need copies and no folder is given.
    """
    address = as_local(checks.path("target", target))
    far = is_copied(address)
    source = (
        _open_far(address, caption, cache, cache_gb, transfer)
        if far
        else _open(address, images, caption, quoting, split)
    )
    if not far and cache is not None:
        raise RecipeError(
            f"cache={cache!r} is for copies of shards, and {source!r} is read where it lies; leave it out"
        )
    if split is not None and not isinstance(source, _WITH_SPLITS):
        raise RecipeError(f"split={split!r}: {source!r} is of one split; leave split= out, or name another file")
    return source


def _open_far(
    address: str, caption: str | None, cache: StrPath | None, cache_gb: float, transfer: Transfer | None
) -> Source:
    """Shards of which there are copies."""
    # Chains say of what they take the last step: zip://a.tar::s3://b.zip
    name = urlsplit(address.partition("::")[0]).path.lower()
    if not address.startswith(PIPE) and not name.endswith((".tar", ".tar.gz", ".tgz")):
        reason = "no tar shard by its name (.tar, .tar.gz), and other formats are read from a local disk: download it"
        raise SourceError(f"{reason}; for a shard of another name use WebDataset(address, cache=)", path=shown(address))
    folder = None if cache is None else checks.path("cache", cache)
    if caption is None:
        with one_copy(address, folder, cache_gb, transfer or Transfer()) as first:
            caption = _tar_caption(first)
    return WebDataset(address, caption=caption, cache=cache, cache_gb=cache_gb, transfer=transfer)


def _open(target: str, images: StrPath | None, caption: str | None, quoting: Quoting, split: str | None) -> Source:
    folder = None if images is None else checks.path("images", images)
    path = Path(target)
    if path.is_dir():
        if (path / "instances.json").is_file() and any(path.glob("refs(*).p")):
            return _open_references(path, folder, split or "val")
        return _open_folder(path, caption)
    pattern = not path.exists() and any(mark in target for mark in "{*?[")
    first = find_shards([target])[0] if pattern else target
    columns = _column_source(first)
    if columns is Parquet and not pattern and _lists_urls(first):
        return WebCaptions(target, images=find_images(target, folder, image_names(target)))
    if columns is not None:
        return _open_columns(columns, [target], caption)
    if pattern or _is_tar(path):
        return WebDataset(target, caption=caption or _tar_caption(find_shards([target])[0]))
    head = read_head(path, 64)
    if head[16:20] in _LMDB_MARKS:
        return Lmdb(path)
    picture = picture_kind(head)
    if picture is not None:
        raise SourceError(
            f"this is one picture ({picture}), no data set; impasto reads JPEG, PNG and WebP", path=target
        )
    if is_own_index(target):
        raise SourceError("this is the index that impasto keeps of a shard; name the shard", path=target)
    text = read_text(path)[:65536].lstrip()
    if statements := _statements(text, target, folder):
        return statements
    if text[:1] in ("{", "[", "<", ""):
        return _open_json(target, folder, split)
    return _open_table(target, text, folder, quoting)


def _open_folder(folder: Path, caption: str | None) -> Source:
    if is_voc(folder):
        return PascalVoc(folder)
    entries = sorted(entry for entry in folder.iterdir() if not is_hidden(entry.name))
    shards = [str(entry) for entry in entries if entry.suffix == ".tar"]
    if shards:
        return WebDataset(shards, caption=caption or _tar_caption(shards[0]))
    if (folder / "data.mdb").is_file():
        return Lmdb(folder)
    if any((place / "train_X.bin").is_file() for place in (folder, folder / "stl10_binary")):
        return Stl10(folder)
    if all((folder / domain).is_dir() for domain in DOMAINS.values()):
        return Office31(folder)
    tables = [str(entry) for entry in entries if entry.suffix in (".parquet", ".arrow")]
    columns = _column_source(tables[0]) if tables else None
    if columns is not None:
        return _open_columns(columns, _of_one_split(folder, tables), caption)
    listing = list(walk(str(folder), left_out=Counter()))
    beside = any(name.lower().endswith(".txt") for _, names in listing for name in names)
    flat = any(is_image(name) for prefix, names in listing for name in names if not prefix)
    if beside or flat:
        return ImageTextFolder(folder)
    named = [f"{prefix}{name}" for prefix, names in listing for name in names if _annotates(name)]
    if named and not _all_classes_hold_images(listing):
        reason = f"this folder holds a data set and its annotations; name one of them: {', '.join(sorted(named)[:8])}"
        raise SourceError(reason, path=str(folder))
    return ImageFolder(folder)


def _all_classes_hold_images(listing: list[tuple[str, list[str]]]) -> bool:
    classes = {prefix.partition("/")[0] for prefix, _ in listing if prefix}
    return classes == {prefix.partition("/")[0] for prefix, names in listing if any(map(is_image, names))} != set()


def _annotates(name: str) -> bool:
    return name.lower().endswith((".json", ".csv", ".tsv", ".token"))


def _column_source(path: str) -> type[Parquet] | type[Arrow] | None:
    if not Path(path).is_file():
        return None
    head = read_head(path, 8)
    if head[:4] == b"PAR1":
        return Parquet
    return Arrow if head == ARROW_FILE or (head[:4] == b"\xff" * 4 and path.endswith(".arrow")) else None


def _of_one_split(folder: Path, files: list[str]) -> list[str]:
    splits = {_PART.sub("", Path(file).stem) for file in files}
    if len(splits) > 1:
        names = ", ".join(repr(f"{split}*") for split in sorted(splits))
        raise SourceError(f"it holds the files of several splits; name one of them: {names}", path=str(folder))
    return files


def _open_columns(kind: type[Parquet] | type[Arrow], files: list[str], caption: str | None) -> Source:
    there = kind.columns(find_shards(files)[0])
    image = next((name for name in _IMAGE_COLUMNS_OF_BYTES if name in there), "image")
    found = next((name for name in _CAPTION_COLUMNS if name in there), None)
    return kind(files, image=image, caption=caption or found)


def _lists_urls(file: str) -> bool:
    there = Parquet.columns(file)
    return {"URL", "url"} & set(there) != set() and not set(_IMAGE_COLUMNS_OF_BYTES) & set(there)


def _is_tar(path: Path) -> bool:
    return path.suffix == ".tar" or (path.is_file() and tarfile.is_tarfile(path))


def _tar_caption(shard: str) -> str:
    if not Path(shard).is_file():
        return "txt"  # the source says what is wrong with the shard
    try:
        with tarfile.open(shard, "r:") as tar:
            members = list(islice(tar, _LOOKED_AT))
            records = [member for member in members if member.isfile() and Path(member.name).suffix == ".json"]
            lists = [captions for record in records if (captions := _listed_captions(tar, record)) is not None]
    except (OSError, tarfile.TarError):
        return "txt"  # likewise
    beside = any(Path(member.name).suffix == ".txt" for member in members)
    if any(lists) or (lists and not beside):
        return "json:captions"
    return "json" if records and not beside else "txt"


def _listed_captions(tar: tarfile.TarFile, member: tarfile.TarInfo) -> list[str] | None:
    """What a sample's record lists as its captions, if it does."""
    file = tar.extractfile(member) if member.size <= _MOST_RECORD else None
    try:
        record = json.load(file) if file else None
    except (ValueError, RecursionError):
        return None
    captions = record.get("captions") if isinstance(record, dict) else None
    texts = isinstance(captions, list) and all(isinstance(caption, str) for caption in captions)
    return captions if texts else None


def _open_json(target: str, images: str | None, split: str | None) -> Source:
    document = read_json(target)
    kind = json_kind(document)
    if kind == ALBEF:
        return AlbefCaptions(target, images=find_images(target, images, _names(document, "image")))
    if kind == WEB:
        return WebCaptions(target, images=find_images(target, images, image_names(target)))
    if kind == VISUAL_GENOME:
        ids = [one["id"] for one in islice(document, _LOOKED_AT) if isinstance(one, dict) and "id" in one]
        names = [Path(folder, f"{id}.jpg") for id in ids for folder in ("", "VG_100K", "VG_100K_2")]
        return VisualGenome(target, images=find_images(target, images, names))
    if kind == KARPATHY:
        entries = document["images"]
        names = [Path(folder_of(e) or "", name) for e, name in _with_names(entries, "filename")]
        splits = dict.fromkeys(e["split"] for e in entries if isinstance(e, dict) and isinstance(e.get("split"), str))
        return KarpathyCaptions(target, images=find_images(target, images, names), split=split or tuple(splits))
    if kind == VQA:
        folder = find_images(target, images, question_images(document))
        return VqaQuestions(target, images=folder, annotations=annotations_beside(Path(target)))
    names = _names(document["images"], "file_name") if kind in (COCO, COCO_INSTANCES) else []
    if kind == COCO_INSTANCES:
        return CocoInstances(target, images=find_images(target, images, names))
    return CocoCaptions(target, images=find_images(target, images, names))


def _open_references(folder: Path, images: str | None, split: str) -> Source:
    instances = folder / "instances.json"
    document = read_json(instances)
    require_kind(document, COCO_INSTANCES, str(instances))
    names = _names(document["images"], "file_name")
    return RefCoco(folder, images=find_images(str(instances), images, names), split=split)


def _statements(text: str, target: str, images: str | None) -> Source | None:
    """Sentences about images or pairs of them, where the file's first entry is one."""
    try:
        first = json.JSONDecoder().raw_decode(text.removeprefix("[").lstrip())[0]
    except (ValueError, RecursionError):
        return None
    if not isinstance(first, dict):
        return None
    if {"image", "text"} <= set(first) and ("ref_id" in first or "refcoco" in Path(target).name.lower()):
        root = find_images(target, images, [Path(str(first["image"]))])
        return RefCocoList(target, images=root, folder=references_beside(Path(target)))
    if not {"sentence", "sentence2"} & set(first):
        return None
    if pair := pair_names(first):
        folders = [f"{before}{first['directory']}/" for before in ("", "train/")] if "directory" in first else []
        below = [f"{folder}{name}" for folder in folders for name in pair]
        return Nlvr2(target, images=find_images(target, images, [Path(name) for name in [*pair, *below]]))
    image = next((str(first[name]) for name in IMAGES if name in first), None)
    if image is None:
        return None
    return SnliVe(target, images=find_images(target, images, [Path(image if "." in image else f"{image}.jpg")]))


def _with_names(entries: Any, field: str) -> Iterator[tuple[dict[str, Any], str]]:
    for entry in islice(entries, _LOOKED_AT):
        if isinstance(entry, dict) and isinstance(entry.get(field), str):
            yield entry, entry[field]


def _names(entries: Any, field: str) -> list[Path]:
    return [Path(name) for _, name in _with_names(entries, field)]


def _open_table(target: str, text: str, images: str | None, quoting: Quoting) -> Source:
    first = as_lines(text, target)[0].rstrip("\r")
    if flickr_layout(first) is not None:
        names = [Path(name) for name in islice(dict.fromkeys(flickr_names(target, quoting)), _LOOKED_AT)]
        return FlickrCaptions(target, images=find_images(target, images, names), quoting=quoting)
    if target.endswith("_urls.txt") or any(is_web_list(line) for line in as_lines(text, target)[:2]):
        return WebCaptions(target, images=find_images(target, images, image_names(target)))
    sep = next((mark for mark in "\t,;|" if mark in first), "\t")
    records = iter(Table(target, sep, quoting=quoting))
    header = next(records, Record(1, 1, [])).fields
    image = next((name for name in _IMAGE_COLUMNS if name in header), None)
    caption = next((name for name in _CAPTION_COLUMNS if name in header), None)
    if image is None or caption is None:
        reason = (
            f"the format is not known: its first line is {first[:60]!r}; formats are COCO, Karpathy and ALBEF JSON, "
            f"Flickr's files, tables with a header such as 'filepath<TAB>title', tar shards, Parquet, Arrow and LMDB "
            f"files, and folders"
        )
        raise SourceError(reason, path=target)
    place = header.index(image)
    names = [Path(record.fields[place]) for record in islice(records, _LOOKED_AT) if len(record.fields) > place]
    folder = find_images(target, images, names)
    return CsvCaptions(target, images=folder, image=image, caption=caption, sep=sep, quoting=quoting)
