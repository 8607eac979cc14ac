"""`raseed approval request ...`: sales of two people and other tariffs asked for; and `raseed meter
exchange`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from drivers.places import TCP, is_place, parse_place
from meters.identity import meter_from_text
from tokens.sts import BaseDate, EncryptionAlgorithm

from ..acts import NewMeter, Source
from ..messages import LOCAL_ZONE, term
from ..parties import GatewayAddress, GatewayPlace, Reached, Role
from ..requests import Units
from ..shapes import ExchangeOut
from ..tariff.months import read_moment
from .approvals import approval, facts_of, request_shown
from .asking import IdOption, Reason, given_or_new
from .context import Cli, Json, MeterArg, VendIdArg, cli_of
from .parties import meter as meter_group
from .seat import seated

request = typer.Typer(no_args_is_help=True, help="Ask for what needs two people.")
approval.add_typer(request, name="request")

UnitsArg = Annotated[str, typer.Argument(metavar="UNITS", help="In kWh or m3: 12.5")]
AgreementArg = Annotated[str, typer.Argument(metavar="AGREEMENT", help="Number of the agreement.")]
PointOption = Annotated[
    str | None, typer.Option(help="Vending point that it is sold at (or RASEED_POINT).")
]
SourceOption = Annotated[
    Source, typer.Option(help="How it is known what was left: a kept reading, a photo, ...")
]


@request.command("free-issue")
def free_issue(
    ctx: typer.Context,
    number: MeterArg,
    units: UnitsArg,
    reason: Reason,
    point: PointOption = None,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """Units without money."""
    _ask(ctx, id, "free_issue", {"meter": number, "units": units}, reason, point, as_json)


@request.command("refund")
def refund(
    ctx: typer.Context,
    number: MeterArg,
    units: UnitsArg,
    sale: Annotated[str, typer.Option(help="Vend id of the sale that gave them.")],
    reason: Reason,
    point: PointOption = None,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """Units given back for an earlier sale."""
    document = {"meter": number, "units": units, "sale": sale}
    _ask(ctx, id, "refund", document, reason, point, as_json)


@request.command("engineering")
def engineering(
    ctx: typer.Context,
    number: MeterArg,
    token: Annotated[
        str, typer.Argument(metavar="TOKEN", help="clear_credit, set_maximum_power_limit, ...")
    ],
    reason: Reason,
    field: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="As limit_w=4000. May be repeated."),
    ] = None,
    point: PointOption = None,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """A token that manages the meter."""
    fields = {}
    for one in field or ():
        name, equals, value = one.partition("=")
        if not equals:
            raise typer.BadParameter(one, param_hint="--field")
        fields[name] = value
    document = {"meter": number, "token": token, "fields": fields}
    _ask(ctx, id, "engineering", document, reason, point, as_json)


@request.command("void-refund")
def void_refund(
    ctx: typer.Context,
    sale: VendIdArg,
    reason: Reason,
    point: PointOption = None,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """The money of a sale given back; its units stay with the customer."""
    _ask(ctx, id, "void_refund", {"sale": sale}, reason, point, as_json)


@request.command("correction")
def correction(
    ctx: typer.Context,
    sale: VendIdArg,
    number: MeterArg,
    reason: Reason,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """A sale to a wrong meter, taken back and sold anew to METER; no money moves."""
    _ask(ctx, id, "correction", {"sale": sale, "meter": number}, reason, None, as_json)


@request.command("transfer")
def transfer(
    ctx: typer.Context,
    agreement: AgreementArg,
    old_meter: Annotated[str, typer.Argument(metavar="OLD_METER")],
    units: UnitsArg,
    source: SourceOption,
    reason: Reason,
    point: PointOption = None,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """What was left on an exchanged meter, for the one in its place."""
    document = {
        "agreement": agreement,
        "old_meter": old_meter,
        "units": units,
        "source": source.value,
    }
    _ask(ctx, id, "transfer", document, reason, point, as_json)


@request.command("change-tariff")
def change_tariff(
    ctx: typer.Context,
    agreement: AgreementArg,
    tariff: Annotated[str, typer.Argument(metavar="TARIFF", help="Code of the new tariff.")],
    reason: Reason,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """The agreement sold by another tariff; charges of the new one begin next month."""
    document = {"agreement": agreement, "tariff": tariff}
    _ask(ctx, id, "change_tariff", document, reason, None, as_json)


@meter_group.command("exchange")
def exchange(
    ctx: typer.Context,
    agreement: AgreementArg,
    number: MeterArg,
    sgc: Annotated[str, typer.Option(help="Supply group code, six digits.")],
    krn: Annotated[int, typer.Option(min=1, max=9, help="Key revision number.")],
    ti: Annotated[int, typer.Option(min=0, max=99, help="Tariff index.")],
    source: SourceOption,
    reason: Reason,
    units: Annotated[
        str | None, typer.Option(help="Left on the old meter, if not all that the reading says.")
    ] = None,
    ea: Annotated[str, typer.Option(help="Cipher of its tokens: 07 or 11.")] = "07",
    ken: Annotated[
        int | None,
        typer.Option(min=0, max=255, help="Expiry number that it was told, if not its key's."),
    ] = None,
    base_date: Annotated[
        int | None, typer.Option(help="Year that it counts from, if not as its key.")
    ] = None,
    model: Annotated[str, typer.Option(help="Its register map.")] = "raseed-payment",
    gateway: Annotated[
        str | None, typer.Option(metavar="HOST:PORT/UNIT|PLACE", help="Where it answers.")
    ] = None,
    down_since: Annotated[
        str | None,
        typer.Option(
            metavar="MOMENT",
            help="From when on the old meter was off the wall or dead already: 2026-01-12T08:00.",
        ),
    ] = None,
    id: IdOption = None,
    as_json: Json = False,
) -> None:
    """Put METER in the place of the agreement's meter. What was left waits for a second person."""
    cli = cli_of(ctx)
    if ea not in {one.value for one in EncryptionAlgorithm}:
        raise typer.BadParameter(ea, param_hint="--ea")
    if len(sgc) != 6 or not (sgc.isascii() and sgc.isdecimal()):
        raise typer.BadParameter(sgc, param_hint="--sgc")
    if base_date not in {None, *(one.value for one in BaseDate)}:
        raise typer.BadParameter(str(base_date), param_hint="--base-date")
    new = NewMeter(
        number=meter_from_text(number),
        ea=EncryptionAlgorithm(ea),
        sgc=sgc,
        krn=krn,
        ti=ti,
        model=model,
        gateway=_address(gateway),
        base_date=None if base_date is None else BaseDate(base_date),
        ken=ken,
    )
    with cli.raseed_with_keys_at_hand() as raseed:
        made = raseed.exchanges.exchange(
            cli.actor(role=Role.TECHNICIAN),
            given_or_new(id),
            agreement,
            new,
            source,
            reason,
            None if units is None else Units(units),
            None if down_since is None else read_moment(down_since, LOCAL_ZONE),
        )
        shown = ExchangeOut.of(made, raseed.approvals.state(made.request))

    def people(cli: Cli) -> None:
        cli.facts((("agreement", agreement), ("meter", shown.meter.number)))
        facts_of(cli, shown.request)

    cli.show(shown, as_json, people)


