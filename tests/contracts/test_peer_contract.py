"""The device contract before peers that nobody here wrote: every Modbus model is read from a
libmodbus server over TCP and over a serial line, and every stand-in by masters of others."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from drivers.device.mapped import MappedDevice
from drivers.device.reading import readings_of
from drivers.device.settings import DeviceSettings
from drivers.link import Fetched, Priority
from drivers.maps.model import MeterMap, Protocol, Register, Table
from drivers.maps.reading import shipped_maps
from drivers.opening import open_line
from drivers.places import parse_place
from meters.device import Outcome
from meters.readings import Quality, Reading
from tests.peers.wires import serial_pair
from vending.bench.meters_peers import Missing, compiled, started

from .standins import BOSS, START, Standin, in_memory, served

pytestmark = pytest.mark.system

MODELS = [one.id for one in shipped_maps() if one.protocol is Protocol.MODBUS]
LETTERS = {Table.INPUT: "i", Table.HOLDING: "h"}
PATIENCE_S = 20


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def readable(meter_map: MeterMap) -> list[Register]:
    """What a server that knows nothing of meters can show: one register has one meaning there."""
    return [
        one for one in meter_map.registers.values() if one.access.readable and not one.read_alone
    ]


def fetched(standin: Standin) -> Mapping[str, Fetched]:
    """Everything that the stand-in shows."""
    link = standin.place.link(standin.map, standin.station)
    found = link.fetch(readable(standin.map), Priority.REST)
    assert [name for name, one in found.items() if one.problem] == []
    return found


def as_file(meter_map: MeterMap, found: Mapping[str, Fetched]) -> str:
    """As libmodbus's server has it."""
    lines = []
    for name, one in found.items():
        register = meter_map.registers[name]
        words = (one.raw[at : at + 2] for at in range(0, len(one.raw), 2))
        lines += [
            f"{LETTERS[register.table]} {addr} {int.from_bytes(word, 'big')}"
            for addr, word in zip(register.span, words, strict=True)
        ]
    return "\n".join(lines)


@contextmanager
def before_libmodbus(
    standin: Standin, found: Mapping[str, Fetched], how: str, folder: Path
) -> Iterator[MappedDevice]:
    """A device whose meter is a libmodbus server that shows what the stand-in did."""
    file = folder / "registers"
    file.write_text(as_file(standin.map, found), "ascii")
    try:
        server = str(compiled("server"))
    except Missing as missing:
        pytest.skip(str(missing))
    with serial_pair() as (ours, theirs):
        command = [server, "tcp"] if how == "tcp" else [server, "rtu", theirs, standin.station]
        with started(*command, str(file)) as told:
            where = f"tcp://127.0.0.1:{told}" if how == "tcp" else f"serial://{ours}"
            place = parse_place(f"{where}/{standin.station}?baud=115200&parity=N&bits=8&stop=1")
            line = open_line(place, standin.map)
            try:
                link: Any = line.link(standin.map, place.station)
                settled = frozenset(standin.map.registers) | frozenset(standin.map.commands)
                yield MappedDevice(
                    # Such a server has no function 43: it cannot say which variant it is.
                    replace(standin.map, variants=()),
                    link,
                    standin.now,
                    lambda _: None,
                    DeviceSettings(standin.station, confirmed=settled),
                )
            finally:
                line.close()


@pytest.mark.parametrize("how", ["tcp", "rtu"])
@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_read_from_a_server_of_others(model: str, how: str, tmp_path: Path) -> None:
    standin = in_memory(model)
    told, names = fetched(standin), [one.name for one in readable(standin.map)]
    expected = readings_of(standin.map, names, told, START, names).values()
    with before_libmodbus(standin, told, how, tmp_path) as device:
        found = device.read(names)
    assert [essence(one) for one in found] == [essence(one) for one in expected]
    assert sum(one.quality is Quality.GOOD for one in found) >= len(found) * 2 // 3


def essence(one: Reading) -> tuple[object, ...]:
    return one.name, one.value, one.unit, one.quality, one.reason, one.raw, one.uncertainty


