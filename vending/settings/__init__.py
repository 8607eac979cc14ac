"""Settings: defaults, then a TOML file, then the environment (`RASEED_WEB__PORT=9000`).

The passphrase is no setting: it comes from the environment, a file or a prompt
(vending/keys/passphrase.py), and never from a file that is shown or copied around.
"""

from .parts import (
    BankSettings,
    DatabaseSettings,
    JobSettings,
    KeySettings,
    MeterSettings,
    MunicipalitySettings,
    OutboxSettings,
    PrinterSettings,
    VendingSettings,
    WebhookSettings,
    WebSettings,
)
from .reading import SettingsFileUnusable, SettingWrong, load_settings, settings_problems, shown
from .settings import PREFIX, Settings

__all__ = [
    "PREFIX",
    "BankSettings",
    "DatabaseSettings",
    "JobSettings",
    "KeySettings",
    "MeterSettings",
    "MunicipalitySettings",
    "OutboxSettings",
    "PrinterSettings",
    "SettingWrong",
    "Settings",
    "SettingsFileUnusable",
    "VendingSettings",
    "WebSettings",
    "WebhookSettings",
    "load_settings",
    "settings_problems",
    "shown",
]
