"""Plain text by language, as the dataset ``corpus``.

Two passes. The first (``spill``) reads the files piece by piece and sorts clean sentences towards the shard of their
hash; the second keeps one of each, and samples languages where there is a budget.
"""
