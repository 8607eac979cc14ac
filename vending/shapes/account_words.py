"""An account in words: a sentence for each thing that is carried, owed or waiting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..accounts import AccountView, Standing
from ..accounts.views import ChargeOwed, DebtOwed, FeeOwed
from ..messages import LOCAL_ZONE, Language, phrase
from ..tariff import Instalment, Label


def sentences(view: AccountView, language: Language) -> list[str]:
    """The account as one would tell it, a sentence for each thing."""
    told = [
        phrase("account_carried", language, balance=view.balance),
        phrase("account_bought", language, units=view.bought, month=str(view.month)),
    ]
    for charge in view.charges:
        facts = {"called": _said(charge, language), "owed": charge.owed}
        told.append(phrase("account_charge", language, month=str(charge.through), **facts))
    for fee in view.fees:
        told.append(phrase("account_fee", language, called=_said(fee, language), owed=fee.owed))
    told += [_debt_said(one, language) for one in view.debts]
    told += [
        phrase("account_waiting", language, off=one.off, code=one.code, id=one.id)
        for one in view.waiting
    ]
    return [*told, phrase("account_owed", language, owed=view.owed)]


def _debt_said(one: DebtOwed, language: Language) -> str:
    debt = one.debt
    facts: dict[str, Any] = {
        "called": _in(debt.label, language),
        "code": debt.code,
        "owed": debt.owed,
    }
    if one.standing is Standing.DISPUTED:
        facts["reason"] = debt.disputed
    elif one.standing is Standing.POSTPONED and debt.postponed is not None:
        last = (debt.postponed.until - timedelta(microseconds=1)).astimezone(LOCAL_ZONE)
        facts |= {"reason": debt.postponed.reason, "day": last.date().isoformat()}
    if one.standing is not Standing.OPEN:
        return phrase(f"account_debt_{one.standing.value}", language, **facts)
    if isinstance(debt.recovery, Instalment):
        facts["instalment"] = debt.recovery.amount
    else:
        facts["percent"] = debt.recovery.percent
    return phrase(f"account_debt_{debt.recovery.rule}", language, **facts)


def _said(one: ChargeOwed | FeeOwed, language: Language) -> str:
    return one.code if one.label is None else _in(one.label, language)


def _in(label: Label, language: Language) -> str:
    return label.ar if language is Language.ARABIC else label.en
