"""What the folder of raw data holds."""

from __future__ import annotations

from pathlib import Path

from contract.files import files_below


def print_contents(out: Path) -> None:
    """Prints how many files lie in each part of the folder, and how large they are."""
    for part in sorted(path for path in out.iterdir() if path.is_dir()):
        sizes = [file.stat().st_size for file in files_below(part)]
        print(f"{part}: {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB")
