#!/usr/bin/env python3
"""Writes THIRD_PARTY_NOTICES: what the wheel links, under which terms. `--check` only compares.

The crates are those that cargo resolves for the extension on Linux x86-64, without build scripts' and macros' own.
Where a crate offers a choice, MIT is taken; its texts differ in the copyright lines alone, which are all kept.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = "x86_64-unknown-linux-gnu"
NOTICES = ROOT / "THIRD_PARTY_NOTICES"
RULE = "=" * 80

MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


@dataclass(frozen=True)
class Crate:
    """A crate that is linked: its name, version, licence expression and where its files lie."""

    name: str
    version: str
    licence: str
    authors: tuple[str, ...]
    folder: Path

    def text(self, pattern: str) -> str | None:
        found = [path for path in sorted(self.folder.iterdir()) if re.fullmatch(pattern, path.name, re.IGNORECASE)]
        return found[0].read_text(encoding="utf-8").replace("\r\n", "\n").strip() + "\n" if found else None


def _cargo(*arguments: str) -> str:
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def linked_crates() -> list[Crate]:
    """The crates of others that end up in the extension, by name and version."""
    tree = _cargo(
        *("tree", "--locked", "--package", "impasto-python", "--target", TARGET, "--edges", "normal,no-proc-macro"),
        *("--prefix", "none", "--no-dedupe", "--format", "{p}"),
    )
    linked = {tuple(line.split()[:2]) for line in tree.splitlines() if line.strip()}
    metadata = json.loads(_cargo("metadata", "--locked", "--format-version", "1", "--filter-platform", TARGET))
    crates = [
        Crate(
            package["name"],
            package["version"],
            package["license"].replace("/", " OR "),
            tuple(author.partition(" <")[0] for author in package["authors"]),
            Path(package["manifest_path"]).parent,
        )
        for package in metadata["packages"]
        if package["source"] is not None and (package["name"], f"v{package['version']}") in linked
    ]
    return sorted(crates, key=lambda crate: (crate.name, crate.version))


def _squeeze(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().lower()


def _copyright_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if re.match(r"\s*(portions )?copyright\b", line, re.IGNORECASE)]


def _is_mit(text: str) -> bool:
    """Whether a text is MIT's but for a title and copyright lines."""
    body = _squeeze("\n".join(line for line in text.splitlines() if line.strip() not in _copyright_lines(text)))
    return body.removeprefix("the ").removeprefix("mit license ").removeprefix("mit ") == _squeeze(MIT)


def _authors(crate: Crate) -> str:
    """What stands where a crate has no copyright line."""
    return f"by {', '.join(crate.authors) or 'its contributors'} (no copyright line)"


def _section(title: str, *paragraphs: str) -> str:
    return "\n".join([RULE, title, RULE, "", *paragraphs])


def _mit(crates: list[Crate]) -> list[str]:
    """One section for all crates under MIT's own words, one more for each that has others."""
    notices, others = [], []
    for crate in crates:
        text = crate.text(r"licen[cs]e[-_.]mit(\.md|\.txt)?") or crate.text(r"licen[cs]e(\.md|\.txt)?")
        if text is None:
            notices.append(f"{crate.name} {crate.version}: {_authors(crate)}")
        elif _is_mit(text):
            held = "; ".join(_copyright_lines(text)) or _authors(crate)
            notices.append(f"{crate.name} {crate.version}: {held}")
        else:
            others.append(_section(f"{crate.name} {crate.version} (MIT)", text))
    notices.append("Rust's standard library: by the Rust Project's contributors (no copyright line)")
    return [_section("Under the MIT License", "\n".join(notices), "", MIT), *others]


