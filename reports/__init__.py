"""The HTML report: reads metrics and Parquet, writes one page."""
