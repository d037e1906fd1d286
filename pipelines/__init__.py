"""The data jobs: Beam and Parquet, nothing of Prefect, DVC or training."""
