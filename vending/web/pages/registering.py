"""The register as pages: a new customer, a meter put in for one, what was written wrong, another
tariff. Who may keep it is asked by the core; others are offered none of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from meters.account import Commodity
from meters.errors import RaseedError
from meters.identity import meter_from_text
from tokens.sts import EncryptionAlgorithm

from ...accounts import CHANGE_TARIFF
from ...finding import Marks
from ...parties import Customer, Meter, ServicePoint
from ...permissions import require
from ...registry import CustomerFile, NewService, PartyFieldWrong, reached_at
from ..addresses import ACCOUNT
from .customers import customer_page
from .offers import on_offer
from .showing import shown, to
from .visitor import Filled, Form, Visiting, Visitor

router = APIRouter(prefix="/customers", include_in_schema=False)

CIPHERS: Final = tuple(EncryptionAlgorithm)
READS: Final = ("", "ar", "en")


@router.get("/new")
def new(visit: Visiting) -> Response:
    """The form for a customer whom nobody has written down yet."""
    return _new(visit)


@router.post("/new")
def add(visit: Visiting, form: Filled) -> Response:
    """Writes them down; a meter comes next."""
    try:
        file = visit.services.register.add_customer(
            visit.who.actor, _customer(form, form["account"]), _marks(form)
        )
    except RaseedError as error:
        return _new(visit, error, form)
    return to(f"/customers/{quote(file.customer.account)}/meter")


@router.get(f"/{ACCOUNT}/change")
def edit(visit: Visiting, account: str) -> Response:
    """The form to correct what was written wrong."""
    return _edit(visit, account)


@router.post(f"/{ACCOUNT}/change")
def change(visit: Visiting, form: Filled, account: str) -> Response:
    """Corrects it, with a reason; the trail keeps what it was."""
    try:
        visit.services.register.change_customer(
            visit.who.actor, _customer(form, account), _marks(form), form["reason"]
        )
    except RaseedError as error:
        return _edit(visit, account, error, form)
    return to(f"/customers/{quote(account)}")


@router.post(f"/{ACCOUNT}/place")
def move_place(visit: Visiting, form: Filled, account: str) -> Response:
    """Corrects where one of their places is."""
    try:
        mine = {one.code for one in _file(visit, account).places}
        if form["code"] not in mine:
            raise PartyFieldWrong("place")
        place = ServicePoint(form["code"], form["quarter"], form["address"])
        visit.services.register.change_place(visit.who.actor, place, form["reason"])
    except RaseedError as error:
        return _edit(visit, account, error, form)
    return to(f"/customers/{quote(account)}")


@router.get(f"/{ACCOUNT}/meter")
def new_meter(visit: Visiting, account: str) -> Response:
    """The form for a meter with its agreement."""
    return _meter_form(visit, account)


@router.post(f"/{ACCOUNT}/meter")
def add_meter(visit: Visiting, form: Filled, account: str) -> Response:
    """Puts it in: from now on it can be sold to."""
    try:
        made = visit.services.register.add_service(visit.who.actor, _service(visit, form, account))
    except RaseedError as error:
        return _meter_form(visit, account, error, form)
    return to(f"/customers/{quote(account)}#of-{made.meter.number}")


@router.post(f"/{ACCOUNT}/tariff")
def ask_tariff(visit: Visiting, form: Filled, account: str) -> Response:
    """Asks for another tariff of one of their agreements; a second person approves it. The form
    carries the request's id: sent twice, it is asked for once."""
    agreement, actor = form["agreement"], visit.who.actor
    try:
        _, files = visit.services.service.customer(actor, account)
        if agreement not in {file.agreement.number for file in files}:
            raise PartyFieldWrong("agreement")
        document = {"agreement": agreement, "tariff": form["tariff"]}
        visit.services.approvals.request(actor, form["id"], CHANGE_TARIFF, document, form["reason"])
    except RaseedError as error:
        return customer_page(visit, account, error, form)
    return to(f"/customers/{quote(account)}")


