"""Libraries of others at one end, ours at the other, over real sockets and pseudo terminals."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
import serial

from drivers.conversation import Channel, LineSettings, converse
from drivers.dlt645 import core as dlt645
from drivers.dlt645.frames import ALL, ANY
from drivers.dlt645.station import Access, Station
from drivers.iec21 import core as iec21
from drivers.iec21.parity import seven_even
from drivers.lines import Declined
from drivers.mbus import core as mbus
from drivers.mbus.station import Station as MbusStation
from drivers.transports.serial_port import SerialChannel
from drivers.transports.tcp import TcpChannel
from simulators.protocols.dlt645 import Dlt645End
from simulators.protocols.iec21 import Iec21End
from simulators.protocols.mbus import MbusEnd, Nameplate
from tests.peers.ends import Feed, over_pty, over_tcp
from tests.simulators.protocols.household import WRITABLE, Household, di, obis, record

pytestmark = pytest.mark.system

METER = "260305510012"
EIGHT = LineSettings(9600, 8, "N", 1)
DLT = (
    di("energy.active.import", "00010000", "bcd(8)", scale=Decimal("0.01"), unit="kWh"),
    di("voltage.l1n", "02010100", "bcd(4)", scale=Decimal("0.1"), unit="V"),
    di("frequency", "02800002", "bcd(4)", scale=Decimal("0.01"), unit="Hz"),
    di("meter.number", "04000402", "bcd(12)", access=WRITABLE),
)
OBIS = (
    obis("meter.serial", "0.0.0", "text"),
    obis("energy.active.import", "1.8.0", "number", unit="kWh"),
)
RECORDS = (
    record("volume.forward", "04 13", "s32", unit="m3"),
    record("flow", "02 3B", "s16", unit="m3/h"),
    record("clock", "04 6D", "datetime(mbus-f)"),
)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def house() -> Household:
    return Household(
        {
            "energy.active.import": Decimal("1234.56"),
            "voltage.l1n": Decimal("230.1"),
            "frequency": Decimal("50.02"),
            "meter.number": Decimal(4711),
            "meter.serial": "4711",
            "volume.forward": Decimal("12.565"),
            "flow": Decimal("0.123"),
        }
    )


def dlt_end(home: Household) -> Dlt645End:
    return Dlt645End(METER, DLT, home, passwords={2: "000000", 4: "000000"})


@contextmanager
def _channel(way: str, feed: Feed) -> Iterator[Channel]:
    with over_tcp(feed) if way == "tcp" else over_pty(feed) as place:
        channel: Channel = (
            TcpChannel("127.0.0.1", place, EIGHT)
            if isinstance(place, int)
            else SerialChannel(place, EIGHT)
        )
        try:
            yield channel
        finally:
            channel.close()


# --- Ours at both ends, over a real line ------------------------------------------------------


@pytest.mark.parametrize("way", ["tcp", "pty"])
def test_dlt645_over_a_real_line(way: str) -> None:
    station = Station(way, METER)
    home = house()
    with _channel(way, dlt_end(home).feed) as channel:
        assert converse(dlt645.ask_address(station), channel) == METER
        data = converse(dlt645.read(station, "00010000"), channel)
        assert data == bytes.fromhex("56341200")
        write = dlt645.write(station, "04000402", bytes(6), Access(4, "000000"))
        converse(write, channel)
    assert home.puts == [("meter.number", Decimal(0))]


@pytest.mark.parametrize("way", ["tcp", "pty"])
def test_iec21_over_a_real_line(way: str) -> None:
    end = Iec21End(OBIS, house(), software_parity=True)
    station = iec21.Station(way, settings=EIGHT, fastest=9600)
    with _channel(way, end.feed) as channel:
        told = converse(seven_even(iec21.readout(station)), channel)
    assert [found.values for found in told.data] == [(("4711", ""),), (("1234.56", "kWh"),)]


@pytest.mark.parametrize("way", ["tcp", "pty"])
def test_mbus_over_a_real_line(way: str) -> None:
    end = MbusEnd(5, RECORDS, house(), per_telegram=1)
    with _channel(way, end.feed) as channel:
        told = converse(mbus.read(MbusStation(way, 5)), channel)
    assert [record.value for one in told for record in one.records][:2] == [
        Decimal("12.565"),
        Decimal("0.123"),
    ]


# --- dlt645 3.2.0 -----------------------------------------------------------------------------


@pytest.mark.system
def test_their_dlt645_client_reads_our_meter() -> None:
    service = pytest.importorskip("dlt645", reason="dlt645 is not installed")
    home = house()
    with over_tcp(dlt_end(home).feed) as port:
        client = service.MeterClientService.new_tcp_client("127.0.0.1", port, 3.0)
        try:
            client.address = bytearray(bytes.fromhex(METER)[::-1])
            assert client.read_00(0x00010000).value == 1234.56
            assert client.read_02(0x02010100).value == 230.1
            assert client.read_02(0x02800002).value == 50.02
            told = client.read_address()
            assert told is not None
            assert client.freeze(99, 99, 99, 99) is not None
        finally:
            client.disconnect()


@pytest.mark.system
def test_our_client_reads_their_dlt645_server() -> None:
    service = pytest.importorskip("dlt645", reason="dlt645 is not installed")
    server = service.MeterServerService.new_tcp_server("127.0.0.1", 0, 1.0)
    server.address = bytearray(bytes.fromhex(METER)[::-1])
    server.set_00(0x00010000, 1234.56)
    server.set_02(0x02010100, 230.1)
    assert server.start()
    channel = TcpChannel("127.0.0.1", server.server.port, EIGHT)
    station = Station("their server", METER)
    try:
        assert converse(dlt645.ask_address(station), channel) == METER
        assert converse(dlt645.read(station, "00010000"), channel) == bytes.fromhex("56341200")
        assert converse(dlt645.read(station, "02010100"), channel) == bytes.fromhex("0123")
        converse(dlt645.freeze(station), channel)
        assert server.last_freeze_time == b"\x99" * 4
        converse(dlt645.freeze(replace(station, address=ALL)), channel)
        with pytest.raises(Declined):
            converse(dlt645.read(station, "00FFFFFF"), channel)
        assert converse(dlt645.ask_address(replace(station, address=ANY)), channel) == METER
    finally:
        channel.close()
        server.stop()


# --- pymeterbus 0.8.5 -------------------------------------------------------------------------


@pytest.mark.system
def test_pymeterbus_reads_our_slave_over_a_pty() -> None:
    meterbus = pytest.importorskip("meterbus", reason="pymeterbus is not installed")
    plate = Nameplate("12345678")
    end = MbusEnd(5, RECORDS, house(), nameplate=plate)
    with over_pty(end.feed) as path, serial.Serial(path, 9600, timeout=0.5) as port:
        meterbus.send_ping_frame(port, 5)
        assert isinstance(meterbus.load(meterbus.recv_frame(port, 1)), meterbus.TelegramACK)
        meterbus.send_request_frame(port, 5)
        told = meterbus.load(meterbus.recv_frame(port, meterbus.FRAME_DATA_LENGTH))
        assert told.secondary_address == plate.secondary
        values = [float(one.parsed_value) for one in told.records[:2]]
        assert values == pytest.approx([12.565, 0.123])

        meterbus.send_select_frame(port, plate.secondary)
        assert isinstance(meterbus.load(meterbus.recv_frame(port, 1)), meterbus.TelegramACK)
        meterbus.send_request_frame(port, meterbus.ADDRESS_NETWORK_LAYER)
        again = meterbus.load(meterbus.recv_frame(port, meterbus.FRAME_DATA_LENGTH))
        assert float(again.records[0].parsed_value) == pytest.approx(12.565)


@pytest.mark.system
def test_pymeterbus_reads_several_telegrams_of_our_slave() -> None:
    meterbus = pytest.importorskip("meterbus", reason="pymeterbus is not installed")
    end = MbusEnd(5, RECORDS, house(), per_telegram=1)
    keys = []
    with over_pty(end.feed) as path, serial.Serial(path, 9600, timeout=0.5) as port:
        meterbus.send_ping_frame(port, 5)
        meterbus.recv_frame(port, 1)
        request = None
        for _ in range(len(RECORDS)):
            sent = meterbus.send_request_frame_multi(port, 5, request)
            told = meterbus.load(meterbus.recv_frame(port, meterbus.FRAME_DATA_LENGTH))
            keys.append(bytes(told.records[0].dib.parts).hex())
            request = sent
            request.header.cField.parts[0] ^= meterbus.CONTROL_MASK_FCB
    assert keys == ["04", "02", "04"]


# --- iec62056-21 0.0.2 ------------------------------------------------------------------------


def test_another_library_reads_out_our_iec_meter() -> None:
    client = pytest.importorskip("iec62056_21.client", reason="iec62056-21 is not installed")
    transports = pytest.importorskip("iec62056_21.transports")
    end = Iec21End(OBIS, house(), address="4711")
    with over_tcp(end.feed) as port:
        transport = transports.TcpTransport(("127.0.0.1", port), timeout=3)
        theirs = client.Iec6205621Client(transport, device_address="4711")
        theirs.connect()
        try:
            told = theirs.standard_readout()
        finally:
            theirs.disconnect()
    sets = [one for line in told.data_block.data_lines for one in line.data_sets]
    assert [(one.address, one.value, one.unit) for one in sets] == [
        ("0.0.0", "4711", None),
        ("1.8.0", "1234.56", "kWh"),
    ]
