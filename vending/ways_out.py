"""What leaves the house, from settings: papers, receipt printers, messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from meters.errors import Invalid

from .messages import Language
from .municipality import Municipality
from .outbox import OutboxPlan, Topic
from .outbox_ports import Sender
from .papers import Letterhead, PaperDesk, PaperMaker, Press
from .printing import (
    CashDrawer,
    Device,
    EscPosPrinter,
    FileLine,
    Journal,
    Line,
    NetworkLine,
    SerialLine,
)
from .sending import (
    FolderPrinter,
    FolderSms,
    HttpPoster,
    HttpSms,
    OrderSender,
    PrintSender,
    Pusher,
    SmsGateway,
    SmsSender,
    WebhookSender,
    WebhookTarget,
    secret_bytes,
)
from .service import VendingService
from .settings import PrinterSettings, Settings


@dataclass(eq=False)
class LogoUnusable(Invalid, code="settings.logo_unusable"):
    """The municipality's logo cannot be read."""

    path: str


def outbox_plan(settings: Settings) -> OutboxPlan:
    """What a sale queues by these settings."""
    told = settings.outbox
    return OutboxPlan(told.sms, told.push, dict(told.printers), tuple(sorted(told.webhooks)))


def paper_desk(
    settings: Settings,
    town: Callable[[], Municipality] = Municipality,
    languages: Callable[[str], str] = lambda _: "",
) -> PaperDesk:
    """Papers under the head that the municipality's record says at that moment; what it leaves
    empty comes from the settings. Raises LogoUnusable."""
    told = settings.municipality
    logo = b""
    if told.logo is not None:
        try:
            logo = told.logo.read_bytes()
        except OSError:
            raise LogoUnusable(str(told.logo)) from None
    head = Letterhead(**told.model_dump(exclude={"logo"}), logo=logo)
    language = Language(settings.outbox.language)
    return PaperDesk(Press(), lambda: head.with_record(town()), language, languages)


def printers_for(settings: Settings) -> dict[str, EscPosPrinter]:
    """The receipt printers that the settings name."""
    return {
        name: EscPosPrinter(
            name,
            _line_to(told),
            Journal(settings.spool / name / "printed"),
            told.width,
            told.cash_drawer,
        )
        for name, told in settings.printers.items()
    }


def cash_drawers(
    settings: Settings, printers: Mapping[str, EscPosPrinter]
) -> dict[str, CashDrawer]:
    """By place, where the printer has one."""
    return {
        place: printers[name]
        for place, name in settings.outbox.printers.items()
        if name in printers and printers[name].cash_drawer
    }


def _line_to(told: PrinterSettings) -> Line:
    if told.kind == "network":
        return NetworkLine(told.host, told.port)
    if told.kind == "serial":
        return SerialLine(told.device, told.baudrate)
    return FileLine(told.device)


def senders_for(
    settings: Settings,
    service: VendingService,
    poster: HttpPoster,
    papers: PaperDesk,
    printers: Mapping[str, Device],
) -> dict[Topic, Sender]:
    """The ways of sending that the settings name; `printers`: those that are open already. What is
    queued for another way waits."""
    told = settings.outbox
    targets = {
        name: WebhookTarget(
            hook.url.get_secret_value(), secret_bytes(hook.secret.get_secret_value())
        )
        for name, hook in told.webhooks.items()
    }
    senders: dict[Topic, Sender] = {
        Topic.PRINT: PrintSender(service, papers, FolderPrinter(settings.spool), printers),
        Topic.PUSH: Pusher(service),
        Topic.WEBHOOK: WebhookSender(poster, targets),
    }
    gateway: SmsGateway | None = None
    if told.gateway is not None:
        key = told.gateway_key.get_secret_value()
        gateway = HttpSms(poster, told.gateway.get_secret_value(), key, told.sender)
    elif told.sms_folder is not None:
        gateway = FolderSms(told.sms_folder)
    if gateway is not None:
        senders[Topic.SMS] = SmsSender(gateway, papers.language_of)
    return senders


def order_sender(
    settings: Settings, maker: PaperMaker, papers: PaperDesk, printers: Mapping[str, Device]
) -> OrderSender:
    """The way of papers that are no receipts, over the same printers."""
    return OrderSender(maker, papers, FolderPrinter(settings.spool), printers)
