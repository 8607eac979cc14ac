"""All settings together, and what follows from them."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from .parts import (
    BankSettings,
    ClockSettings,
    DatabaseSettings,
    JobSettings,
    KeySettings,
    MeterSettings,
    MunicipalitySettings,
    OutboxSettings,
    PrinterSettings,
    ShortName,
    VendingSettings,
    WebSettings,
)

PREFIX = "RASEED_"
"""Of their names in the environment."""


class Settings(BaseSettings):
    """Everything that may differ between two installations."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data: Path = Path("var/raseed")
    database: DatabaseSettings = DatabaseSettings()
    keys: KeySettings = KeySettings()
    web: WebSettings = WebSettings()
    meters: MeterSettings = MeterSettings()
    jobs: JobSettings = JobSettings()
    clock: ClockSettings = ClockSettings()
    outbox: OutboxSettings = OutboxSettings()
    vending: VendingSettings = VendingSettings()
    bank: BankSettings = BankSettings()
    municipality: MunicipalitySettings = MunicipalitySettings()
    printers: dict[ShortName, PrinterSettings] = {}
    """Receipt printers by name; `outbox.printers` says which point has which. A name that is not
    here is a folder of text slips."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the values handed in, which are those of the file."""
        return env_settings, init_settings

    @property
    def database_url(self) -> SecretStr:
        """The database to open; SQLite in the data folder unless another is named."""
        return self.database.url or SecretStr(f"sqlite:///{self.data / 'raseed.db'}")

    @property
    def database_url_shown(self) -> str:
        """`database_url` without its password, for screens."""
        return _without_password(self.database_url.get_secret_value())

    @property
    def spool(self) -> Path:
        return self.outbox.spool or self.data / "spool"

    @property
    def key_file(self) -> Path:
        return self.keys.file or self.data / "keys.sealed"


def _without_password(url: str) -> str:
    scheme, mark, rest = url.partition("?")[0].partition("://")
    login, at, place = rest.rpartition("@")
    user, colon, _ = login.partition(":")
    return f"{scheme}{mark}{user}{colon}{'***' if colon else ''}{at}{place}"
