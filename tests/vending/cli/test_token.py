"""`raseed token`: published vectors through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .support import Shell, shell

KEY = "e653341f9d5bf36f"
DIGITS = "23716100501183194197"
BASE = ("--base-date", "1993")
VECTORS = Path(__file__).parents[2] / "vectors" / "sts531.json"


@pytest.fixture
def sh(tmp_path: Path) -> Shell:
    return shell(tmp_path)


def test_encode_gives_the_published_digits(sh: Shell) -> None:
    told = sh.run(
        *("token", "encode", "transfer_credit_electricity", "--field", "amount=0.1"),
        *("--at", "2004-03-01T13:55:00", "--rnd", "5", *BASE, "--json"),
        stdin=f"{KEY}\n",
    )
    assert told.json["digits"] == DIGITS
    assert told.json["tid"] == 5871715


def test_the_key_comes_from_stdin_the_environment_or_a_private_file(
    sh: Shell, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(KEY + "\n", "ascii")
    file.chmod(0o600)
    ask = ("token", "decode", DIGITS, *BASE, "--json")
    told = [
        sh.run(*ask, stdin=KEY).json,
        sh.run(*ask, RASEED_DECODER_KEY=KEY).json,
        sh.run(*ask, "--decoder-key-file", str(file)).json,
    ]
    assert told[0] == told[1] == told[2]
    assert told[0]["fields"] == {"amount": "0.1", "unit": "kWh"}
    assert told[0]["tid_moment"] == "2004-03-01T13:55:00+00:00"
    file.chmod(0o644)
    assert "keys.file_too_open" in sh.run(*ask, "--decoder-key-file", str(file)).err
    assert "secret.missing" in sh.run(*ask).err
    wrong = sh.run(*ask, stdin="xyz")
    assert "secret.not_hex" in wrong.err
    assert "xyz" not in wrong.err


def test_explain_tells_each_step(sh: Shell) -> None:
    arabic = DIGITS.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    told = sh.run("token", "explain", arabic, *BASE, stdin=KEY)
    assert told.code == 0
    for part in ("credit transfer", "right", "2004-03-01 13:55", "0.1 kWh"):
        assert part in told.out
    wrong = sh.run("token", "explain", DIGITS, *BASE, stdin="00" * 8)
    assert wrong.code == 3
    assert "wrong digits" in wrong.out
    keyless = sh.run("token", "explain", DIGITS)
    assert keyless.code == 0
    assert "needs the meter's key" in keyless.out


def test_decode_of_what_is_no_token_exits_3(sh: Shell) -> None:
    told = sh.run("token", "decode", DIGITS, stdin="00" * 8)
    assert (told.code, told.out) == (3, "")
    assert "CRC_ERROR" in told.err


def test_test_tokens_need_no_key(sh: Shell) -> None:
    made = sh.run("token", "encode", "initiate_meter_test_1", "--field", "control=1", "--json")
    assert made.code == 0, made.err
    back = sh.run("token", "decode", made.json["digits"], "--json").json
    assert back["kind"] == "initiate_meter_test_1"
    assert str(back["fields"]["control"]) == "1"


def test_every_kind_is_listed(sh: Shell) -> None:
    names = [row["name"] for row in sh.run("token", "kinds", "--json").json["kinds"]]
    assert "transfer_credit_water" in names
    assert len(names) > 20


def test_parts_of_a_key_are_not_shown(sh: Shell) -> None:
    fields = ("ken_nibble=15", "krn=1", "ro=0", "three_kct=0", "key_type=2", "nkho_hex=deadbeef")
    options = [part for field in fields for part in ("--field", field)]
    made = sh.run(
        *("token", "encode", "set_1st_section_decoder_key", *options, "--json"), stdin=KEY
    )
    assert made.code == 0, made.err
    for command in ("decode", "explain"):
        told = sh.run("token", command, made.json["digits"], stdin=KEY)
        assert "deadbeef" not in told.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("encode", "transfer_credit_water", "--field", "amount"),
        ("encode", "transfer_credit_water"),
        ("encode", "transfer_credit_water", "--field", "amount=1", "--at", "noon"),
        ("encode", "transfer_credit_water", "--field", "amount=1", "--base-date", "1999"),
        ("encode", "transfer_credit_water", "--field", "amount=1", "--ea", "99"),
        ("encode", "transfer_credit_water", "--field", "amount=99999999"),
        ("encode", "transfer_credit_water", "--field", "amount=1", "--rnd", "16"),
        ("encode", "transfer_credit_water", "--field", "amount=1", "--tid", "99999999"),
    ],
)
def test_wrong_fields_are_told(sh: Shell, arguments: tuple[str, ...]) -> None:
    told = sh.run("token", *arguments, stdin=KEY)
    assert told.code == 2
    assert len(told.err.splitlines()) == 1


def test_the_vector_file_passes_whole(sh: Shell) -> None:
    told = sh.run("token", "conformance", str(VECTORS))
    assert told.code == 0
    number = len(json.loads(VECTORS.read_text("utf-8")))
    assert told.out.splitlines()[-1] == f"{number} passed, 0 failed"


def test_a_failed_vector_is_named_and_exits_1(sh: Shell, tmp_path: Path) -> None:
    entries = json.loads(VECTORS.read_text("utf-8"))[:3]
    entries[1]["expected_tokens"] = ["0" * 20]
    entries.append({"id": "made-up", "case": "positive", "token": "nothing"})
    file = tmp_path / "v.json"
    file.write_text(json.dumps(entries), "utf-8")
    told = sh.run("token", "conformance", str(file))
    assert told.code == 1
    assert told.out.splitlines()[-1] == "2 passed, 2 failed"
    assert f"FAILED {entries[1]['id']}: " in told.out
    assert "FAILED made-up: " in told.out
    machine = sh.run("token", "conformance", str(file), "--json")
    assert (machine.code, machine.json["failed"]) == (1, 2)


@pytest.mark.parametrize("content", [b"", b"not json", b"{}", b"\xff", b"[" * 100_000])
def test_an_unreadable_vector_file_exits_2(sh: Shell, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "v.json"
    file.write_bytes(content)
    told = sh.run("token", "conformance", str(file))
    assert told.code == 2
    assert "token.vectors_unreadable" in told.err
    assert sh.run("token", "conformance", str(tmp_path / "absent")).code == 2


def test_entries_that_are_no_objects_fail_and_the_rest_counts(sh: Shell, tmp_path: Path) -> None:
    good = json.loads(VECTORS.read_text("utf-8"))[0]
    file = tmp_path / "v.json"
    file.write_text(json.dumps([good, 5, None, "x", []]), "utf-8")
    told = sh.run("token", "conformance", str(file))
    assert told.code == 1
    assert told.out.splitlines()[-1] == "1 passed, 4 failed"
