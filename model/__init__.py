"""The network, its objectives, training and evaluation: PyTorch and Parquet, never Beam, Prefect or DVC."""
