"""Code-switched captions from English captions and a lexicon: ``python -m pipelines.codeswitch --help``."""
