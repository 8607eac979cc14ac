"""Who is at the command line: a name that the system vouches for, as far as it can."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path


def person_here(books: Path | None, environment: Mapping[str, str], uid: int | None = None) -> str:
    """The name of the person who runs this program. `books`: the folder of books that are files;
    None: they are on a server, where owning a folder gives nobody anything.

    Of an account that neither is root nor owns the books: that account's own, whatever the
    environment says. Nobody becomes two people by a variable. Root and the owner can do with the
    books as they please, and often are no person but what everybody's `sudo` leads to: they say for
    whom they act, by LOGNAME where it names another login, else sudo says it.
    """
    uid = os.getuid() if uid is None else uid
    account = _name_of(uid)
    if uid and (books is None or uid != _owner_of(books)):
        return account
    told = next((environment[name] for name in _LOGIN if environment.get(name)), account)
    if told != account:
        return told
    return environment.get("SUDO_USER") or account


_LOGIN = ("LOGNAME", "USER", "LNAME", "USERNAME")
"""Where a login stands, as `getpass` looks for it."""


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        # An account of a container may have no name.
        return f"uid-{uid}"


def _owner_of(books: Path) -> int:
    try:
        return books.stat().st_uid
    except OSError:
        # Nothing is there yet: whoever makes it will own it.
        return os.getuid()
