"""Japanese words and noun phrases."""

from __future__ import annotations

from typing import NamedTuple

from pipelines.scenes.language.message import Mention


class Noun(NamedTuple):
    """A noun and the counter that goes with numbers of it."""

    word: str
    counter: str


class Attribute(NamedTuple):
    """An attribute before its noun, and as a predicate (before です)."""

    attributive: str
    predicate: str


ARTICLE = "bare"
LIVING = frozenset({"fish"})  # what いる rather than ある is said of
NOUNS = {
    "house": Noun("家", "軒"),
    "tree": Noun("木", "本"),
    "car": Noun("車", "台"),
    "boat": Noun("船", "隻"),
    "star": Noun("星", "つ"),
    "ball": Noun("ボール", "個"),
    "fish": Noun("魚", "匹"),
    "flower": Noun("花", "輪"),
    "cup": Noun("カップ", "個"),
    "kite": Noun("凧", "枚"),
    "book": Noun("本", "冊"),
    "umbrella": Noun("傘", "本"),
}
ATTRIBUTES = {
    "red": Attribute("赤い", "赤い"),
    "orange": Attribute("オレンジ~色·の", "オレンジ色"),
    "yellow": Attribute("黄色い", "黄色い"),
    "green": Attribute("緑~色·の", "緑色"),
    "blue": Attribute("青い", "青い"),
    "purple": Attribute("紫~色·の", "紫色"),
    "pink": Attribute("ピンク~色·の", "ピンク色"),
    "brown": Attribute("茶色い", "茶色い"),
    "black": Attribute("黒い", "黒い"),
    "white": Attribute("白い", "白い"),
    "small": Attribute("小さな", "小さい"),
    "big": Attribute("大きな", "大きい"),
    "striped": Attribute("縞~模様·の", "縞模様"),
    "dotted": Attribute("水玉~模様·の", "水玉模様"),
    "checkered": Attribute("チェック~柄·の", "チェック柄"),
}
RELATIONS = {
    "left_of": ("{b}·の·左", "{b}·の·左~側"),
    "right_of": ("{b}·の·右", "{b}·の·右~側"),
    "above": ("{b}·の·上", "{b}·の·上·の·方"),
    "below": ("{b}·の·下", "{b}·の·下·の·方"),
}
SIDES = {"left_of": "左", "right_of": "右", "above": "上", "below": "下"}
PLACES = {
    "sky": ("空",),
    "grass": ("草·の·上", "芝生·の·上"),
    "sand": ("砂·の·上",),
    "snow": ("雪·の·上",),
    "water": ("水·の·上", "水面"),
    "wall": ("壁·の·前",),
}


def gender(noun: str) -> int:
    """0 for things (ある), 1 for what lives (いる)."""
    return int(noun in LIVING)


def noun_phrase(mention: Mention, form: str) -> str:
    """A mention in Japanese: texture, size, colour, noun.

    Args:
        mention: the thing and what is said of it.
        form: nothing or "bare" for the phrase; "count 一" for a number with the noun's counter; "colour" or "size"
            for the attribute alone.
    """
    if form in ("colour", "size"):
        return ATTRIBUTES[getattr(mention, form)].predicate
    noun = NOUNS[mention.noun]
    if form.startswith("count "):
        return form.removeprefix("count ") + noun.counter
    attributes = [ATTRIBUTES[word].attributive for word in (mention.texture, mention.size, mention.colour) if word]
    return "·".join((*attributes, noun.word))
