"""German."""

from pipelines.scenes.language.german import templates, words
from pipelines.scenes.language.grammar import Language

GERMAN = Language(
    code="de",
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
    contract=words.contract,
    sides=words.SIDES,
)