@pytest.mark.parametrize("how", ["tcp", "rtu"])
def test_a_setting_is_written_to_a_server_of_others_and_read_back(how: str, tmp_path: Path) -> None:
    standin = in_memory("eastron-sdm120")
    with before_libmodbus(standin, fetched(standin), how, tmp_path) as device:
        record = device.command("set_pulse_width", {"ms": "60"}, BOSS)
        assert (record.outcome, record.detail) == (Outcome.DONE, "read_back")
        (reading,) = device.read(["pulse.width"])
        assert reading.value == 60


@pytest.mark.parametrize("how", ["tcp", "rtu"])
def test_a_relay_that_is_told_off_while_a_load_is_drawn(how: str, tmp_path: Path) -> None:
    # A server keeps what it is told, and nothing follows from it: the load goes on.
    standin = in_memory("hiking-dds238")
    with before_libmodbus(standin, fetched(standin), how, tmp_path) as device:
        record = device.command("close_supply", {}, BOSS)
    assert (record.outcome, record.detail) == (Outcome.UNKNOWN, "still_drawn")


@pytest.mark.parametrize("model", MODELS)
def test_a_libmodbus_client_reads_every_stand_in(model: str) -> None:
    try:
        client = str(compiled("client"))
    except Missing as missing:
        pytest.skip(str(missing))
    with served(model, "tcp") as standin:
        assert standin.stand is not None
        port = standin.stand.address.rpartition(":")[2]
        even = standin.map.limits.even_only
        wanted = [one for one in readable(standin.map) if not (even and one.words % 2)][:8]
        link = standin.place.link(standin.map, standin.station)
        for register in wanted:
            # What moves every second is asked for again.
            for _ in range(3):
                ours = link.fetch([register], Priority.REST)[register.name].raw
                theirs = shown(client, port, register, standin.station)
                if ours == theirs:
                    break
            assert ours == theirs, register.name


def shown(client: str, port: str, register: Register, unit: str) -> bytes:
    where = (LETTERS[register.table], str(register.span[0]), str(register.words), unit)
    done = subprocess.run(
        [client, "tcp", port, "show", *where],
        capture_output=True, text=True, timeout=PATIENCE_S, check=True,
    )  # fmt: skip
    return b"".join(int(word).to_bytes(2, "big") for word in done.stdout.split())


def test_their_dlt645_client_reads_the_model() -> None:
    service = pytest.importorskip("dlt645", reason="dlt645 is not installed")
    with served("dlt645-2007", "tcp") as standin:
        assert standin.stand is not None
        port = int(standin.stand.address.rpartition(":")[2])
        client = service.MeterClientService.new_tcp_client("127.0.0.1", port, 3.0)
        try:
            client.address = bytearray(bytes.fromhex(standin.station)[::-1])
            told = {
                "energy.active.import": client.read_00(0x00010000),
                "voltage.l1n": client.read_02(0x02010100),
                "frequency": client.read_02(0x02800002),
                "power.active": client.read_02(0x02030000),
            }
        finally:
            client.disconnect()
        for name, item in told.items():
            true = standin.meter.get(name)
            assert isinstance(true, Decimal)
            # Theirs tells kilowatts.
            value = Decimal(str(item.value)) * (1000 if name == "power.active" else 1)
            assert abs(value - true) <= max(Decimal("0.1"), abs(true) / 100), name


def test_another_library_reads_out_the_iec_model() -> None:
    client = pytest.importorskip("iec62056_21.client", reason="iec62056-21 is not installed")
    transports = pytest.importorskip("iec62056_21.transports")
    with served("iec62056-21-generic", "tcp") as standin:
        assert standin.stand is not None
        port = int(standin.stand.address.rpartition(":")[2])
        transport = transports.TcpTransport(("127.0.0.1", port), timeout=3)
        theirs = client.Iec6205621Client(transport, device_address=standin.station)
        theirs.connect()
        try:
            told = theirs.standard_readout()
        finally:
            theirs.disconnect()
        sets = {one.address: one for line in told.data_block.data_lines for one in line.data_sets}
        true = standin.meter.get("energy.active.import")
        assert isinstance(true, Decimal)
        assert abs(Decimal(sets["1.8.0"].value) - true) < Decimal("0.1")
        assert sets["1.8.0"].unit == "kWh"
