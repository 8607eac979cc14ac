"""Who answers to a mask of addresses: nobody, one, or several at once."""

from __future__ import annotations

from ..conversation import Conversation, Quiet
from ..lines import Declined, NoReply
from .frames import Frame, address_text, matches
from .station import Function, Station, ask

_ADDRESS_BYTES = 6


def who(station: Station) -> Conversation[str | None]:
    """The address of the only meter that the station's address means, `A` standing for any digit;
    empty if nobody answers, None if what comes is the noise of several."""

    def tells_itself(frame: Frame) -> bool:
        is_address = len(frame.data) == _ADDRESS_BYTES and frame.data.hex().isdecimal()
        return is_address and matches(station.address, address_text(frame.data))

    try:
        frame = yield from ask(station, Function.READ_ADDRESS, b"", tells_itself)
    except NoReply as error:
        yield Quiet(station.settle_s)
        return "" if error.reason == "timeout" else None
    except Declined:
        # One that does not tell its address to a mask is there all the same.
        return None
    return address_text(frame.data)
