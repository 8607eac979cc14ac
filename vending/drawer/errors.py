"""Why a drawer, its count or a deposit at the bank is not as somebody asked."""

from __future__ import annotations

from dataclasses import dataclass

from meters.errors import Invalid, Refused


@dataclass(eq=False)
class DrawerIdMalformed(Invalid, code="drawer.id_malformed"):
    """The id of a shift, a cash move, an X report or a banking is 1 to 64 letters, digits and
    `. _ : -`, made by the caller."""

    length: int


@dataclass(eq=False)
class DrawerAmount(Invalid, code="drawer.amount"):
    """An amount of cash is above zero (an opening float may be zero) and of a size that a drawer
    can hold."""

    amount: str


@dataclass(eq=False)
class DenominationUnknown(Invalid, code="drawer.denomination_unknown"):
    """There is no note or coin of this value."""

    text: str
    known: list[str]


@dataclass(eq=False)
class PiecesWrong(Invalid, code="drawer.pieces_wrong"):
    """How many pieces were counted is a whole number, not below zero; each note or coin is told
    once."""

    text: str


@dataclass(eq=False)
class NothingCounted(Invalid, code="drawer.nothing_counted"):
    """A count names at least one note or coin, if only that there is none of it."""


@dataclass(eq=False)
class SlipsWrong(Invalid, code="drawer.slips_wrong"):
    """Slips are counted of a way of paying other than cash, each once, not below zero."""

    tender: str


@dataclass(eq=False)
class ShiftUnknown(Invalid, code="shift.unknown"):
    """No shift has this id."""

    shift: str


@dataclass(eq=False)
class NoShiftOpen(Refused, code="shift.none_open"):
    """No shift is open at this terminal, and none was named."""

    point: str
    terminal: str


@dataclass(eq=False)
class ShiftIdReused(Refused, code="shift.id_reused"):
    """A shift with this id was opened elsewhere, by somebody else or with another float."""

    shift: str


@dataclass(eq=False)
class TerminalTaken(Refused, code="shift.terminal_taken"):
    """Another shift is open at this terminal."""

    terminal: str
    shift: str
    operator: str


@dataclass(eq=False)
class OperatorBusy(Refused, code="shift.operator_busy"):
    """The operator has another shift open."""

    operator: str
    shift: str
    point: str
    terminal: str


@dataclass(eq=False)
class ShiftNotYours(Refused, code="shift.not_yours"):
    """An operator has to do with own shifts alone; a supervisor with everybody's."""

    shift: str
    operator: str


@dataclass(eq=False)
class ShiftClosed(Refused, code="shift.closed"):
    """The shift is closed: nothing is added to it."""

    shift: str


@dataclass(eq=False)
class ShiftStillOpen(Refused, code="shift.still_open"):
    """The shift is open: it has no Z report, and its money is not banked yet."""

    shift: str


@dataclass(eq=False)
class CountDiffers(Refused, code="shift.count_differs"):
    """The shift was closed with another count, which stands."""

    shift: str


@dataclass(eq=False)
class CashMoveIdReused(Refused, code="shift.move_id_reused"):
    """Cash was moved under this id in another shift, the other way, or with another amount or
    reason."""

    move: str


@dataclass(eq=False)
class CashShort(Refused, code="shift.cash_short"):
    """More is taken out than lies in the drawer. How much lies there is not told: it is going to
    be counted blind."""

    amount: str


@dataclass(eq=False)
class XReportUnknown(Invalid, code="x_report.unknown"):
    """No X report has this id."""

    report: str


@dataclass(eq=False)
class XReportIdReused(Refused, code="x_report.id_reused"):
    """An X report of another shift was taken under this id."""

    report: str


@dataclass(eq=False)
class BankingUnknown(Invalid, code="banking.unknown"):
    """No banking has this id."""

    banking: str


@dataclass(eq=False)
class BankingIdReused(Refused, code="banking.id_reused"):
    """A banking with this id took other shifts or amounts, or is of another point."""

    banking: str


@dataclass(eq=False)
class BankedAlready(Refused, code="banking.shift_banked"):
    """The money of this shift has been banked."""

    shift: str


@dataclass(eq=False)
class ShiftElsewhere(Refused, code="banking.shift_elsewhere"):
    """The shift is of another vending point than the banking."""

    shift: str
    point: str


@dataclass(eq=False)
class NothingToBank(Refused, code="banking.nothing"):
    """No closed shift waits for the bank, or those named left nothing."""

    point: str


@dataclass(eq=False)
class MoreThanThere(Refused, code="banking.more_than_there"):
    """More is banked in one way of paying than lies there outside open drawers."""

    tender: str
    amount: str


@dataclass(eq=False)
class PiecesDiffer(Invalid, code="banking.pieces_differ"):
    """The notes and coins on the slip are not the cash on it."""

    pieces: str
    cash: str


@dataclass(eq=False)
class ReferenceTooLong(Invalid, code="banking.reference_too_long"):
    """A bank's reference has at most this many characters."""

    most: int
