"""What cash goes back with one sale: a sum that coins can pay.

A basket is paid to the coin as a whole, so its sales by themselves were paid in sums that no coin
pays. Who takes back one of them is given what the cash of all that was taken back so far comes to,
rounded to the coin, less what was given before. So each time coins can pay it, and all together are
what was taken, whatever the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meters.quantities import Money

from .ledger import Chart, Posting
from .payments import to_coin
from .ports import Reading
from .record import SaleRecord, receipt_of
from .sale import SaleKind, Tender
from .vend import paid_parts
from .voids import read_document


def given_with(total: Money, before: Money, own: Money) -> Money:
    """The cash that goes back with a sale of a basket that was paid `total` in cash; `own` is this
    sale's part of it, `before` that of the sales taken back earlier. Who paid the basket to the
    agora had it in coins: then each sale's own part goes back."""
    if to_coin(total) != total:
        return own
    return to_coin(before + own) - to_coin(before)


def more_in_coins(books: Reading, record: SaleRecord) -> int:
    """By how many minor units the cash that goes back with this sale is more (below zero: less)
    than what of its basket's cash was paid for it."""
    own = _cash(record)
    if own.is_zero:
        return 0
    total = before = Money(0, record.currency)
    for sold, gone in _basket(books, record):
        total += _cash(sold)
        if gone:
            before += _cash(sold)
    return (given_with(total, before, own) - own).minor


def in_coins(postings: Sequence[Posting], more: int, chart: Chart) -> tuple[Posting, ...]:
    """The postings by which a sale is taken back, with so much more cash given to the customer:
    out of the till or onto the operator's deposit, against what rounding costs."""
    if not more:
        return tuple(postings)
    cash = {chart.role("till").code, chart.role("operator_deposit").code}
    rounding = chart.role("coin_rounding").code
    place = next(n for n, p in enumerate(postings) if p.account in cash and p.amount < 0)
    made = [*postings, Posting(rounding, "", postings[place].unit, 0)]
    rounded = next(n for n, p in enumerate(made) if p.account == rounding)
    for at, moved in ((place, -more), (rounded, more)):
        made[at] = made[at]._replace(amount=made[at].amount + moved)
    return tuple(posting for posting in made if posting.amount)


def _cash(record: SaleRecord) -> Money:
    parts = paid_parts(receipt_of(record))
    cash = (part.amount for part in parts if part.tender is Tender.CASH)
    return sum(cash, Money(0, record.currency))


def _basket(books: Reading, record: SaleRecord) -> Iterator[tuple[SaleRecord, bool]]:
    """The sales that were paid together with this one, and whether their money was given back. A
    corrected sale stands as what it was sold anew as: its money is what was paid then."""
    first = record
    while first.kind == SaleKind.CORRECTION.value:
        wrong = books.sale(receipt_of(first).refers_to)
        if wrong is None:
            break
        first = wrong
    for sold in books.basket(first.basket or first.vend_id):
        standing = sold
        while True:
            void = books.void_of(standing.vend_id)
            anew = None if void is None else read_document(void).get("replaced_by")
            found = None if anew is None else books.sale(str(anew))
            if found is None:
                break
            standing = found
        yield standing, void is not None
