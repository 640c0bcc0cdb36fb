"""Captions that say nothing, and captions that may say something."""

from __future__ import annotations

import pytest

from impasto.jobs.cleaning.captions import Repetitions, boilerplate, plain

NOTHING = """image|Image 3|PHOTO|img_2031.jpg|DSC00042|IMG-20190304-WA0007|my holiday.JPG|photo_2021-03-04 12.30.11
https://example.org/a.jpg?x=1|www.example.com|shop.example.co.uk/item/4|1920x1080|640 × 480 px|12345|3.14|***|…
f47ac10b-58cc-4372-a567-0e02b2c3d479|d41d8cd98f00b204e9800998ecf8427e|Untitled-1|click to enlarge|No image available
thumbnail|placeholder.|Screenshot 2020-01-02|stock photo|N/A|null"""
SOMETHING = """a cat|cat|Image of a cat on a mat|the photo shows a dog|Paris 2019|Boeing 747|Eiffel Tower, www.paris.fr
a file named cat.jpg on a screen|COVID-19|東京タワー2023年の夜景写真|chat noir|facade|P1 racing car|deadbeef|12 monkeys
U2|iPhone 12|new york|img of a horse|photo 51, by Franklin|élan|кот"""


@pytest.mark.parametrize("caption", NOTHING.replace("\n", "|").split("|"))
def test_it_says_nothing(caption: str) -> None:
    assert boilerplate(caption) and boilerplate(f"  {caption}\n")


@pytest.mark.parametrize("caption", SOMETHING.replace("\n", "|").split("|"))
def test_it_may_say_something(caption: str) -> None:
    assert boilerplate(caption) is None


def test_what_else_says_nothing() -> None:
    assert boilerplate("Foto: dpa", [plain("foto dpa")]) == "it says 'foto dpa' and no more"
    assert boilerplate("a cat", min_words=3) == "it has fewer than 3 words"


@pytest.mark.parametrize(
    "text", ["img" + "(" * 5000 + "x", "a-" * 20000, "img 1" + " " * 30000 + "x", "a." * 9999 + "q"]
)
@pytest.mark.timeout(20)
def test_no_caption_takes_long(text: str) -> None:
    assert boilerplate(text) is None


def test_repeated_captions_are_counted_once_a_picture() -> None:
    repetitions = Repetitions()
    for row in range(12):
        repetitions.add(row, ["A  shop", "my shop"] if row == 3 else ["a shop"], picture=row)
    for row in range(12, 30):
        repetitions.add(row, ["one picture", "ONE picture"], picture=99)
    repetitions.add(30, [], picture=100)
    assert repetitions.repeated(10) == {row: 12 for row in range(12) if row != 3}
    assert repetitions.repeated(12) == {}
    assert Repetitions().repeated(0) == {}