def _customer(form: Form, account: str) -> Customer:
    return Customer(account, form["name_ar"], form["name_en"], form["phone"])


def _marks(form: Form) -> Marks:
    reads = form["language"]
    return Marks("", form["national_id"], form["card"], reads if reads in READS else "")


def _service(visit: Visitor, form: Form, account: str) -> NewService:
    """What was typed; what was left empty of the meter's key is as most meters have it. Raises
    PartyFieldWrong, and what is wrong with a meter's number."""
    tariff = next((one for one in on_offer(visit) if one.code == form["tariff"]), None)
    if tariff is None:
        raise PartyFieldWrong("tariff")
    place: ServicePoint | str = form["at"]
    if not place:
        place = ServicePoint(form["place"], form["quarter"], form["address"])
    return NewService(
        form["agreement"], account, place, _meter(visit, form, tariff.commodity), tariff.code
    )


def _meter(visit: Visitor, form: Form, commodity: Commodity) -> Meter:
    usual = visit.services.register.usual_meter(visit.who.actor, commodity)
    model = form["model"] or ("" if usual is None else usual.model)
    if model and model not in visit.services.meter_models:
        raise PartyFieldWrong("model")
    return Meter(
        number=meter_from_text(form["meter"]),
        commodity=commodity,
        ea=_cipher(form["ea"], usual),
        sgc=form.number("sgc") or ("" if usual is None else usual.sgc),
        krn=_whole(form, "krn", 1 if usual is None else usual.krn),
        ti=_whole(form, "ti", 1 if usual is None else usual.ti),
        model=model,
        gateway=reached_at(form["gateway"]),
    )


def _cipher(text: str, usual: Meter | None) -> EncryptionAlgorithm:
    known = {one.value: one for one in CIPHERS}
    if text not in known and usual is not None:
        return usual.ea
    return known.get(text, EncryptionAlgorithm.EA07)


def _whole(form: Form, name: str, usual: int) -> int:
    text = form.number(name)
    if not text:
        return usual
    if not (text.isascii() and text.isdecimal() and len(text) <= 2):
        raise PartyFieldWrong(name)
    return int(text)


def _file(visit: Visitor, account: str) -> CustomerFile:
    return visit.services.register.customer(visit.who.actor, account)


def _new(visit: Visitor, error: RaseedError | None = None, form: Form | None = None) -> Response:
    free = visit.services.register.free_account(visit.who.actor)
    return shown(visit, "customers/new.html", error, free=free, form=form or Form.empty())


def _edit(
    visit: Visitor, account: str, error: RaseedError | None = None, form: Form | None = None
) -> Response:
    file = _file(visit, account)
    return shown(
        visit,
        "customers/edit.html",
        error,
        customer=file.customer,
        marks=file.marks,
        places=file.places,
        form=form,
    )


def _meter_form(
    visit: Visitor, account: str, error: RaseedError | None = None, form: Form | None = None
) -> Response:
    actor = visit.who.actor
    require(actor, "keep_parties")
    file = _file(visit, account)
    codes = {place.code for place in file.places}
    return shown(
        visit,
        "customers/meter.html",
        error,
        customer=file.customer,
        places=file.places,
        tariffs=on_offer(visit),
        commodities=tuple(Commodity),
        usual={one: visit.services.register.usual_meter(actor, one) for one in Commodity},
        models=visit.services.meter_models,
        ciphers=CIPHERS,
        free_agreement=_free(account, _agreements(visit, account)),
        free_place=_free(f"SP-{account}", codes),
        form=form or Form.empty(),
    )


def _agreements(visit: Visitor, account: str) -> set[str]:
    _, files = visit.services.service.customer(visit.who.actor, account)
    return {file.agreement.number for file in files}


def _free(stem: str, taken: Iterable[str]) -> str:
    """A number that none of theirs has."""
    there = set(taken)
    return next(name for n in range(1, 10_000) if (name := f"{stem}-{n}") not in there)
