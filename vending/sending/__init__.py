"""The ways in which messages leave the house: SMS gateways, printers, webhooks, meters.

Each is a `Sender` (vending/outbox_ports.py): it makes the message from the books at the moment of
sending and hands it over with its key. A new gateway or printer is one adapter of a port here.
"""

from .http import HttpPoster
from .length import SmsLength, sms_length
from .printing import FolderPrinter, OrderSender, PracticePrinter, Printer, PrintSender
from .pushing import Pusher
from .sms import FolderSms, HttpSms, SmsGateway, SmsSender
from .webhooks import WebhookSender, WebhookTarget, secret_bytes, signature

__all__ = [
    "FolderPrinter",
    "FolderSms",
    "HttpPoster",
    "HttpSms",
    "OrderSender",
    "PracticePrinter",
    "PrintSender",
    "Printer",
    "Pusher",
    "SmsGateway",
    "SmsLength",
    "SmsSender",
    "WebhookSender",
    "WebhookTarget",
    "secret_bytes",
    "signature",
    "sms_length",
]
