"""The published vectors pass, and the runner can fail."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tokens.sts import run_conformance

VECTORS = Path(__file__).parents[1] / "vectors" / "sts531.json"


@pytest.fixture(scope="module")
def entries() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return loaded


def test_every_published_vector_passes(entries: list[dict[str, Any]]) -> None:
    report = run_conformance(entries)
    assert report.failures == []
    assert report.passed == 206


def _spoiled(entry: dict[str, Any]) -> dict[str, Any]:
    """The same entry with one digit of its answer changed."""
    spoiled = copy.deepcopy(entry)
    if entry["case"] == "positive":
        digits = entry["expected_tokens"][0]
        spoiled["expected_tokens"] = [digits[:-1] + str((int(digits[-1]) + 1) % 10)]
    elif entry["case"] == "decode":
        # A whole step of the first field, so that the stated value is another one.
        name = next(n for n in entry["fields"] if n != "unit")
        spoiled["fields"][name] = str(float(entry["fields"][name]) + 1)
    elif entry["case"] == "error":
        spoiled["expected_error"] = (
            "DRNCheckDigit" if entry["expected_error"] == "KeyExpired" else "KeyExpired"
        )
    else:
        spoiled["expected"] = str(entry["expected"]) + "0"
    return spoiled


def test_a_changed_answer_fails_for_every_entry(entries: list[dict[str, Any]]) -> None:
    spoiled = [_spoiled(entry) for entry in entries]
    report = run_conformance(spoiled)
    assert report.passed == 0
    assert [name for name, _ in report.failures] == [entry["id"] for entry in entries]


@pytest.mark.parametrize("field", ["tid", "token_class", "token_subclass"])
def test_stated_class_and_tid_are_checked(entries: list[dict[str, Any]], field: str) -> None:
    entry = copy.deepcopy(entries[0])
    entry[field] += 1
    report = run_conformance([entry])
    assert report.failed == 1
    assert "expected" in report.failures[0][1]


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "x"},
        {"id": "x", "case": "nonsense", "token": "clear_credit"},
        {"id": "x", "case": "positive", "token": "no_such_token", "expected_tokens": []},
        {"id": "x", "case": "unit", "token": "unit_nothing", "fields": {}, "expected": ""},
        {"id": "x", "case": "decode", "token": "clear_credit", "input_token": "12"},
        {"case": "unit"},
        None,
        "text",
        [],
    ],
)
def test_a_malformed_entry_fails_alone(entries: list[dict[str, Any]], entry: Any) -> None:
    report = run_conformance([entry, entries[0]])
    assert (report.passed, report.failed) == (1, 1)


def test_no_failure_reason_holds_a_key(entries: list[dict[str, Any]]) -> None:
    entry = copy.deepcopy(entries[0])
    entry["expected_decoder_key_hex"] = "00" * 8
    entry["key"]["vending_key_hex"] = "12" * 7
    reasons = [reason for _, reason in run_conformance([entry]).failures]
    assert reasons
    assert "1212" not in reasons[0]


# Tokens that the published file lacks, worked out by hand from the standard's field lists:
# class 1 tokens are in clear, so their digits follow from CRC and assembly alone.
def test_extended_read_published_examples() -> None:
    report = run_conformance(
        [
            {
                "id": "extended read 0",
                "case": "positive",
                "token": "extended_read",
                "fields": {"control": 0, "manufacturer_code": "00"},
                "expected_tokens": ["02305843009347914912"],
            },
            {
                "id": "extended read 63",
                "case": "positive",
                "token": "extended_read",
                "fields": {"control": 63 << 30, "manufacturer_code": "00"},
                "expected_tokens": ["03440750115445279822"],
            },
        ]
    )
    assert report.failures == []


@pytest.mark.parametrize(
    ("amount", "same"),
    [
        ("0.1", True),
        ("1e-1", True),
        ("1E-001", True),
        ("0.1" + 50 * "0", True),
        ("1e1000", False),
        ("1e-1000", False),
        ("1e0001", False),
        ("1e1", False),
        ("0.2", False),
    ],
)
def test_an_amount_is_read_exactly_or_not_at_all(
    entries: list[dict[str, Any]], amount: str, same: bool
) -> None:
    entry = copy.deepcopy(entries[0])
    assert entry["fields"]["amount"] == "0.1"
    entry["fields"]["amount"] = amount
    assert run_conformance([entry]).failed == (not same)


def test_contradictions_fail(entries: list[dict[str, Any]]) -> None:
    refused = copy.deepcopy(next(e for e in entries if e["case"] == "error"))
    refused["expected_tokens"] = ["23716100501183194197"]
    short = {
        "id": "short key",
        "case": "unit",
        "token": "unit_misty1",
        "fields": {"key_hex": "00", "block_hex": "0123456789abcdef"},
        "expected": "dfdb0956c150a818",
    }
    assert run_conformance([refused, short]).failed == 2


def test_what_the_format_leaves_open_is_read_kindly(entries: list[dict[str, Any]]) -> None:
    grouped = copy.deepcopy(next(e for e in entries if e["id"] == "decoder/electricity"))
    grouped["input_token"] = "2905 4347 1393 0985 1356"
    del grouped["id"], grouped["ea"]
    assert run_conformance([grouped]).failures == []
