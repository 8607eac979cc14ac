"""A meter model as its register map tells it: what it keeps where, what it can be told to do, how
it is recognised and checked. Data only; `reading.py` makes it from TOML, `codec.py` decodes and
encodes values, `plan.py` plans requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from meters.account import Commodity

from .types import Family, parse_type
from .variants import Variant


class Protocol(Enum):
    """How a model is spoken to."""

    MODBUS = "modbus"
    IEC21 = "iec62056-21"
    DLT645 = "dlt645"
    MBUS = "mbus"


class Table(Enum):
    """Where a value lies. Of Modbus: its four tables; of the others: the protocol's own ids."""

    INPUT = "input"
    HOLDING = "holding"
    COIL = "coil"
    DISCRETE = "discrete"
    OBIS = "obis"
    """IEC 62056-21 data sets by their OBIS-like id."""
    DI = "di"
    """DL/T 645 data identifications."""
    RECORD = "record"
    """M-Bus records by DIF/VIF."""


class Trust(Enum):
    """How well a fact is settled, best first."""

    VENDOR = "vendor"
    TWO_SOURCES = "two-sources"
    BENCH = "bench"
    ONE_SOURCE = "one-source"
    UNVERIFIED = "unverified"
    """Sources contradict each other, or there is none: refused for billing until a technician
    confirms it at commissioning."""


class Kind(Enum):
    """What a value is, and so what may be done with it."""

    INSTANT = "instant"
    COUNTER = "counter"
    STATUS = "status"
    SETTING = "setting"
    MONEY = "money"
    CREDIT = "credit"
    IDENTITY = "identity"
    CLOCK = "clock"


class Access(Enum):
    READ = "r"
    WRITE = "w"
    BOTH = "rw"
    GUARDED = "guarded"
    """Readable; written only through a command."""

    @property
    def readable(self) -> bool:
        return self is not Access.WRITE


class Poll(Enum):
    """How often a value is worth asking for."""

    FAST = "fast"
    NORMAL = "normal"
    SLOW = "slow"
    ONCE = "once"


class Order(Enum):
    """Order of bytes on the wire, spelled for a 32-bit value whose highest byte is A."""

    ABCD = "ABCD"
    CDAB = "CDAB"
    BADC = "BADC"
    DCBA = "DCBA"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from."""

    key: str
    title: str
    where: str
    """Repository and path, page address without scheme, or the document's own number."""


@dataclass(frozen=True, slots=True)
class Register:
    """One value of the meter: where it lies and what its bytes mean."""

    name: str
    table: Table
    addr: int | str
    """0-based wire address (Modbus), else the protocol's id as text: `1.8.0`, `00010000`,
    `04 13`."""
    type: str
    """As `types.py` spells them: u16, f32, bcd(8), datetime(epoch) ..."""
    order: Order = Order.ABCD
    scale: Decimal = Decimal(1)
    """Raw number times `scale`, plus `offset`, is the value in `unit`."""
    offset: Decimal = Decimal(0)
    unit: str = ""
    unit_from: str = ""
    """Name of the register that decides the unit or the power of ten (its `enum` tells which)."""
    units: Mapping[str, tuple[str, Decimal]] = field(default_factory=dict)
    """With `unit_from`: by the decider's value, the unit and a further factor."""
    order_from: str = ""
    """Name of the register that tells the order that holds now; `order` is that of delivery."""
    kind: Kind = Kind.INSTANT
    access: Access = Access.READ
    least: Decimal | None = None
    most: Decimal | None = None
    """Plausible range; outside it a reading is SUSPECT."""
    sentinels: tuple[str, ...] = ()
    """Raw words in hex that mean "no value" (`7fff`, `ffffffff`, `nan`)."""
    rollover: Decimal | None = None
    """A counter goes on with 0 when it reaches this, in the unit."""
    read_alone: bool = False
    """Means something else when read inside a larger block."""
    group: str = ""
    """Registers that must come from one request."""
    poll: Poll = Poll.NORMAL
    enum: Mapping[int, str] = field(default_factory=dict)
    bits: Mapping[int, str] = field(default_factory=dict)
    since: str = ""
    """First firmware or make that has it, in the document's words: for people. What a meter tells
    of itself is compared by `variants`."""
    obis: str = ""
    doc: str = ""
    """The address as the document prints it."""
    sources: tuple[str, ...] = ()
    trust: Trust = Trust.VENDOR
    notes: str = ""

    @property
    def words(self) -> int:
        """Modbus: addresses that it takes, registers of 16 bits or coils."""
        kind = parse_type(self.type)
        return 1 if kind.family is Family.BIT else kind.words

    @property
    def span(self) -> range:
        """Modbus: its addresses. Raises TypeError where addresses are text."""
        if isinstance(self.addr, str):
            raise TypeError(self.name)
        return range(self.addr, self.addr + self.words)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a command. `what` is `write`, `read`, `expect`, `delay`, `ask`,
    `assert_silent`, `identify_at`, `unlock`; `args` are its own."""

    what: str
    args: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Verify:
    """How a command is proved: the register equals this within so many seconds."""

    register: str
    equals: str
    within_s: float
    poll_s: float


@dataclass(frozen=True, slots=True)
class Increment:
    """The guard of a top-up: a counter that must have grown by one if it happened."""

    register: str
    by: int = 1


@dataclass(frozen=True, slots=True)
class Command:
    """Something the meter can be told to do."""

    name: str
    role: str
    """The least role that may give it: `technician`, `supervisor` ..."""
    danger: str
    """`none`, `bus`, `supply`, `credit`, `erase`."""
    params: Mapping[str, str]
    """By name: `u8`, `u16`, `decimal`, `digits(20)`, `datetime`, `enum(a,b)` ..."""
    steps: tuple[Step, ...]
    verify: Verify | None = None
    expires_s: int | None = None
    idempotency: Increment | None = None
    trust: Trust = Trust.VENDOR
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A commissioning check: an expression over register names (`checks.py`)."""

    name: str
    holds: str


