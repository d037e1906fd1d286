"""MILD: (query, image, context) triples from an image-search log, in the paper's five steps (section 4, version 1).

The way of a row, each step a module or two of pure functions:

    step 1  log_files → log_rows (page_title for the context) → text, languages → collect
    step 2  image_facts → image_filters (reliability)
    step 3  words → sensitive_words, noise → query_filters
    step 4  class_names → pair_features → relevance
    step 5  sample

``stage`` runs them in three passes over Beam workers, each of which can be killed and resumed: ``prepare`` (log rows to
the shards of their pictures, facts of the pictures), ``candidates`` (steps 1 to 3 and the features of step 4), and
``write`` (steps 4 and 5). What needs all shards at once, two small models and the quotas, happens between them.
"""
