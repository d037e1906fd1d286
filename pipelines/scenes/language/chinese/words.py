"""Chinese words and noun phrases, in simplified characters."""

from __future__ import annotations

from typing import NamedTuple

from pipelines.scenes.language.message import Mention


class Noun(NamedTuple):
    """A noun and its measure word."""

    word: str
    measure: str


ARTICLE = "one"
NOUNS = {
    "house": Noun("房子", "座"),
    "tree": Noun("树", "棵"),
    "car": Noun("汽车", "辆"),
    "boat": Noun("船", "艘"),
    "star": Noun("星星", "颗"),
    "ball": Noun("球", "个"),
    "fish": Noun("鱼", "条"),
    "flower": Noun("花", "朵"),
    "cup": Noun("杯子", "个"),
    "kite": Noun("风筝", "只"),
    "book": Noun("书", "本"),
    "umbrella": Noun("雨伞", "把"),
}
COLOURS = {
    "red": "红色",
    "orange": "橙色",
    "yellow": "黄色",
    "green": "绿色",
    "blue": "蓝色",
    "purple": "紫色",
    "pink": "粉色",
    "brown": "棕色",
    "black": "黑色",
    "white": "白色",
}
SIZES = {"small": "小", "big": "大"}
TEXTURES = {"striped": "条纹", "dotted": "圆点", "checkered": "格子"}
RELATIONS = {
    "left_of": ("{b:{article}}·的·左边", "{b:{article}}·左侧"),
    "right_of": ("{b:{article}}·的·右边", "{b:{article}}·右侧"),
    "above": ("{b:{article}}·的·上方", "{b:{article}}·上面"),
    "below": ("{b:{article}}·的·下方", "{b:{article}}·下面"),
}
SIDES = {"left_of": "左边", "right_of": "右边", "above": "上方", "below": "下方"}
PLACES = {
    "sky": ("天空~中", "天~上"),
    "grass": ("草地~上",),
    "sand": ("沙地~上",),
    "snow": ("雪地~上",),
    "water": ("水面~上", "水~上"),
    "wall": ("墙~前", "墙壁~前"),
}


def gender(noun: str) -> int:
    """Chinese nouns have none."""
    return 0


def noun_phrase(mention: Mention, form: str) -> str:
    """A mention in Chinese: texture, colour, size, noun.

    Args:
        mention: the thing and what is said of it.
        form: nothing or "bare" for the phrase; "tight" without 的 after the colour, as in a headline; "one" and "this"
            with their measure word before it; "count 两" for a number with the measure word alone; "colour" or "size"
            for the attribute alone.
    """
    if form == "colour":
        return f"{COLOURS[mention.colour or '']}的"
    if form == "size":
        return SIZES[mention.size or ""]
    noun = NOUNS[mention.noun]
    if form.startswith("count "):
        return form.removeprefix("count ") + noun.measure
    determiner = {"one": "一", "this": "这"}.get(form)
    measured = f"{determiner}~{noun.measure}·" if determiner else ""
    return measured + _phrase(mention, noun.word, tight=form == "tight")


def _phrase(mention: Mention, noun: str, tight: bool) -> str:
    head = f"{SIZES[mention.size]}~{noun}" if mention.size else noun
    texture = f"带·{TEXTURES[mention.texture]}·的·" if mention.texture else ""
    if not mention.colour:
        return texture + head
    # One 的 is enough, but a single character wants its own.
    link = "" if tight or (texture and len(head) > 1) else "的·"
    return f"{texture}{COLOURS[mention.colour]}·{link}{head}"
