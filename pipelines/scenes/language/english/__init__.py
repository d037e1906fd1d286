"""English."""

from pipelines.scenes.language.english import templates, words
from pipelines.scenes.language.grammar import Language

ENGLISH = Language(
    code="en",
    article=words.ARTICLE,
    noun_phrase=words.noun_phrase,
    gender=words.gender,
    relations=words.RELATIONS,
    places=words.PLACES,
    captions=templates.CAPTIONS,
    hypotheses=templates.HYPOTHESES,
    queries=templates.QUERIES,
    titles=templates.TITLES,
    sites=templates.SITES,
    text=templates.TEXT,
    stories=templates.STORIES,
    sides=words.SIDES,
)
