"""The parts of the settings, one for each table of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from ..people import LEAST_CODE
from ..people.devices import normalised
from ..sending import secret_bytes


class _Part(BaseModel):
    # `extra="forbid"` on the whole does not reach its parts: each part says it for itself.
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(_Part):
    """Where the books are kept."""

    url: SecretStr | None = None
    """SQLAlchemy URL; without one, SQLite in the data folder. Secret: it may hold a password."""
    busy_timeout_seconds: Annotated[float, Field(ge=0, le=60)] = 5.0
    """How long to wait for another program that is writing."""


class KeySettings(_Part):
    """The sealed file of vending keys."""

    file: Path | None = None
    """Default: `keys.sealed` in the data folder."""


def _setup_code(text: SecretStr) -> SecretStr:
    plain = normalised(text.get_secret_value())
    if text.get_secret_value() and len(plain) < LEAST_CODE:
        raise ValueError("too short")
    return text


_SetupCode = Annotated[SecretStr, AfterValidator(_setup_code)]
"""Letters and digits; dashes, spaces and case do not count."""


class WebSettings(_Part):
    """Where the pages and the JSON API listen, and to whom."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8600
    silence_seconds: Annotated[float, Field(ge=1, le=600)] = 20.0
    """How long a caller may be silent in the middle of a request; then the line is taken for
    dead."""
    devices_required: bool = False
    """Whether people who sell sign in on devices with a key of their point alone."""
    setup_code: _SetupCode = SecretStr("")
    """What the first run asks for, where it is set up by a script; empty: `serve` makes one and
    tells its terminal."""


class MeterSettings(_Part):
    """How patiently meters are asked."""

    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 3.0
    held_credit: Path | None = None
    """What unreached meters are granted whose credit the house holds; without one, what is shipped
    in `config/held-credit.toml`."""


class ClockSettings(_Part):
    """How far the machine's clock may be ahead before nothing is booked by it."""

    leap_minutes: Annotated[int, Field(ge=1, le=1440)] = 10
    """Ahead of the time that has passed since this program booked last."""
    closed_days: Annotated[int, Field(ge=1, le=366)] = 5
    """Ahead of the last entry, after a start; and of the moment that somebody confirmed."""


class JobSettings(_Part):
    """Work by the clock, inside `raseed serve`."""

    enabled: bool = True
    reconcile_seconds: Annotated[int, Field(ge=1, le=86400)] = 60


# Names stand in keys, and a printer's is a folder's too.
ShortName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,19}$")]


def _web_address(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("http://", "https://")):
        raise ValueError("not a web address")
    return url


_Address = Annotated[SecretStr, AfterValidator(_web_address)]
"""Secret, for many a receiver puts its key into the address."""


def _webhook_secret(text: SecretStr) -> SecretStr:
    secret_bytes(text.get_secret_value())
    return text


class WebhookSettings(_Part):
    """One receiver of sales as JSON."""

    url: _Address
    secret: Annotated[SecretStr, AfterValidator(_webhook_secret)]
    """`whsec_` and base64 of 24 to 64 bytes, as the receiver has it."""


class OutboxSettings(_Part):
    """What a sale sends, and to whom."""

    sms: bool = False
    """An SMS with the token, to customers with a telephone."""
    push: bool = False
    """The token to the meter, where it has an address."""
    printers: dict[str, ShortName] = {}
    """Printer by vending point (`P1`), or by one terminal of it (`P1/T2`)."""
    webhooks: dict[ShortName, WebhookSettings] = {}
    """Receivers by name."""
    gateway: _Address | None = None
    """SMS gateway; `sms_folder` where none is named."""
    gateway_key: SecretStr = SecretStr("")
    sender: Annotated[str, Field(max_length=15)] = ""
    """What the telephone shows as the sender."""
    sms_folder: Path | None = None
    """Each SMS as a file, for trying out."""
    spool: Path | None = None
    """Slips to be printed; default: `spool` in the data folder."""
    language: Literal["ar", "en"] = "ar"
    """Of SMS and slips."""
    poll_seconds: Annotated[int, Field(ge=1, le=3600)] = 2
    timeout_seconds: Annotated[float, Field(gt=0, le=30)] = 10.0


class PrinterSettings(_Part):
    """One receipt printer."""

    kind: Literal["network", "serial", "file"]
    host: Annotated[str, Field(max_length=253)] = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 9100
    device: Annotated[str, Field(max_length=200)] = ""
    """Of a serial port, or the file that the system shows a printer as."""
    baudrate: Annotated[int, Field(ge=1200, le=921600)] = 38400
    width: Literal[576, 512, 384] = 576
    """Dots of a line."""
    cash_drawer: bool = False
    """Whether a drawer hangs at it, to be opened for cash."""

    @model_validator(mode="after")
    def _reached(self) -> PrinterSettings:
        if not (self.host if self.kind == "network" else self.device):
            raise ValueError("no address")
        return self


class MunicipalitySettings(_Part):
    """What stands at the head of papers where the municipality's record, which its administrators
    keep at /municipality, is empty."""

    name_ar: Annotated[str, Field(max_length=80)] = "البلدية"
    name_en: Annotated[str, Field(max_length=80)] = "Municipality"
    address_ar: Annotated[str, Field(max_length=120)] = ""
    address_en: Annotated[str, Field(max_length=120)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    tax_number: Annotated[str, Field(max_length=40)] = ""
    message_ar: Annotated[str, Field(max_length=300)] = ""
    """To every customer, at the foot of a receipt."""
    message_en: Annotated[str, Field(max_length=300)] = ""
    logo: Path | None = None
    """SVG, PNG or JPEG."""


class VendingSettings(_Part):
    """What is sold, and for which money."""

    currency: Literal["ILS", "JOD", "USD", "EUR", "EGP"] | None = None
    """The chart of accounts says it; named here it must be the same."""
    tariffs: Path | None = None
    """Folder of tariff files; without one, those shipped in `config/tariffs`."""


class BankSettings(_Part):
    """Whom the bank credits with what is banked, as printed on a deposit slip."""

    beneficiary: Annotated[str, Field(max_length=200)] = ""
    name: Annotated[str, Field(max_length=200)] = ""
    """Of the bank."""
    account: Annotated[str, Field(max_length=60)] = ""