def outcome_shown(cli: Cli, outcome: Mapping[str, Any]) -> None:
    """A sale that an approval has made."""
    quantity = outcome["quote"]["quantity"]
    cli.facts(
        (
            ("receipt", outcome["receipt"]),
            ("vend_id", outcome["vend_id"]),
            ("kind", term(outcome["kind"], cli.language)),
            ("meter", outcome["meter"]),
            ("units", f"{quantity['value']} {quantity['unit']}"),
        )
    )
    if outcome["held"]:
        cli.line(cli.label("held"))


def _ask(
    ctx: typer.Context,
    id: str | None,
    act: str,
    document: dict[str, Any],
    reason: str,
    point: str | None,
    as_json: bool,
) -> None:
    cli = cli_of(ctx)
    # What is asked for is tried out, also against its key where that can be opened.
    with cli.raseed_with_keys_at_hand() as raseed:
        # Money that goes back comes out of the drawer where it was asked for.
        actor = seated(cli, raseed, point, None)
        made = raseed.approvals.request(actor, given_or_new(id), act, document, reason)
        request_shown(cli, raseed, made, as_json)


def _address(text: str | None) -> Reached | None:
    if text is None:
        return None
    if is_place(text):
        place = parse_place(text)
        if place.transport == TCP and place.port is not None and place.station.isdecimal():
            return GatewayAddress(place.host, place.port, int(place.station))
        return GatewayPlace(text)
    line, _, unit = text.rpartition("/")
    host, _, port = line.rpartition(":")
    if not (host and port.isdecimal() and unit.isdecimal()):
        raise typer.BadParameter(text, param_hint="--gateway")
    return GatewayAddress(host, int(port), int(unit))