def _libjpeg_turbo(turbojpeg: Crate) -> list[str]:
    folder = turbojpeg.folder / "libjpeg-turbo"
    found = re.search(
        r"^set\(VERSION ([\d.]+)\)", (folder / "CMakeLists.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert found, "libjpeg-turbo's CMakeLists.txt names no version"
    lead = (
        "This software is based in part on the work of the Independent JPEG Group.\n\n"
        "libjpeg-turbo is linked statically: its libjpeg API library under the IJG License, its SIMD code under the\n"
        "zlib License, its build system and TurboJPEG API under the Modified (3-clause) BSD License. They follow.\n"
    )
    ijg = (folder / "README.ijg").read_text(encoding="utf-8")
    simd = (folder / "simd" / "jsimd.h").read_text(encoding="utf-8")
    zlib = simd[simd.index("/*") + 2 : simd.index("*/")]
    return [
        _section(f"libjpeg-turbo {found[1]}", lead),
        _section("libjpeg-turbo: LICENSE.md", (folder / "LICENSE.md").read_text(encoding="utf-8")),
        _section("libjpeg-turbo: README.ijg (the IJG License is under LEGAL ISSUES)", ijg),
        _section("libjpeg-turbo: zlib License of the SIMD code", *_zlib(zlib)),
    ]


def _libwebp(sys: Crate) -> list[str]:
    """What the crate vendors; its own terms are its bindings' alone."""
    demux = (sys.folder / "vendor" / "src" / "demux" / "demux.c").read_text(encoding="utf-8")
    version = ".".join(re.findall(r"#define DMUX_(?:MAJ|MIN|REV)_VERSION (\d+)", demux))
    assert version.count(".") == 2, "libwebp's demux.c names no version"
    names = ("COPYING", "PATENTS")
    texts = [(sys.folder / "vendor" / name).read_text(encoding="utf-8") for name in names]
    return [
        _section(f"libwebp {version}: {name}", text.strip() + "\n") for name, text in zip(names, texts, strict=True)
    ]


def _zlib(header: str) -> list[str]:
    lines = [line.strip().lstrip("*").strip() for line in header.splitlines()]
    terms = """\
This software is provided 'as-is', without any express or implied warranty. In no event will the authors be held
liable for any damages arising from the use of this software.

Permission is granted to anyone to use this software for any purpose, including commercial applications, and to alter
it and redistribute it freely, subject to the following restrictions:

1. The origin of this software must not be misrepresented; you must not claim that you wrote the original software. If
   you use this software in a product, an acknowledgment in the product documentation would be appreciated but is not
   required.
2. Altered source versions must be plainly marked as such, and must not be misrepresented as being the original
   software.
3. This notice may not be removed or altered from any source distribution.
"""
    return [*[line for line in lines if line.lower().startswith("copyright")], "", terms]


def notices() -> str:
    """The whole file."""
    crates = linked_crates()
    mit = [crate for crate in crates if "MIT" in crate.licence]
    rest = [crate for crate in crates if "MIT" not in crate.licence]
    unicode = [crate for crate in crates if "AND Unicode-3.0" in crate.licence]
    turbojpeg, libwebp = (
        next(crate for crate in crates if crate.name == name) for name in ("turbojpeg-sys", "libwebp-sys")
    )
    head = (
        "impasto itself is licensed under MIT OR Apache-2.0 (LICENSE-MIT, LICENSE-APACHE). Its binary wheel holds\n"
        "code of the projects below. Made by .ci/third_party_notices.py from Cargo.lock.\n"
    )
    listing = [f"{crate.name} {crate.version}: {crate.licence}" for crate in crates]
    offered = _section("Crates, and the terms they offer", *listing, "")
    parts = [head, offered, *_libjpeg_turbo(turbojpeg), *_libwebp(libwebp), *_mit(mit)]
    for crate in rest:
        text = crate.text(r"licen[cs]e(\.md|\.txt)?")
        if text is None:
            raise SystemExit(f"{crate.name} {crate.version} ({crate.licence}) carries no licence text: add it by hand")
        parts.append(_section(f"{crate.name} {crate.version} ({crate.licence})", text))
    texts = {crate.text("license-unicode") for crate in unicode}
    for text in sorted(filter(None, texts)):
        names = ", ".join(crate.name for crate in unicode if crate.text("license-unicode") == text)
        parts.append(_section(f"Unicode data in {names} (Unicode-3.0)", text))
    return "\n".join(line.rstrip() for line in "\n".join(parts).splitlines()) + "\n"


if __name__ == "__main__":
    text = notices()
    if "--check" not in sys.argv[1:]:
        NOTICES.write_text(text, encoding="utf-8")
    elif NOTICES.read_text(encoding="utf-8") != text:
        raise SystemExit("THIRD_PARTY_NOTICES is not what Cargo.lock asks for: run .ci/third_party_notices.py")
