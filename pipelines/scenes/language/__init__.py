"""The embedded world's language: a small grammar a language, and what is said with it.

A tenth language is one more package beside ``english``: ``words.py`` (its lexicon and noun phrases), ``templates.py``
(its sentences) and an ``__init__.py`` that puts the two into a ``Language``; then a line in ``registry.py``, a code in
``pipelines.scenes.scene.LANGUAGES`` and a file in ``dictionaries/``.
"""
