"""Japanese."""

from pipelines.scenes.language.grammar import Language, without_marks
from pipelines.scenes.language.japanese import templates, words

JAPANESE = Language(
    code="ja",
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
    contract=without_marks,
    sides=words.SIDES,
)
