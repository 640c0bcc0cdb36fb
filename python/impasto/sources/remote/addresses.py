"""What a shard's name says of where it lies: on a local disk, in a store that fsspec reaches, or behind a command."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote, urlsplit, urlunsplit

#: Begins a command whose output is a shard, as in webdataset.
PIPE = "pipe:"
_FILE = "file://"
_PACKED = (".gz", ".tgz")
#: By the parameters that tell a signature, those that go with it: of S3 and Google, older and CloudFront's, of Azure.
_SIGNED = {
    "x-amz-signature": re.compile("x-amz-.*"),
    "x-goog-signature": re.compile("x-goog-.*"),
    "signature": re.compile("signature|awsaccesskeyid|googleaccessid|expires|policy|key-pair-id|x-amz-security-token"),
    "sig sv": re.compile("sig|sv|ss|srt|sr|sp|st|se|spr|sip|skoid|sktid|skt|ske|sks|skv|sdd"),
}


def is_remote(address: str) -> bool:
    """Whether a name is no path of a local file."""
    return address.startswith(PIPE) or "://" in address


def is_copied(address: str) -> bool:
    """Whether a shard is read from a copy: it lies elsewhere, or is packed."""
    return is_remote(address) or is_packed_name(address)


def is_packed_name(address: str) -> bool:
    """Whether a name is that of a gzip file, or says nothing of what it is."""
    path = urlsplit(address).path if "://" in address else address
    return address.startswith(PIPE) or path.lower().endswith(_PACKED)


def as_local(address: str) -> str:
    """A ``file://`` URL as the path that it is; anything else as it is."""
    return unquote(address.removeprefix(_FILE)) if address.startswith(_FILE) and "::" not in address else address


def shown(address: str) -> str:
    """An address for people: what follows a URL's ``?`` may be a signature."""
    return address if address.startswith(PIPE) or "://" not in address else address.partition("?")[0]


def without_queries(text: str) -> str:
    """A text for people, in whose URLs nothing follows the ``?``."""
    return re.sub(r"(\w+://[^\s?'\"]+)\?[^\s'\"]*", r"\1?...", text)


def unsigned(address: str) -> str:
    """A URL of http or https without its signature: who may read, from when and until when."""
    if not address.lower().startswith(("http://", "https://")):
        return address
    parts = urlsplit(address)
    fields = [(part.partition("=")[0].lower(), part) for part in parts.query.split("&")]
    names = {name for name, _ in fields}
    signed = [going for name, going in _SIGNED.items() if names.issuperset(name.split())]
    stay = [part for name, part in fields if not any(going.fullmatch(name) for going in signed)]
    return urlunsplit(parts._replace(query="&".join(stay))) if signed else address


def name_of(address: str) -> str:
    """A file name that is the address's own, and reminds of it."""
    last = address.split()[-1] if address.startswith(PIPE) else urlsplit(address).path
    stem = re.sub(r"[^\w.-]+", "_", last.rstrip("/").rpartition("/")[2])[-60:].lstrip(".") or "shard"
    return f"{stem}.{hashed(address)}"


def hashed(text: str) -> str:
    """Sixteen letters for a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