@dataclass(frozen=True, slots=True)
class IdentifyStep:
    """One way to recognise the model; all steps must agree. `method` is `registers`, `fc43`,
    `address` (DL/T 645), `header` (M-Bus) or `ident` (IEC 62056-21)."""

    method: str
    role: str
    """What it tells: `model`, `serial`, `firmware`, `number`."""
    name: str = ""
    """The register it reads, or the object of function 43."""
    match: str = ""
    """What it must be, as text or a regular expression between slashes; empty: anything."""


@dataclass(frozen=True, slots=True)
class Line:
    """How the model's line is set up, as delivered and otherwise."""

    transports: tuple[str, ...]
    """`rtu`, `tcp`, `rtu-tcp`, `serial`."""
    baud: tuple[int, ...]
    default_baud: int
    parity: tuple[str, ...]
    default_parity: str
    stop_bits: tuple[int, ...]
    default_stop_bits: int
    data_bits: int
    units: range
    default_unit: int
    broadcast: bool
    port: int


@dataclass(frozen=True, slots=True)
class Limits:
    max_registers: int
    """In one request."""
    even_only: bool
    """Start and count must be even."""
    max_hole: int
    """Registers nobody asked for that a block may bridge."""
    gap_ms: int
    """Silence that the meter wants before a request, besides 3.5 characters."""
    turnaround_ms: int
    """It usually answers within."""
    turnaround_max_ms: int
    """Its worst answer."""
    write_fc: tuple[int, ...]
    one_value_per_write: bool
    restart_after: tuple[str, ...]
    """Settings that work only after a restart."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a stand-in meter does with a register: `load`, `integral`, `constant`, `clock`,
    `follows`, `walk` ... and the parameters of it."""

    what: str
    args: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Golden:
    """Bytes that must decode to these values (Modbus: RTU frames with CRC, unit first)."""

    name: str
    request: bytes
    response: bytes
    expect: Mapping[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class MeterMap:
    """One model family."""

    id: str
    maker: str
    models: tuple[str, ...]
    protocol: Protocol
    commodity: tuple[Commodity, ...]
    revision: int
    trust: Trust
    sources: Mapping[str, Source]
    line: Line
    limits: Limits
    identify: tuple[IdentifyStep, ...]
    registers: Mapping[str, Register]
    """By name; a repeated register stands here as `name[0]`, `name[1]`, ..."""
    repeats: Mapping[str, int]
    commands: Mapping[str, Command]
    checks: tuple[Check, ...]
    behaviours: Mapping[str, Behaviour]
    """By register name, for the simulator."""
    quirks: Mapping[str, object]
    """Of the firmware, for the simulator: `silent_on_misfit`, `refuse_fc` ..."""
    golden: tuple[Golden, ...]
    variants: tuple[Variant, ...] = ()
    """Members of the family that do not have everything; the first that fits counts."""

    def names(self, name: str) -> tuple[str, ...]:
        """The register's full names: itself, or one for each repetition."""
        if name in self.repeats:
            return tuple(f"{name}[{i}]" for i in range(self.repeats[name]))
        return (name,)

    @property
    def label(self) -> str:
        """`eastron-sdm120@1`, as readings tell it."""
        return f"{self.id}@{self.revision}"
