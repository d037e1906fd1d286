"""Italian."""

from pipelines.scenes.language.grammar import Language
from pipelines.scenes.language.italian import templates, words

ITALIAN = Language(
    code="it",
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
