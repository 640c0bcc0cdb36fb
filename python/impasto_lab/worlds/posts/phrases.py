"""Phrases that name a thing and its ground, in six languages."""

from __future__ import annotations

from typing import Literal, get_args

Language = Literal["en", "de", "es", "ru", "hi", "ja"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

#: By language and shape, with its article where the language has one (Spanish: all are said with ``de color``).
SHAPES: dict[Language, dict[str, str]] = {
    "en": {"circle": "a {} circle", "square": "a {} square", "star": "a {} star", "heart": "a {} heart"},
    "de": {
        "circle": "ein Kreis in {}",
        "square": "ein Quadrat in {}",
        "star": "ein Stern in {}",
        "heart": "ein Herz in {}",
    },
    "es": {
        "circle": "un círculo de color {}",
        "square": "un cuadrado de color {}",
        "star": "una estrella de color {}",
        "heart": "un corazón de color {}",
    },
    "ru": {
        "circle": "круг, цвет {}",
        "square": "квадрат, цвет {}",
        "star": "звезда, цвет {}",
        "heart": "сердце, цвет {}",
    },
    "hi": {"circle": "{} रंग का गोला", "square": "{} रंग का वर्ग", "star": "{} रंग का तारा", "heart": "{} रंग का दिल"},
    "ja": {"circle": "{}い丸", "square": "{}い四角", "star": "{}い星", "heart": "{}いハート"},
}

#: By language and color.
COLORS: dict[Language, dict[str, str]] = {
    "en": {"red": "red", "blue": "blue", "yellow": "yellow", "black": "black"},
    "de": {"red": "Rot", "blue": "Blau", "yellow": "Gelb", "black": "Schwarz"},
    "es": {"red": "rojo", "blue": "azul", "yellow": "amarillo", "black": "negro"},
    "ru": {"red": "красный", "blue": "синий", "yellow": "жёлтый", "black": "чёрный"},
    "hi": {"red": "लाल", "blue": "नीले", "yellow": "पीले", "black": "काले"},
    "ja": {"red": "赤", "blue": "青", "yellow": "黄色", "black": "黒"},
}

#: By language and ground.
GROUNDS: dict[Language, dict[str, str]] = {
    "en": {
        "wood": "on a wooden table",
        "grass": "on the grass",
        "sand": "on a sandy beach",
        "night": "in the night sky",
    },
    "de": {"wood": "auf dem Holztisch", "grass": "auf der Wiese", "sand": "im Sand", "night": "am Nachthimmel"},
    "es": {"wood": "sobre la mesa", "grass": "sobre la hierba", "sand": "en la arena", "night": "en el cielo nocturno"},
    "ru": {"wood": "на столе", "grass": "на траве", "sand": "на песке", "night": "в ночном небе"},
    "hi": {"wood": "मेज़ पर", "grass": "घास पर", "sand": "रेत पर", "night": "रात के आसमान में"},
    "ja": {"wood": "机の上の", "grass": "芝生の上の", "sand": "砂浜の", "night": "夜空の"},
}


def phrase(language: Language, *, shape: str, color: str, ground: str) -> str:
    """A thing on its ground, in a language; Japanese has the ground first."""
    thing = SHAPES[language][shape].format(COLORS[language][color])
    where = GROUNDS[language][ground]
    return f"{where}{thing}" if language == "ja" else f"{thing} {where}"
