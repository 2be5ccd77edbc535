"""A disk whose power fails: an APSW file system that keeps only what was synced, and parts of the rest.

Writes go to the real files, and what they overwrite is remembered until the file is synced. When the power
fails, a file is what it was at its last sync, plus whichever later writes had reached the disk by then: any
of them, in any order, whole or torn at a sector. What is not modelled: names of files that get lost, and
disks that say they have synced when they have not.

The same file system can fail at the nth call instead, once, as a full disk or a broken one does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from comaker.host import environment

SECTOR = 512

type Fault = Callable[[str], None]
"""Called before every write and sync with its name; what it raises fails the call."""


class PowerCut(Exception):
    """The power failed: the process is gone."""


@dataclass
class Write:
    """A write (or, without ``data``, a truncation) that was not synced yet, and what it replaced."""

    offset: int
    data: bytes | None
    before: bytes
    size_before: int


@dataclass
class Disk:
    """All files of one machine; ``calls`` counts writes and syncs: a fault can come at any of them."""

    fault: Fault | None = None
    calls: int = 0
    unsynced: dict[str, list[Write]] = field(default_factory=dict)

    def call(self, what: str) -> None:
        """Count a call; the fault may fail it."""
        self.calls += 1
        if self.fault:
            self.fault(what)

    def cut_power(self, luck: random.Random) -> None:
        """Leave in every file what a disk would hold now, on which some unsynced writes had arrived."""
        for name, writes in self.unsynced.items():
            if not Path(name).exists():
                continue
            with open(name, "r+b") as file:
                for write in reversed(writes):
                    file.seek(write.offset)
                    file.write(write.before)
                    file.truncate(write.size_before)
                for write in luck.sample(writes, luck.randint(0, len(writes))):
                    _arrive(file, write, luck)
        self.unsynced.clear()


def _arrive(file: Any, write: Write, luck: random.Random) -> None:
    if write.data is None:
        file.truncate(write.offset)
        return
    sectors = [slice(start, start + SECTOR) for start in range(0, len(write.data), SECTOR)]
    whole = luck.random() < 0.5
    for sector in sectors if whole else luck.sample(sectors, luck.randint(0, len(sectors))):
        file.seek(write.offset + sector.start)
        file.write(write.data[sector])


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self.disk = disk
        self.name = name.filename() if isinstance(name, apsw.URIFilename) else name
        self.waiting = disk.unsynced.setdefault(self.name or f"temporary {id(self)}", [])

    def xWrite(self, data: bytes, offset: int) -> None:
        self.disk.call("write")
        size = self.xFileSize()
        length = max(min(len(data), size - offset), 0)
        self.waiting.append(Write(offset, bytes(data), self.xRead(length, offset) if length else b"", size))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self.disk.call("truncate")
        before = self.xFileSize()
        lost = self.xRead(before - size, size) if before > size else b""
        self.waiting.append(Write(size, None, lost, before))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self.disk.call("sync")
        super().xSync(flags)
        self.waiting.clear()


class FaultyFiles(apsw.VFS):
    """A file system on a ``Disk``; registered under ``name`` as long as it lives."""

    def __init__(self, name: str, disk: Disk) -> None:
        self.disk = disk
        super().__init__(name, "")
        self.vfs_name = name

    def xOpen(self, name: Any, flags: list[int]) -> _File:
        return _File(self.disk, name, flags)

    def xDelete(self, name: str, sync_directory: bool) -> None:
        self.disk.unsynced.pop(name, None)
        super().xDelete(name, sync_directory)


class Raw:
    """An APSW connection with the few methods of ``sqlite3.Connection`` that the writer calls."""

    def __init__(self, path: Path, files: FaultyFiles, *, synchronous: str = "FULL") -> None:
        self.apsw = apsw.Connection(str(path), vfs=files.vfs_name)
        self.apsw.set_busy_timeout(1000 * int(str(environment.SQLITE_OPTIONS["timeout"])))
        pragmas = str(environment.SQLITE_OPTIONS["init_command"])
        assert "synchronous=FULL" in pragmas
        # Read to its end: APSW stops at the first row, and the later pragmas would not be run.
        self.apsw.execute(pragmas.replace("synchronous=FULL", f"synchronous={synchronous}")).fetchall()

    def execute(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
        return self.apsw.execute(sql, values or None)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Any:
        return self.apsw.executemany(sql, rows)

    @property
    def in_transaction(self) -> bool:
        return self.apsw.in_transaction

    def rollback(self) -> None:
        if self.in_transaction:
            self.apsw.execute("ROLLBACK")

    def vanish(self) -> None:
        """Let go of the files as a process does that is gone: nothing more is written."""
        # The disk refuses the last checkpoint, as it refuses everything.
        with suppress(Exception):
            self.apsw.close(True)
