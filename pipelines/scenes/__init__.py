"""The embedded world: drawn scenes with exact boxes, captions in nine languages, a search log and plain text."""
