"""Meters behind Modbus TCP: one wrapped client, one gateway per payment meter."""

from .payment_meter import PaymentMeterGateway, open_payment_meter

__all__ = ["PaymentMeterGateway", "open_payment_meter"]
