"""Moments of an account and its repository: a command is run from the same one again and again."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from world.desk import Desk


@dataclass(frozen=True)
class Moment:
    """Everything that a command can see: the account's documents and the names of all buckets, the work tree with its
    git, the engine's clock."""

    rows: tuple[tuple[Any, ...], ...]
    files: Path
    later: float


def kept(desk: Desk, place: Path) -> Moment:
    """This moment, with a copy of the files in ``place``."""
    shutil.copytree(desk.repo.root.parent, place, symlinks=True)
    with closing(_documents(desk)) as database:
        sql = "SELECT account, region, kind, id, body FROM doc WHERE account IN (?, '')"
        rows = tuple(database.execute(sql, (desk.account,)))
    return Moment(rows, place, desk.later)


def back_to(desk: Desk, moment: Moment) -> None:
    """The account and the files are again as they were."""
    folder = desk.repo.root.parent
    shutil.rmtree(folder)
    shutil.copytree(moment.files, folder, symlinks=True)
    desk.admin.reset(desk.account)
    with closing(_documents(desk)) as database, database:
        database.executemany("INSERT OR REPLACE INTO doc VALUES (?, ?, ?, ?, ?)", moment.rows)
    desk.later = moment.later


def _documents(desk: Desk) -> sqlite3.Connection:
    """The sandbox's database: it reads again what it was told to forget."""
    return sqlite3.connect(desk.box.data / "sandbox.sqlite3", timeout=20)
