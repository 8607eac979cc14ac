"""Where the first run begins: `raseed serve` tells the page, and the set-up code to a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

from ..messages import Language, isolated, phrase
from ..people import FirstRun
from .context import Cli


def tell_first_run(
    cli: Cli, first_run: FirstRun, page: str, streams: Iterable[TextIO] | None = None
) -> None:
    """Says who may open the set-up page and how, while there is nobody. The code itself goes to a
    terminal alone: what is written elsewhere is kept, copied and read by others."""
    if first_run.is_over:
        return
    tried = (sys.stdout, sys.stderr) if streams is None else tuple(streams)
    terminal = next((one for one in tried if one.isatty()), None)
    if first_run.is_chosen:
        said = phrase("setup_code_chosen", cli.language, page=_whole(cli, page))
    elif terminal is None:
        said = phrase("setup_no_terminal", cli.language, page=_whole(cli, page))
    else:
        code = _whole(cli, first_run.code)
        said = phrase("setup_code", cli.language, page=_whole(cli, page), code=code)
    # Standard output may be read by a program.
    out = terminal or tried[-1]
    out.write(f"{said}\n")
    out.flush()


def _whole(cli: Cli, text: str) -> str:
    return isolated(text) if cli.language is Language.ARABIC else text
