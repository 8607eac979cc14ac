"""The process behind `raseed serve`: uvicorn with uvloop, and the jobs."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
from functools import partial
from types import FrameType
from typing import Final

import uvicorn

from ..jobs import Closing, Forgetting, Reconciling, Sending, scheduler
from ..running import Raseed
from ..store import checkpoints_beside
from ..web import access, create_app
from .listening import KEPT_S, listening, open_more_files
from .server_log import BriefFormatter, UnhurriedHandler, without_what_nobody_reads

_NEW_OBJECTS: Final = 20_000
"""How many objects more than before make the collector look for circles among them. A batch of
sales holds thousands at once and leaves none: the usual 700 cost it 7 % for nothing."""


def run(raseed: Raseed, listener: socket.socket, *, while_stdin_is_open: bool = False) -> None:
    """Serves on a bound socket until SIGINT or SIGTERM, then lets running requests finish.

    With `while_stdin_is_open` it also ends when standard input does: whoever started it holds
    the other end, so it cannot outlive a starter that was killed.
    """
    without_what_nobody_reads()
    open_more_files()
    handler = UnhurriedHandler(sys.stderr)
    handler.setFormatter(BriefFormatter())
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    # One line per run is the jobs' own business; the scheduler's adds nothing.
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    config = uvicorn.Config(
        create_app(raseed, partial(handler.say, access.log.name)),
        loop="uvloop",
        http=listening(raseed.settings.web.silence_seconds),
        log_config=None,
        # Our own line per request leaves out the query, where a name or number may stand.
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEPT_S,
        timeout_graceful_shutdown=10,
    )
    jobs = scheduler()
    reconciling = Reconciling(raseed.service)
    reconciling.add_to(jobs, raseed.settings.jobs.reconcile_seconds)
    Forgetting(raseed.service).add_to(jobs)
    Closing(raseed.closing).add_to(jobs)
    sending = Sending(raseed.outbox)
    sending.add_to(jobs, raseed.settings.outbox.poll_seconds)
    if raseed.settings.jobs.enabled:
        jobs.start()
    try:
        server = uvicorn.Server(config)
        # What is here now stays: the collector need not look through it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_NEW_OBJECTS, 20, 20)
        # uvicorn raises the signal again once it has ended, for whoever handled it before; the
        # default would end the process before the jobs and the log are closed.
        signal.signal(signal.SIGTERM, _noted)
        if while_stdin_is_open:
            threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
        with checkpoints_beside(raseed.store.engine):
            server.run(sockets=[listener])
    finally:
        reconciling.end()
        sending.end()
        if jobs.running:
            jobs.shutdown()
        logging.shutdown()


def _noted(_: int, __: FrameType | None) -> None:
    """The server has ended for it already."""


def _end_with_stdin(server: uvicorn.Server) -> None:
    while os.read(0, 4096):
        pass
    server.should_exit = True
