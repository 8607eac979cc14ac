"""Who meets whom over keys, meters, the register and the doors."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.system.door_acts import (
    KEPT,
    come,
    device,
    let_go,
    move_telephone,
    own_password,
    reset,
    revoke_device,
    shut_out,
    signed_in,
    take_telephone,
)
from tests.system.meetings import BOTH, either, first, meet, second
from tests.system.office_acts import (
    BOARDED,
    NEW_PASSWORD,
    OUT,
    RAMI,
    ZAID,
    both,
    campaign,
    customer,
    deliver,
    exchange,
    minutes_later,
    nothing,
    plan,
    push_set,
    put_in,
    sell,
    terminal_key,
)
from tests.vending.acts.support import FRESH
from tests.vending.support import (
    POWER,
    START,
)

PLACES: Final = (
    # Keys and meters
    meet("a key change is planned during a sale", nothing, plan(2), sell(), BOTH),
    meet("two plan for one meter", nothing, plan(2), plan(3), *either("keychange.open")),
    meet("two campaigns over one key", nothing, campaign(2), campaign(2), BOTH, on_server=2),
    meet(
        "two campaigns to two keys",
        nothing,
        campaign(2),
        campaign(3),
        BOTH,
    ),
    meet(
        "a set is pushed twice",
        OUT,
        push_set(),
        push_set(ZAID),
        BOTH,
        *either("keychange.moved"),
        shared=("key_change_events",),
    ),
    meet(
        "two look whether a set is in its meter",
        both(OUT, lambda made: made.service.deliver(RAMI, "v-1")),
        lambda made: made.key_changes.confirm_by_reading(RAMI, POWER.number),
        lambda made: made.key_changes.confirm_by_reading(ZAID, POWER.number),
        BOTH,
        *either("keychange.moved"),
    ),
    meet(
        "a meter is exchanged during a sale",
        nothing,
        exchange("X-1"),
        sell(),
        BOTH,
        first("meter.unknown"),
    ),
    meet(
        "two put in one meter",
        nothing,
        exchange("X-1"),
        exchange("X-2", ZAID),
        *either("party.exists"),
    ),
    meet(
        "a meter that is told to be dead takes a token",
        both(sell(), minutes_later),
        deliver(),
        exchange("X-1", down=START),
        first("exchange.seen_alive"),
        second("meter.unknown"),
        on_server=3,
    ),
    meet(
        "a meter that is told to be dead is read",
        both(sell(), minutes_later),
        lambda made: made.service.read_account(RAMI, POWER.number),
        exchange("X-1", down=START),
        first("exchange.seen_alive"),
        second("meter.unknown"),
    ),
    # The register
    meet(
        "a customer is added twice",
        nothing,
        customer("سلمى"),
        customer("سالم"),
        *either("register.number_taken"),
    ),
    meet(
        "a meter is put in at two places",
        nothing,
        put_in("B1"),
        put_in("B2"),
        *either("register.number_taken"),
    ),
    meet(
        "a meter is put in and taken for an exchange",
        nothing,
        put_in("B1", replace(BOARDED, number=FRESH, model="raseed-payment")),
        exchange("X-1"),
        first("party.exists"),
        second("register.number_taken"),
    ),
    # The doors
    meet(
        "somebody comes in while the password is reset",
        nothing,
        come("samir"),
        reset,
        BOTH,
        second("sign_in.wrong"),
        on_server=2,
    ),
    meet(
        "somebody comes in while being let go",
        nothing,
        come("samir"),
        let_go,
        BOTH,
        second("sign_in.wrong"),
    ),
    meet(
        "somebody comes in on a device whose key is taken back",
        device,
        come("samir", "D2"),
        revoke_device,
        BOTH,
        on_server=2,
    ),
    meet(
        "a device is set up while its key is taken back",
        device,
        lambda made: made.devices.set_up(KEPT["D2"]),
        revoke_device,
        BOTH,
        second("device.unknown"),
    ),
    meet(
        "a password is changed while it is reset",
        come("samir"),
        own_password(NEW_PASSWORD),
        reset,
        BOTH,
        second("session.none"),
        on_server=2,
    ),
    meet(
        "a password is changed twice",
        come("samir"),
        own_password(NEW_PASSWORD),
        own_password(NEW_PASSWORD[::-1]),
        *either("sign_in.wrong"),
    ),
    meet(
        "a telephone is taken while another takes its place",
        come("nour"),
        signed_in("nour", move_telephone),
        take_telephone,
        BOTH,
        second("session.none"),
    ),
    meet(
        "two administrators shut each other out",
        both(come("huda"), come("nour")),
        shut_out("nour", by="huda"),
        shut_out("huda", by="nour"),
        *either("session.none"),
        *either("actor.not_allowed"),
    ),
    meet(
        "two keys for one terminal",
        nothing,
        terminal_key("till-a"),
        terminal_key("till-b"),
        *either("apikey.terminal_taken"),
    ),
)
