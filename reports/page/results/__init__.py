"""Metrics as tables, made once: for the page, as Markdown, as CSV, and for DVC."""
