"""A printer over a line: asked first, printed once, and told apart what the clerk can do."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from meters.errors import RaseedError
from vending.printing import (
    CoverOpen,
    DummyLine,
    EscPosPrinter,
    FileLine,
    Journal,
    NetworkLine,
    PaperOut,
    Printed,
    PrintedPerhaps,
    PrinterOff,
    PrintUnknown,
    SerialLine,
    trouble,
)
from vending.printing.escpos import ASK_COVER, ASK_DONE, ASK_ONLINE, ASK_PAPER, picture

PULSE = b"\x1bp"
CUT = b"\x1dV"
RASTER = b"\x1dv0\x00"


def well(data: bytes) -> bytes:
    """A printer with paper, closed and on line."""
    return b"\x12" if data in (ASK_PAPER, ASK_COVER, ASK_ONLINE, ASK_DONE) else b""


def answering(**bad: int) -> Callable[[bytes], bytes]:
    asked = {"paper": ASK_PAPER, "cover": ASK_COVER, "online": ASK_ONLINE}
    wrong = {asked[name]: bytes([value]) for name, value in bad.items()}
    return lambda data: wrong.get(data, well(data))


def bitmap(width: int = 576, height: int = 300) -> bytes:
    image = Image.new("1", (width, height), 1)
    ImageDraw.Draw(image).line((0, 0, width - 1, height - 1), fill=0)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def printer(folder: Path, line: DummyLine, *, drawer: bool = False) -> EscPosPrinter:
    return EscPosPrinter("till", line, Journal(folder / "till"), cash_drawer=drawer)


def papers(line: DummyLine) -> list[bytes]:
    return [data for data in line.sent if RASTER in data]


def decoded(data: bytes, width: int = 576) -> Image.Image:
    """What the raster commands put on paper."""
    strips, at = [], 0
    while (at := data.find(RASTER, at)) >= 0:
        row = int.from_bytes(data[at + 4 : at + 6], "little")
        high = int.from_bytes(data[at + 6 : at + 8], "little")
        dots = data[at + 8 : at + 8 + row * high]
        assert row * 8 == width
        # A 1 is black to the printer.
        strips.append(Image.frombytes("1", (width, high), bytes(255 - one for one in dots)))
        at += 8 + row * high
    whole = Image.new("1", (width, sum(one.height for one in strips)), 1)
    y = 0
    for strip in strips:
        whole.paste(strip, (0, y))
        y += strip.height
    return whole


@pytest.mark.parametrize("width", [576, 512, 384])
def test_the_picture_comes_out_dot_by_dot(width: int) -> None:
    png = bitmap(width, 700)
    with Image.open(io.BytesIO(png)) as wanted:
        assert decoded(picture(png), width).tobytes() == wanted.tobytes()
    assert CUT in picture(png)
    assert PULSE not in picture(png)


def test_a_paper_is_printed_once_per_key(tmp_path: Path) -> None:
    line = DummyLine(well)
    till = printer(tmp_path, line)
    for _ in range(3):
        till.print("print:v-1", bitmap())
    printer(tmp_path, line).print("print:v-1", bitmap())
    assert len(papers(line)) == 1
    till.print("print:v-2", bitmap())
    assert len(papers(line)) == 2


def test_of_two_programs_that_print_one_paper_one_does(tmp_path: Path) -> None:
    """The other one prints it while this one asks the printer whether it has paper."""
    line, mine = DummyLine(well), DummyLine(well)
    other, till = printer(tmp_path, line), printer(tmp_path, mine)

    def meanwhile(data: bytes) -> bytes:
        mine.answer = well
        other.print("print:v-1", bitmap())
        return well(data)

    mine.answer = meanwhile
    till.print("print:v-1", bitmap())
    assert len(papers(line) + papers(mine)) == 1
    assert Journal(tmp_path / "till").state("print:v-1") is Printed.DONE


def test_of_two_programs_that_begin_one_paper_one_does(tmp_path: Path) -> None:
    line = DummyLine(well)
    till, journal = printer(tmp_path, line), Journal(tmp_path / "till")

    def meanwhile(data: bytes) -> bytes:
        journal.begin("print:v-1")
        return well(data)

    line.answer = meanwhile
    with pytest.raises(PrintedPerhaps):
        till.print("print:v-1", bitmap())
    assert papers(line) == []


def test_a_paper_that_is_finished_while_it_is_looked_for_was_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, looks = Journal(tmp_path / "till"), 0
    exists = Path.exists

    def then_finished(path: Path) -> bool:
        nonlocal looks
        found = exists(path)
        looks += 1
        if looks == 1:
            journal.finish("print:v-1")
        return found

    assert journal.begin("print:v-1")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "exists", then_finished)
        assert journal.state("print:v-1") is Printed.DONE


@pytest.mark.parametrize(("drawer", "cash"), [(True, True), (True, False), (False, True)])
def test_the_drawer_opens_for_cash_alone(tmp_path: Path, drawer: bool, cash: bool) -> None:
    line = DummyLine(well)
    printer(tmp_path, line, drawer=drawer).print("print:v-1", bitmap(), cash=cash)
    (sent,) = papers(line)
    assert (PULSE in sent) is (drawer and cash)
    if PULSE in sent:
        assert sent.index(PULSE) < sent.index(RASTER), "it opens while the paper comes"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (answering(paper=0x72), PaperOut),
        (answering(cover=0x16), CoverOpen),
        (answering(online=0x1A), CoverOpen),
    ],
)
def test_trouble_is_found_before_anything_is_sent(
    tmp_path: Path, answer: Callable[[bytes], bytes], error: type[RaseedError]
) -> None:
    line = DummyLine(answer)
    till = printer(tmp_path, line)
    with pytest.raises(error):
        till.print("print:v-1", bitmap())
    assert papers(line) == []
    line.answer = well
    till.print("print:v-1", bitmap())
    assert len(papers(line)) == 1, "once the trouble is over it comes out"


def test_nobody_there(tmp_path: Path) -> None:
    line = DummyLine(well, broken=True)
    till = printer(tmp_path, line)
    with pytest.raises(PrinterOff):
        till.print("print:v-1", bitmap())
    with pytest.raises(PrinterOff):
        till.open_drawer()
    line.broken = False
    till.print("print:v-1", bitmap())
    till.open_drawer()
    assert len(papers(line)) == 1
    assert line.sent[-1].startswith(PULSE)


def test_a_line_that_carries_nothing_back_is_trusted(tmp_path: Path) -> None:
    line = DummyLine()
    printer(tmp_path, line).print("print:v-1", bitmap())
    assert len(papers(line)) == 1
    assert ASK_DONE not in line.sent
    assert Journal(tmp_path / "till").state("print:v-1") is Printed.DONE


def test_what_was_begun_is_not_printed_again(tmp_path: Path) -> None:
    """Neither by the same process nor by the next: the end was not seen."""
    line = DummyLine(lambda data: b"" if data == ASK_DONE else well(data))
    till = printer(tmp_path, line)
    with pytest.raises(PrintUnknown):
        till.print("print:v-1", bitmap())
    line.answer = well
    for again in (till, printer(tmp_path, line)):
        with pytest.raises(PrintedPerhaps):
            again.print("print:v-1", bitmap())
    assert len(papers(line)) == 1


def test_a_roll_that_ends_in_the_middle_is_no_printed_paper(tmp_path: Path) -> None:
    line = DummyLine(lambda data: b"\x0c" if data == ASK_DONE else well(data))
    till = printer(tmp_path, line)
    with pytest.raises(PrintUnknown):
        till.print("print:v-1", bitmap())
    line.answer = well
    with pytest.raises(PrintedPerhaps):
        till.print("print:v-1", bitmap())


def test_the_line_breaks_in_the_middle(tmp_path: Path) -> None:
    class Breaking(DummyLine):
        def send(self, data: bytes) -> None:
            super().send(data)
            if RASTER in data:
                raise BrokenPipeError("gone")

    line = Breaking(well)
    with pytest.raises(PrintUnknown):
        printer(tmp_path, line).print("print:v-1", bitmap())
    with pytest.raises(PrintedPerhaps):
        printer(tmp_path, line).print("print:v-1", bitmap())


@contextmanager
def network_printer() -> Iterator[tuple[int, bytearray]]:
    """A server on loopback that answers like a printer; the bytes that it got."""
    got = bytearray()
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(5)

    def serve() -> None:
        made, _ = server.accept()
        with made:
            made.settimeout(5)
            while data := made.recv(65536):
                got.extend(data)
                if data[-3:] in (ASK_PAPER, ASK_COVER, ASK_ONLINE, ASK_DONE):
                    made.sendall(b"\x12")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1], got
    finally:
        thread.join(10)
        server.close()


def test_over_the_network(tmp_path: Path) -> None:
    with network_printer() as (port, got):
        till = EscPosPrinter("till", NetworkLine("127.0.0.1", port), Journal(tmp_path))
        till.print("print:v-1", bitmap())
    assert bytes(got).startswith(ASK_PAPER + ASK_COVER + ASK_ONLINE)
    assert bytes(got).endswith(ASK_DONE)
    with pytest.raises(PrinterOff):
        till.print("print:v-2", bitmap())


def test_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "lp0"
    path.touch()
    EscPosPrinter("till", FileLine(str(path)), Journal(tmp_path / "j")).print("p:1", bitmap())
    assert RASTER in path.read_bytes()
    gone = EscPosPrinter("till", FileLine(str(tmp_path / "none")), Journal(tmp_path / "j"))
    with pytest.raises(PrinterOff):
        gone.print("p:2", bitmap())


def test_over_a_serial_port(tmp_path: Path) -> None:
    import os
    import pty
    import tty

    master, slave = pty.openpty()
    tty.setraw(slave)
    got = bytearray()

    def serve() -> None:
        while ASK_DONE not in got:
            data = os.read(master, 4096)
            got.extend(data)
            if data[-3:] in (ASK_PAPER, ASK_COVER, ASK_ONLINE, ASK_DONE):
                os.write(master, b"\x12")

    thread = threading.Thread(target=serve)
    thread.start()
    line = SerialLine(os.ttyname(slave), 115200)
    EscPosPrinter("till", line, Journal(tmp_path)).print("p:1", bitmap(384, 64))
    thread.join(10)
    os.close(master)
    os.close(slave)
    assert RASTER in bytes(got)


def test_the_queue_tells_what_is_wrong() -> None:
    found = trouble("printer.paper_out", "till")
    assert isinstance(found, PaperOut)
    assert found.printer == "till"
    assert isinstance(trouble("outbox.rejected: printer.perhaps", "till"), PrintedPerhaps)
    assert trouble("outbox.not_sent: file", "till") is None
