"""Bilingual dictionaries of every common kind into one lexicon: ``python -m pipelines.lexicon --help``."""
