"""Multimodal code-switched training: words of an English caption give way to translations, in random languages.

The stage ``codeswitch`` writes variants to Parquet with it. It lies in the contract so that training can draw afresh in
each epoch with the same code: equal settings and seeds give the same text. NumPy, Numba and pyarrow only, a batch at a
time. Its names are imported from the modules, since compiled loops take their time to load.

    lexicon = Lexicon.load(Path("data/demo/lexicon"), languages=("de", "fr"))
    switcher = Switcher(lexicon, Settings(word_probability=0.5))
    switched = switcher.switch(caption_ids, texts, variants=range(4), seed=7)

The way of a batch: ``tokens`` (where words are) → ``matches`` (which of them, or which phrases, the lexicon holds) →
``draws`` (which give way, to what) → ``assembly`` (the new text and its replacements).
"""
