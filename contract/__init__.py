"""The data contract: what every dataset of this project looks like, and how one is written and read.

Nothing here imports Beam, and nothing imports torch when it is loaded.
"""
