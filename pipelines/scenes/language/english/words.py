"""English words and noun phrases."""

from __future__ import annotations

from pipelines.scenes.language.message import Mention

ARTICLE = "a"
PLURALS = {
    "house": "houses",
    "tree": "trees",
    "car": "cars",
    "boat": "boats",
    "star": "stars",
    "ball": "balls",
    "fish": "fish",
    "flower": "flowers",
    "cup": "cups",
    "kite": "kites",
    "book": "books",
    "umbrella": "umbrellas",
}
RELATIONS = {
    "left_of": ("left of {b:{article}}", "to the left of {b:{article}}"),
    "right_of": ("right of {b:{article}}", "to the right of {b:{article}}"),
    "above": ("above {b:{article}}", "over {b:{article}}"),
    "below": ("below {b:{article}}", "under {b:{article}}"),
}
SIDES = {"left_of": "to the left of", "right_of": "to the right of", "above": "above", "below": "below"}
PLACES = {
    "sky": ("in the sky",),
    "grass": ("on the grass", "in the grass"),
    "sand": ("on the sand", "in the sand"),
    "snow": ("in the snow", "on the snow"),
    "water": ("on the water",),
    "wall": ("in front of a wall", "in front of the wall"),
}


def gender(noun: str) -> int:
    """English nouns have none."""
    return 0


def noun_phrase(mention: Mention, form: str) -> str:
    """A mention in English.

    Args:
        mention: the thing and what is said of it.
        form: "bare", "a", "the", "plural" (without article), or "colour" or "size", the attribute alone.
    """
    if form in ("colour", "size"):
        return str(getattr(mention, form))
    noun = PLURALS[mention.noun] if form == "plural" else mention.noun
    phrase = " ".join(word for word in (mention.size, mention.colour, mention.texture, noun) if word)
    if form == "a":
        return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"
    return f"the {phrase}" if form == "the" else phrase
