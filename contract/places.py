"""Files and folders wherever they lie: on this machine, or at any address that fsspec knows."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from contract.errors import AccessError, InputError, M3PError, UsageError

_BLOCK = 1 << 20
_T = TypeVar("_T")
_NO_FILES = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Place:
    """A file or folder.

    Whatever is asked of it raises AccessError where it may not be read or its store does not answer, and InputError
    where something is to be opened that is neither file nor folder: to wait for what comes through a pipe may take
    for ever.

    Args:
        filesystem: of fsspec.
        path: within it.
        address: how people name it; in messages.

    Attributes:
        local: its path where it lies on this machine; else None.
    """

    def __init__(self, filesystem: Any, path: str, address: str) -> None:
        self.filesystem, self.path, self.address = filesystem, path, address
        protocol = filesystem.protocol
        self.local = Path(path) if "file" in ([protocol] if isinstance(protocol, str) else protocol) else None

    @classmethod
    def of(cls, address: str | Path) -> Place:
        """The place of a path or of an address such as ``s3://bucket/data/demo/captions``.

        Raises:
            UsageError: where no file system of that kind is known or installed.
        """
        from fsspec.core import url_to_fs

        text = str(address)
        if "://" not in text:
            from fsspec.implementations.local import LocalFileSystem

            return cls(LocalFileSystem(), str(Path(text).absolute()), text)
        try:
            filesystem, path = url_to_fs(text)
        except (ImportError, ValueError) as error:
            raise UsageError(f"{text} cannot be opened: {error}", "a path, or an address that fsspec knows.") from error
        return cls(filesystem, path.rstrip("/"), text.rstrip("/"))

    def __str__(self) -> str:
        return self.address

    @property
    def name(self) -> str:
        """The last part of its path."""
        return PurePosixPath(self.path).name

    @property
    def parent(self) -> Place:
        """The folder in which it lies."""
        if self.local is not None:  # "." and "captions/.." have a parent too; links of DVC's are not followed
            above = Path(os.path.normpath(self.local)).parent
            named = Path(self.address)
            return Place(self.filesystem, str(above), str(named.parent if named.name not in ("", "..") else above))
        return Place(self.filesystem, self.path.rpartition("/")[0], self.address.rpartition("/")[0])

    def __truediv__(self, relative: str) -> Place:
        """A place below this folder."""
        return Place(self.filesystem, f"{self.path}/{relative}", f"{self.address.rstrip('/')}/{relative}")

    def read(self, most: int | None = None) -> bytes | None:
        """What the file holds, or as many of its first bytes; None where there is no such file."""
        try:
            with self._reading(), self._opened() as file:
                content: bytes = file.read() if most is None else file.read(most)
                return content
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    def _opened(self, **settings: Any) -> Any:
        self.check_kind()
        return self.filesystem.open(self.path, "rb", **settings)

    def check_kind(self) -> None:
        """Looks, without opening it, whether it is a file or a folder or not there; elsewhere it is nothing else.

        Raises:
            InputError: where it is a named pipe, a socket or a device.
        """
        if self.local is not None:
            found = self._asked(self.local.stat)
            if found is not None and (kind := _NO_FILES.get(stat.S_IFMT(found.st_mode))):
                raise InputError(f"{self} is {kind}.", "a regular file.", "put the file there again.")

    def is_file(self) -> bool:
        """Whether there is such a file."""
        return self.read(1) is not None

    def size(self) -> int | None:
        """Its bytes; None where nothing tells them, or there is no such file."""
        try:
            with self._reading():
                found = self.filesystem.info(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _size(found)

    def folders(self) -> list[str]:
        """Names of the folders in this one, sorted; none where that cannot be told."""
        listed = self._asked(lambda: self.filesystem.ls(self.path, detail=True)) or []
        paths = [one["name"].rstrip("/") for one in listed if one["type"] == "directory"]
        return sorted(PurePosixPath(path).name for path in paths if not self._is_itself(path))

    def listing(self) -> dict[str, int | None] | None:
        """Bytes of each file in this folder itself, by its name; None where the place lists no such folder."""
        listed = self._asked(lambda: self.filesystem.ls(self.path, detail=True))
        if listed is None or (len(listed) == 1 and self._is_itself(listed[0]["name"])):
            return None  # a file lists itself
        return {PurePosixPath(one["name"]).name: _size(one) for one in listed if one["type"] != "directory"}

    def files(self) -> dict[str, int | None] | None:
        """Bytes of each file below this folder, by its path in it; None where the place does not list its files."""
        if self.local is not None:  # fsspec's find passes over folders that may not be read
            listed = self._asked(lambda: {one["name"]: one for one in self._below(self.path)})
        else:
            listed = self._asked(lambda: self.filesystem.find(self.path, detail=True))
        if not listed:
            return None
        prefix = self.filesystem._strip_protocol(self.path).rstrip("/") + "/"
        found: dict[str, int | None] = {}
        for path, about in listed.items():
            if path.startswith(prefix) and not path.endswith("/"):
                found[path[len(prefix) :]] = _size(about)
        return found

    def _below(self, folder: str) -> Iterator[dict[str, Any]]:
        for one in self.filesystem.ls(folder, detail=True):
            if one["type"] == "directory":
                yield from self._below(one["name"])
            else:
                yield one

    def _is_itself(self, path: str) -> bool:
        return bool(self.filesystem._strip_protocol(path) == self.filesystem._strip_protocol(self.path))

    def _asked(self, question: Callable[[], _T]) -> _T | None:
        try:
            with self._reading():
                return question()
        except (FileNotFoundError, NotADirectoryError, NotImplementedError):  # the last: HTTP, say, lists nothing
            return None

    @contextmanager
    def _reading(self, kind: type[M3PError] = AccessError) -> Iterator[None]:
        """Turns what a store says of itself into one message; that something is not there goes through as it is."""
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError, NotImplementedError, M3PError):
            raise  # callers answer these by None: it is not there, or the store does not know the question
        except FileExistsError as error:  # a file stands where a folder is looked for
            raise FileNotFoundError(str(error)) from error
        except PermissionError as error:
            raise self._forbidden(error) from error
        except (OSError, ImportError, ValueError) as error:
            raise kind(f"{self} cannot be read: {error}") from error
        except Exception as error:
            if self.local is not None:
                raise
            # A store's client raises what it likes: aiohttp's, botocore's and others' errors share no base.
            raise kind(f"{self} cannot be read: {type(error).__name__}: {error}") from error

    def _forbidden(self, error: PermissionError) -> AccessError:
        below = self.local is not None and error.filename and Path(error.filename) != self.local
        return AccessError(
            f"{error.filename if below else self} may not be read: permission denied.",
            "a file or folder that you have the right to read.",
            "have its owner give you that right, or run the command as who has it.",
        )

    def parquet(self) -> pq.ParquetFile:
        """The Parquet file, its footer read.

        Raises:
            InputError: where it is not there or no Parquet.
        """
        try:
            if self.local is not None:
                self.check_kind()
                return pq.ParquetFile(self.local, memory_map=True)
            with self._reading():
                opened = self._opened()
            with self._reading(InputError):  # pyarrow's errors of a broken file are those of a connection, too
                return pq.ParquetFile(opened)
        except PermissionError as error:
            raise self._forbidden(error) from error
        except (OSError, ValueError, pa.ArrowException) as error:
            raise InputError(f"{self} cannot be read as Parquet ({error}).", "a Parquet file.") from error

    def copy_to(self, target: IO[bytes] | None) -> tuple[str, int]:
        """Copies the file, or only looks through it, and returns its sha256 and bytes.

        Raises:
            InputError: where it is not there, or no file.
        """
        digest, size = hashlib.sha256(), 0
        try:
            with self._reading(), self._opened(block_size=_BLOCK) as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
                    size += len(block)
                    if target is not None:
                        target.write(block)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise InputError(f"{self} is not there.") from error
        return digest.hexdigest(), size


def _size(about: dict[str, Any]) -> int | None:
    size = about.get("size")
    return size if isinstance(size, int) else None
