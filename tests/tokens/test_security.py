"""The security module: attributes enforced on each token, keys never leave."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.errors import RaseedError
from meters.identity import Drn
from meters.quantities import Energy
from meters.values import replace
from tests.tokens.strategies import EA07, EA11
from tokens.sts import (
    AlgorithmUnverified,
    AmountAboveKeyLimit,
    BaseDate,
    CipherBroken,
    ClearTamperCondition,
    CreditUnderDefaultKey,
    DecoderKey,
    Dkga,
    InitiateMeterTest1,
    IssuePeriodOver,
    KeyAttributes,
    KeyChangeNotPermitted,
    KeyExpired,
    KeyFieldInvalid,
    KeyLength,
    KeyNotActive,
    KeyRecord,
    KeyRef,
    KeyType,
    KeyUnknown,
    KindNotAllowed,
    MemorySecurityModule,
    MeterKeyRef,
    ModuleUsage,
    SecurityModule,
    Set1stSectionDecoderKey,
    Set2ndSectionDecoderKey,
    TidOutsideWindow,
    TransferCreditElectricity,
    TransferCurrencyElectricity,
    VendingKey,
    self_test,
    tid_at,
    unverified,
)
from tokens.sts.dkga import STANDARD
from tokens.sts.sta import StaKey

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SECRET = bytes.fromhex("abababababababab949494949494949401234567")
REF = KeyRef("123457", 1)
METER = MeterKeyRef(REF, Drn("00000000000").pan, 1, EA11)
BASE = BaseDate.BASE_2014
KEY = KeyAttributes(REF, Dkga.DKGA04, KeyType.DUTK, BASE)
TID = tid_at(BASE, NOW)
TOKEN = TransferCreditElectricity(amount=Energy(25_600), tid=TID, rnd=5)


def module(*attributes: KeyAttributes) -> SecurityModule:
    return MemorySecurityModule(KeyRecord(a, VendingKey(SECRET)) for a in attributes)


def test_issues_and_opens() -> None:
    hsm = module(KEY)
    digits = hsm.issue(METER, TOKEN, NOW)
    assert hsm.open(METER, digits) == TOKEN
    assert hsm.usage().issued == 1


def test_counts_every_derivation_and_keeps_few() -> None:
    hsm = module(KEY)
    for serial in range(5):
        meter = replace(METER, pan=Drn.from_serial("01", serial).pan)
        hsm.issue(meter, TOKEN, NOW)
        hsm.issue(meter, TOKEN, NOW)
    assert hsm.usage().derivations == 5
    assert hsm.usage().issued == 10


REFUSALS: list[tuple[KeyAttributes, object, datetime, type[RaseedError]]] = [
    (replace(KEY, active_from=NOW + timedelta(seconds=1)), TOKEN, NOW, KeyNotActive),
    (replace(KEY, base_date=BaseDate.BASE_2035), TOKEN, NOW, KeyNotActive),
    (replace(KEY, issued_until=NOW - timedelta(seconds=1)), TOKEN, NOW, IssuePeriodOver),
    (replace(KEY, ken=(TID >> 16) - 1), TOKEN, NOW, KeyExpired),
    (KEY, TOKEN, NOW + timedelta(hours=25), TidOutsideWindow),
    (KEY, TOKEN, NOW - timedelta(hours=25), TidOutsideWindow),
    (replace(KEY, unit_limit=255), TOKEN, NOW, AmountAboveKeyLimit),
    (
        replace(KEY, currency_limit=10),
        TransferCurrencyElectricity(units=11, tid=TID),
        NOW,
        AmountAboveKeyLimit,
    ),
    (replace(KEY, key_type=KeyType.DDTK), TOKEN, NOW, CreditUnderDefaultKey),
    (replace(KEY, kinds=frozenset({"clear_credit"})), TOKEN, NOW, KindNotAllowed),
    (KEY, Set2ndSectionDecoderKey(ken_nibble=0, ti=1, nklo=0), NOW, KindNotAllowed),
]


@pytest.mark.parametrize(("attributes", "token", "now", "error"), REFUSALS)
def test_attributes_are_enforced(
    attributes: KeyAttributes,
    token: TransferCreditElectricity,
    now: datetime,
    error: type[RaseedError],
) -> None:
    hsm = module(attributes)
    with pytest.raises(error):
        hsm.issue(METER, token, now)
    assert hsm.usage().issued == 0


def test_at_the_limits_it_issues() -> None:
    edge = replace(KEY, active_from=NOW, issued_until=NOW, ken=TID >> 16, unit_limit=256)
    assert len(module(edge).issue(METER, TOKEN, NOW)) == 20


def test_default_key_makes_management_tokens() -> None:
    tamper = ClearTamperCondition(value=0, tid=TID, rnd=0)
    assert module(replace(KEY, key_type=KeyType.DDTK)).issue(METER, tamper, NOW)


def test_unknown_key() -> None:
    with pytest.raises(KeyUnknown):
        module(KEY).issue(replace(METER, key=KeyRef("123457", 2)), TOKEN, NOW)


def test_key_change_sets_and_rollover_flag() -> None:
    old = replace(KEY, base_date=BaseDate.BASE_1993, ken=1)  # long expired: exempt
    new = replace(KEY, ref=KeyRef("123457", 2))
    hsm = module(old, new)
    current, target = METER, replace(METER, key=new.ref)
    digits = hsm.issue_key_change(current, target, NOW)
    assert len(digits) == 4
    first = hsm.open(current, digits[0])
    assert isinstance(first, Set1stSectionDecoderKey)
    assert (first.ro, first.krn, first.three_kct) == (1, 2, 0)
    # No TID and no random bits: the same change again is the same set.
    assert hsm.issue_key_change(current, target, NOW) == digits


def test_same_base_date_means_no_rollover() -> None:
    hsm = module(KEY)
    digits = hsm.issue_key_change(METER, replace(METER, ti=2), NOW)
    first = hsm.open(METER, digits[0])
    assert isinstance(first, Set1stSectionDecoderKey)
    assert first.ro == 0


@pytest.mark.parametrize("three", [False, True])
def test_short_keys_have_two_or_three_tokens(three: bool) -> None:
    meter = replace(METER, ea=EA07)
    digits = module(KEY).issue_key_change(meter, replace(meter, ti=2), NOW, three_tokens=three)
    assert len(digits) == 2 + three


@pytest.mark.parametrize(
    ("new", "target"),
    [
        (KEY, METER),
        (KEY, replace(METER, ti=2, ea=EA07)),
        (KEY, replace(METER, ti=2, pan=Drn.from_serial("01", 1).pan)),
        (replace(KEY, ref=KeyRef("123457", 2), cluster=1), replace(METER, key=KeyRef("123457", 2))),
        (
            replace(KEY, ref=KeyRef("123457", 2), key_type=KeyType.DCTK),
            replace(METER, key=KeyRef("123457", 2)),
        ),
    ],
)
def test_changes_that_no_meter_could_take(new: KeyAttributes, target: MeterKeyRef) -> None:
    hsm = module(*{KEY.ref: KEY, new.ref: new}.values())
    with pytest.raises(KeyChangeNotPermitted):
        hsm.issue_key_change(METER, target, NOW)


def test_no_meter_is_moved_to_a_key_before_its_base_date_begins() -> None:
    future = replace(KEY, ref=KeyRef("123457", 2), base_date=BaseDate.BASE_2035)
    hsm = module(KEY, future)
    with pytest.raises(KeyNotActive):
        hsm.issue_key_change(METER, replace(METER, key=future.ref), NOW)


def test_key_lengths_are_checked() -> None:
    hsm = MemorySecurityModule([KeyRecord(KEY, VendingKey(b"too short"))])
    with pytest.raises(KeyLength):
        hsm.issue(METER, TOKEN, NOW)
    with pytest.raises(KeyLength):
        DecoderKey(EA11, b"12345678")


def test_a_wrong_cipher_does_not_start() -> None:
    class Swapped(StaKey):
        def encrypt(self, block: int) -> int:
            return super().encrypt(block) ^ 1

    with pytest.raises(CipherBroken) as raised:
        self_test(STANDARD.with_cipher(EA07, Swapped))
    assert raised.value.algorithm == "EA07"
    with pytest.raises(CipherBroken):
        self_test(STANDARD.with_derivation(Dkga.DKGA04, lambda _key, _params, _pan: b"\0" * 16))


def test_unverified_algorithms_need_enabling_by_name() -> None:
    vending_key = VendingKey(SECRET[:8])
    attributes = replace(KEY, dkga=Dkga.DKGA01)
    meter = replace(METER, ea=EA07, pan=Drn.from_serial("10", 1).pan)
    record = KeyRecord(attributes, vending_key)
    with pytest.raises(AlgorithmUnverified):
        MemorySecurityModule([record]).issue(meter, TOKEN, NOW)
    allowed = unverified.including(STANDARD, "DKGA01")
    assert MemorySecurityModule([record], allowed).issue(meter, TOKEN, NOW)
    outside = replace(meter, pan=Drn.from_serial("99", 1).pan)
    with pytest.raises(unverified.Dkga01NotForMeter):
        MemorySecurityModule([record], allowed).issue(outside, TOKEN, NOW)
    with pytest.raises(unverified.AlgorithmNameUnknown):
        unverified.including(STANDARD, "DKGA99")


def test_initialisation_keys_are_not_vended_with() -> None:
    with pytest.raises(KeyFieldInvalid):
        replace(KEY, key_type=KeyType.DITK)


def test_no_secret_in_any_repr() -> None:
    record = KeyRecord(KEY, VendingKey(SECRET))
    hsm = MemorySecurityModule([record])
    hsm.issue(METER, TOKEN, NOW)
    for shown in (repr(record), repr(hsm), repr(hsm.keys()), str(hsm.usage())):
        assert SECRET.hex()[:8] not in shown
        assert "\\xab" not in shown


@given(data=st.data())
def test_campaigns_make_the_same_digits_as_single_issues(data: st.DataObject) -> None:
    second = replace(KEY, ref=KeyRef("654321", 3), dkga=Dkga.DKGA02)
    records = [KeyRecord(KEY, VendingKey(SECRET)), KeyRecord(second, VendingKey(SECRET[:8]))]
    orders = []
    for serial in range(data.draw(st.integers(0, 12))):
        pan = Drn.from_serial(data.draw(st.sampled_from(["07", "0712"])), serial).pan
        ref, ea = data.draw(st.sampled_from([(REF, EA11), (REF, EA07), (second.ref, EA07)]))
        token = data.draw(
            st.sampled_from(
                [
                    replace(TOKEN, rnd=serial),
                    ClearTamperCondition(value=0, tid=TID + serial, rnd=1),
                    InitiateMeterTest1(control=serial),
                ]
            )
        )
        orders.append((MeterKeyRef(ref, pan, serial % 100, ea), token))
    one_by_one, at_once = MemorySecurityModule(records), MemorySecurityModule(records)
    singly = [one_by_one.issue(meter, token, NOW) for meter, token in orders]
    assert at_once.issue_batch(orders, NOW) == singly
    assert at_once.usage().issued == len(orders)


@given(data=st.data())
def test_key_change_campaigns_equal_single_changes(data: st.DataObject) -> None:
    new = replace(KEY, ref=KeyRef("123457", 2), base_date=BaseDate.BASE_2014, ken=0x5A)
    old = replace(KEY, base_date=BaseDate.BASE_1993)
    records = [KeyRecord(a, VendingKey(SECRET)) for a in (old, new)]
    changes = []
    for serial in range(data.draw(st.integers(1, 10))):
        ea = data.draw(st.sampled_from([EA07, EA11]))
        pan = Drn.from_serial("07", serial).pan
        told = st.sampled_from([None, BaseDate.BASE_1993, BaseDate.BASE_2014])
        kens = st.sampled_from([None, 7, 255])
        current = MeterKeyRef(REF, pan, serial % 3, ea, data.draw(told), data.draw(kens))
        to = MeterKeyRef(new.ref, pan, data.draw(st.integers(0, 99)), ea)
        changes.append((current, to))
    three = data.draw(st.booleans())
    hsm = MemorySecurityModule(records)
    singly = [hsm.issue_key_change(*change, NOW, three_tokens=three) for change in changes]
    assert hsm.issue_key_change_batch(changes, NOW, three_tokens=three) == singly


def test_one_refused_order_stops_the_whole_campaign() -> None:
    hsm = module(replace(KEY, unit_limit=256))
    bad = TransferCreditElectricity(amount=Energy(100_000), tid=TID, rnd=5)
    with pytest.raises(AmountAboveKeyLimit):
        hsm.issue_batch([(METER, TOKEN), (METER, bad)], NOW)
    with pytest.raises(KeyChangeNotPermitted):
        hsm.issue_key_change_batch([(METER, replace(METER, ti=2)), (METER, METER)], NOW)
    assert hsm.usage() == ModuleUsage(derivations=0, issued=0)


def test_unverified_keys_go_token_by_token() -> None:
    attributes = replace(KEY, dkga=Dkga.DKGA03)
    record = KeyRecord(attributes, VendingKey(SECRET[:16]))
    hsm = MemorySecurityModule([record], unverified.including(STANDARD, "DKGA03"))
    meter = replace(METER, ea=EA07)
    assert hsm.issue_batch([(meter, TOKEN)], NOW) == [hsm.issue(meter, TOKEN, NOW)]


def test_a_single_sale_does_not_load_numpy() -> None:
    code = "import sys, tokens.sts; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
