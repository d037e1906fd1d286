"""Pictures and captions from whatever source, as the datasets ``images`` and ``captions``.

Two passes over the pictures. The first (``scan``) opens every one and notes its size, checksum and perceptual
hashes; from these the split of each follows (``splits``). The second writes the datasets from those notes.
"""
