"""Translations, entailment and headlines."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from scenes_language_world import HOUSE_AND_TREE, random_scene

from pipelines.scenes.language.message import INVERSES, Message, imagined_message, message_of
from pipelines.scenes.language.registry import GRAMMARS
from pipelines.scenes.language.tasks import LABELS, entailment, headline, hypotheses, translation
from pipelines.scenes.scene import LANGUAGES


def test_a_translation_says_the_same_things():
    colours = {"red": "rot", "green": "grün"}
    for seed in range(200):
        english, german = translation(HOUSE_AND_TREE, "en", "de", Random(seed))
        for colour, farbe in colours.items():
            assert (colour in english) == (farbe in german)
        for attribute, eigenschaft in (("small", "klein"), ("big", "groß"), ("striped", "gestreift")):
            assert (attribute in english) == (eigenschaft in german)


def test_a_translation_keeps_who_is_where():
    one_way = replace(HOUSE_AND_TREE, relations=HOUSE_AND_TREE.relations[:1])
    pairs = [translation(one_way, "en", "de", Random(seed)) for seed in range(300)]
    assert sum("left" in english.lower() for english, _ in pairs) > 100
    for english, german in pairs:
        assert ("left" in english.lower()) == ("links" in german.lower())
        assert "right" not in english.lower()
        assert "rechts" not in german.lower()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_entailment_gives_all_labels_about_equally(lang):
    labels = Counter(entailment(random_scene(seed), lang, Random(seed))[2] for seed in range(300))
    assert set(labels) == set(LABELS)
    assert min(labels.values()) > 60


@pytest.mark.parametrize("lang", LANGUAGES)
def test_premise_and_hypothesis_differ(lang):
    pairs = [entailment(random_scene(seed), lang, Random(seed))[:2] for seed in range(200)]
    assert all(premise != hypothesis for premise, hypothesis in pairs)


def test_what_follows_is_true_of_the_scene_and_what_contradicts_is_not():
    for seed in range(300):
        scene, draw = random_scene(seed), Random(seed)
        premise = message_of(scene, draw, ("relation", "relation_place", "pair"))
        assert all(_true(message, scene) for message in hypotheses(premise, scene, "entailment", draw))
        assert not any(_true(message, scene) for message in hypotheses(premise, scene, "contradiction", draw))


def test_what_is_left_open_is_not_in_the_premise():
    for seed in range(300):
        scene, draw = random_scene(seed), Random(seed)
        premise = message_of(scene, draw, ("relation", "relation_place", "pair"))
        nouns = {mention.noun for mention in premise.mentions}
        for message in hypotheses(premise, scene, "neutral", draw):
            if message.kind == "size_is":
                named = message.mentions[0]
                assert all(
                    mention.size is None
                    for mention in premise.mentions
                    if (mention.noun, mention.colour) == (named.noun, named.colour)
                )
            else:
                assert message.mentions[-1].noun not in nouns


@pytest.mark.parametrize("lang", LANGUAGES)
def test_news_have_a_short_headline_and_a_body(lang):
    stop = "。" if lang in ("ja", "zh") else "."
    for seed in range(60):
        title, body = headline(lang, Random(seed))
        assert 2 <= body.count(stop) <= 5
        assert body.endswith(stop)
        assert not title.endswith(stop)
        assert len(title) < len(body)
    assert headline(lang, Random(1)) == headline(lang, Random(1))
    assert len({headline(lang, Random(seed)) for seed in range(200)}) > 190


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_wording_of_every_story_can_be_told(lang):
    for story in GRAMMARS[lang].stories:
        assert len(story.body) == 4
        for wordings in (story.headlines, *story.body):
            for template in wordings:
                told = GRAMMARS[lang].fill(template, imagined_message("story", Random(1)), Random(1))
                assert "{" not in told


def _true(message: Message, scene) -> bool:
    """Whether a hypothesis holds in a scene, read from the scene alone."""
    things = [_matching(mention, scene) for mention in message.mentions]
    if message.kind == "none":
        return not things[0]
    if message.kind in ("colour_is", "size_is"):
        attribute = message.kind.removesuffix("_is")
        claimed = getattr(message.mentions[1], attribute)
        return all(getattr(scene.objects[index], attribute) == claimed for index in things[0])
    if message.background and message.background != scene.background:
        return False
    if message.kind == "relation":
        holding = {(relation.subject, relation.predicate, relation.object) for relation in scene.relations}
        holding |= {(last, INVERSES[predicate], first) for first, predicate, last in holding}
        return any((a, message.predicate, b) in holding for a in things[0] for b in things[1])
    return all(things)


def _matching(mention, scene) -> list[int]:
    wanted = {name: getattr(mention, name) for name in ("noun", "colour", "size", "texture")}
    return [
        index
        for index, thing in enumerate(scene.objects)
        if all(value is None or getattr(thing, name) == value for name, value in wanted.items())
    ]
