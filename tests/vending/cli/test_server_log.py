"""What the server writes down: whole lines, in order, of one form, warnings at once."""

from __future__ import annotations

import io
import logging
import re

from vending.cli.server_log import BriefFormatter, UnhurriedHandler

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [a-z.]+ .*")


def test_a_line_about_a_request_looks_like_any_other() -> None:
    out = io.StringIO()
    handler = UnhurriedHandler(out)
    handler.setFormatter(BriefFormatter())
    log = logging.Logger("raseed.access")
    log.addHandler(handler)
    log.info("%s %r %d", "GET", "/a", 200)
    handler.say("raseed.access", "GET '/a' 200")
    # Held for a moment, and with the first warning everything goes out in its order.
    log.warning("now")
    record, said, warning = out.getvalue().splitlines()
    assert all(LINE.fullmatch(line) for line in (record, said, warning))
    assert record[23:] == said[23:] == " INFO raseed.access GET '/a' 200"
    assert record[:17] == said[:17]
    assert warning.endswith(" WARNING raseed.access now")
    handler.say("raseed.access", "the last")
    handler.close()
    assert out.getvalue().splitlines()[3].endswith(" INFO raseed.access the last")
