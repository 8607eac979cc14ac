"""What a sale is asked for with on the command line: how much of what, paid in which ways, and
which debts are put off."""

from __future__ import annotations

from typing import Annotated

import typer

from meters.quantities import Money

from ..requests import Credit, DebtPayment, Postponement, Units
from ..sale import Payment, Tender, TenderUnknown

# "-5" is an amount that the core refuses with words, not an option that does not exist.
NEGATIVE = {"ignore_unknown_options": True}

AmountArg = Annotated[
    str, typer.Argument(metavar="AMOUNT", help="What the customer hands over, VAT included: 50.00")
]
UnitsFlag = Annotated[bool, typer.Option("--units", help="AMOUNT is units to be sold: kWh or m3.")]
PostponeOption = Annotated[
    list[str] | None,
    typer.Option(metavar="DEBT=REASON", help="Do not ask for this debt now. May be repeated."),
]
PayOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TENDER:AMOUNT[:REFERENCE]",
        help="What is handed over, e.g. card:30.00:slip-7. May be repeated.",
    ),
]
TenderOption = Annotated[
    str | None,
    typer.Option(
        help="Paid in one way, and exactly: cash (if not told), card, cheque, wallet or transfer."
    ),
]
HoldFlag = Annotated[
    bool, typer.Option("--hold", help="Keep the digits back until `raseed sale reveal`.")
]
PointOption = Annotated[
    str | None, typer.Option(help="Vending point that sells (or RASEED_POINT).")
]


def asked(amount: str, units: bool, currency: str) -> Money | Units:
    """Raises NotANumber, TooFine."""
    return Units(amount) if units else Money.from_text(amount, currency)


def tender_of(text: str) -> Tender:
    """Raises TenderUnknown."""
    if text not in {one.value for one in Tender}:
        raise TenderUnknown(text[:20])
    return Tender(text)


def one_way(text: str | None) -> Tender | None:
    """The way in which all of it is paid, if it was told. Raises TenderUnknown."""
    return None if text is None else tender_of(text)


def postponed(options: list[str] | None) -> tuple[Postponement, ...]:
    """Raises BadParameter."""
    return tuple(Postponement(*pair) for pair in pairs("--postpone", options))


def paid_in(options: list[str] | None, currency: str) -> tuple[Payment, ...]:
    """Raises BadParameter, TenderUnknown, NotANumber, TooFine."""
    payments = []
    for option in options or ():
        tender, colon, rest = option.partition(":")
        amount, _, reference = rest.partition(":")
        if not colon:
            raise typer.BadParameter(option, param_hint="--pay")
        payments.append(Payment(tender_of(tender), Money.from_text(amount, currency), reference))
    return tuple(payments)


def pairs(name: str, options: list[str] | None) -> list[tuple[str, str]]:
    """The two sides of each `left=right` that the option `name` was given. Raises BadParameter."""
    found = []
    for option in options or ():
        left, equals, right = option.partition("=")
        if not equals:
            raise typer.BadParameter(option, param_hint=name)
        found.append((left, right))
    return found


def debt_paid(number: str, text: str, currency: str) -> DebtPayment:
    """Of `amount` or `amount:code`. Raises NotANumber, TooFine."""
    amount, _, code = text.partition(":")
    return DebtPayment(number, Money.from_text(amount, currency), code)


def credits_of(
    bought: list[tuple[str, Money | Units]], quotes: list[str] | None, postpone: list[str] | None
) -> list[Credit]:
    """What is bought for each meter, with the quotes and postponements that name the meter as it is
    typed there. Raises BadParameter for one that names none, or names it twice."""
    promised: dict[str, str] = {}
    for number, quote_id in pairs("--quote", quotes):
        if promised.setdefault(number, quote_id) != quote_id:
            raise typer.BadParameter(number, param_hint="--quote")
    put_off: dict[str, list[Postponement]] = {}
    for where, reason in pairs("--postpone", postpone):
        number, _, debt = where.partition(":")
        put_off.setdefault(number, []).append(Postponement(debt, reason))
    meters = [number for number, _ in bought]
    for name, named in (("--quote", promised), ("--postpone", put_off)):
        for number in named:
            if meters.count(number) != 1:
                raise typer.BadParameter(number, param_hint=name)
    return [
        Credit(number, ask, promised.get(number, ""), tuple(put_off.get(number, ())))
        for number, ask in bought
    ]
