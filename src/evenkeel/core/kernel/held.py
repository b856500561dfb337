"""Files held in memory that read like a folder.

What was hashed is then exactly what is read, whatever happens on the disk
meanwhile, and an archive reads like the folder that it was made from.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from typing import IO, Any


class Held(Traversable):
    """A file or folder among ``files``: paths with slashes, and bytes."""

    __slots__ = ("_path", "files")

    def __init__(self, files: Mapping[str, bytes], path: str = "") -> None:
        self.files = files
        self._path = path

    @property
    def name(self) -> str:
        return self._path.rsplit("/", 1)[-1]

    def joinpath(self, *descendants: Any) -> Held:
        """The file or folder below; it need not exist, as with any path."""
        parts = [self._path, *(str(part).strip("/") for part in descendants)]
        return Held(self.files, "/".join(part for part in parts if part))

    __truediv__ = joinpath

    def is_file(self) -> bool:
        return self._path in self.files

    def is_dir(self) -> bool:
        return not self.is_file() and any(self._below())

    def iterdir(self) -> Iterator[Held]:
        """What stands directly in this folder, in the order of names."""
        names = sorted({path.split("/", 1)[0] for path in self._below()})
        return (self.joinpath(name) for name in names)

    def _below(self) -> Iterator[str]:
        start = f"{self._path}/" if self._path else ""
        return (path[len(start) :] for path in self.files if path.startswith(start))

    def read_bytes(self) -> bytes:
        """The bytes.

        Raises:
            FileNotFoundError: there is no such file.
        """
        if self._path not in self.files:
            raise FileNotFoundError(self._path)
        return self.files[self._path]

    def read_text(self, encoding: str | None = None) -> str:
        return self.read_bytes().decode(encoding or "utf-8")

    def open(self, mode: Any = "r", *args: Any, **kwargs: Any) -> IO[Any]:
        if "b" in mode:
            return io.BytesIO(self.read_bytes())
        return io.StringIO(self.read_text())
