"""What the sources say of each shipped model, typed by hand from them and not from our maps.

One line is one value: name, the number that the source gives it, type, byte order, scale, and the
unit in which the source counts (kW stays kW here). `~` stands for nothing. How the numbers are
meant is told by `NUMBERS`: most sources print the wire address in hex; Schneider and TUF count from
1 in decimal.

Sources: mbmd (volkszaehler/mbmd), evcc's templates, sdm_modbus's vendor PDFs, the
Gavazzi protocol r17 as its Python package has it, Chint's table 11, EMS4J's mapping enums, the
DDS238 notes of alphp and dzlabing, Xintai's protocol V1, the TUF-2000 manual's register table, the
identification tables of dlt645 3.2.0.
"""

from __future__ import annotations

from typing import Final

NUMBERS: Final = {
    "schneider-iem3155": "decimal from 1",
    "tuf-2000m": "decimal from 1",
    "dlt645-2007": "text",
    "iec62056-21-generic": "text",
    "mbus-water": "text",
}
"""All others: hex, from 0."""

IN_OURS: Final = {
    "kW": ("W", "1000"),
    "kvar": ("var", "1000"),
    "kVA": ("VA", "1000"),
    "Wh": ("kWh", "0.001"),
    "varh": ("kvarh", "0.001"),
    "MPa": ("bar", "10"),
}
"""What the sources count in, in the units of the vocabulary."""

TYPED: Final = {
    "eastron-sdm120": """
        voltage.l1n            0000 f32 ABCD 1 V
        current.l1             0006 f32 ABCD 1 A
        power.active           000C f32 ABCD 1 W
        power.apparent         0012 f32 ABCD 1 VA
        power.reactive         0018 f32 ABCD 1 var
        pf                     001E f32 ABCD 1 ~
        frequency              0046 f32 ABCD 1 Hz
        energy.active.import   0048 f32 ABCD 1 kWh
        energy.active.export   004A f32 ABCD 1 kWh
        energy.reactive.import 004C f32 ABCD 1 kvarh
        energy.reactive.export 004E f32 ABCD 1 kvarh
        energy.active.total    0156 f32 ABCD 1 kWh
        energy.reactive.total  0158 f32 ABCD 1 kvarh
        demand.active          0054 f32 ABCD 1 W
        demand.active.max      0056 f32 ABCD 1 W
        demand.active.import   0058 f32 ABCD 1 W
        demand.active.import.max 005A f32 ABCD 1 W
        demand.active.export   005C f32 ABCD 1 W
        demand.active.export.max 005E f32 ABCD 1 W
        line.parity            0012 f32 ABCD 1 ~
        meter.unit_id          0014 f32 ABCD 1 ~
        line.baud              001C f32 ABCD 1 ~
        meter.serial           FC00 u32 ABCD 1 ~
        meter.code             FC02 u16 ABCD 1 ~
        """,
    "eastron-sdm230": """
        voltage.l1n            0000 f32 ABCD 1 V
        current.l1             0006 f32 ABCD 1 A
        power.active           000C f32 ABCD 1 W
        power.apparent         0012 f32 ABCD 1 VA
        power.reactive         0018 f32 ABCD 1 var
        pf                     001E f32 ABCD 1 ~
        angle                  0024 f32 ABCD 1 deg
        frequency              0046 f32 ABCD 1 Hz
        energy.active.import   0048 f32 ABCD 1 kWh
        energy.active.export   004A f32 ABCD 1 kWh
        energy.reactive.import 004C f32 ABCD 1 kvarh
        energy.reactive.export 004E f32 ABCD 1 kvarh
        energy.active.total    0156 f32 ABCD 1 kWh
        energy.reactive.total  0158 f32 ABCD 1 kvarh
        energy.active.resettable   0180 f32 ABCD 1 kWh
        energy.reactive.resettable 0182 f32 ABCD 1 kvarh
        energy.active.total.t1  130C f32 ABCD 1 kWh
        energy.active.total.t2  130E f32 ABCD 1 kWh
        energy.active.import.t1 1314 f32 ABCD 1 kWh
        energy.active.import.t2 1316 f32 ABCD 1 kWh
        energy.active.export.t1 131C f32 ABCD 1 kWh
        energy.active.export.t2 131E f32 ABCD 1 kWh
        line.parity            0012 f32 ABCD 1 ~
        meter.unit_id          0014 f32 ABCD 1 ~
        line.baud              001C f32 ABCD 1 ~
        meter.serial           FC00 u32 ABCD 1 ~
        """,
    "eastron-sdm630": """
        voltage.l1n            0000 f32 ABCD 1 V
        voltage.l2n            0002 f32 ABCD 1 V
        voltage.l3n            0004 f32 ABCD 1 V
        current.l1             0006 f32 ABCD 1 A
        current.l2             0008 f32 ABCD 1 A
        current.l3             000A f32 ABCD 1 A
        power.active.l1        000C f32 ABCD 1 W
        power.active.l2        000E f32 ABCD 1 W
        power.active.l3        0010 f32 ABCD 1 W
        power.apparent.l1      0012 f32 ABCD 1 VA
        power.apparent.l2      0014 f32 ABCD 1 VA
        power.apparent.l3      0016 f32 ABCD 1 VA
        power.reactive.l1      0018 f32 ABCD 1 var
        power.reactive.l2      001A f32 ABCD 1 var
        power.reactive.l3      001C f32 ABCD 1 var
        pf.l1                  001E f32 ABCD 1 ~
        pf.l2                  0020 f32 ABCD 1 ~
        pf.l3                  0022 f32 ABCD 1 ~
        power.active           0034 f32 ABCD 1 W
        power.apparent         0038 f32 ABCD 1 VA
        power.reactive         003C f32 ABCD 1 var
        pf                     003E f32 ABCD 1 ~
        frequency              0046 f32 ABCD 1 Hz
        energy.active.import   0048 f32 ABCD 1 kWh
        energy.active.export   004A f32 ABCD 1 kWh
        energy.reactive.import 004C f32 ABCD 1 kvarh
        energy.reactive.export 004E f32 ABCD 1 kvarh
        energy.apparent        0050 f32 ABCD 1 kVAh
        charge.total           0052 f32 ABCD 1 Ah
        voltage.l1l2           00C8 f32 ABCD 1 V
        voltage.l2l3           00CA f32 ABCD 1 V
        voltage.l3l1           00CC f32 ABCD 1 V
        current.n              00E0 f32 ABCD 1 A
        energy.active.total    0156 f32 ABCD 1 kWh
        energy.reactive.total  0158 f32 ABCD 1 kvarh
        energy.active.import.l1 015A f32 ABCD 1 kWh
        energy.active.import.l2 015C f32 ABCD 1 kWh
        energy.active.import.l3 015E f32 ABCD 1 kWh
        energy.active.export.l1 0160 f32 ABCD 1 kWh
        energy.active.export.l2 0162 f32 ABCD 1 kWh
        energy.active.export.l3 0164 f32 ABCD 1 kWh
        energy.active.total.l1  0166 f32 ABCD 1 kWh
        energy.active.total.l2  0168 f32 ABCD 1 kWh
        energy.active.total.l3  016A f32 ABCD 1 kWh
        line.parity            0012 f32 ABCD 1 ~
        meter.unit_id          0014 f32 ABCD 1 ~
        line.baud              001C f32 ABCD 1 ~
        meter.serial           FC00 u32 ABCD 1 ~
        """,
    "gavazzi-em340": """
        voltage.l1n            0000 s32 CDAB 0.1 V
        voltage.l2n            0002 s32 CDAB 0.1 V
        voltage.l3n            0004 s32 CDAB 0.1 V
        voltage.l1l2           0006 s32 CDAB 0.1 V
        voltage.l2l3           0008 s32 CDAB 0.1 V
        voltage.l3l1           000A s32 CDAB 0.1 V
        current.l1             000C s32 CDAB 0.001 A
        current.l2             000E s32 CDAB 0.001 A
        current.l3             0010 s32 CDAB 0.001 A
        power.active.l1        0012 s32 CDAB 0.1 W
        power.active.l2        0014 s32 CDAB 0.1 W
        power.active.l3        0016 s32 CDAB 0.1 W
        power.apparent.l1      0018 s32 CDAB 0.1 VA
        power.reactive.l1      001E s32 CDAB 0.1 var
        power.active           0028 s32 CDAB 0.1 W
        power.apparent         002A s32 CDAB 0.1 VA
        power.reactive         002C s32 CDAB 0.1 var
        pf.l1                  002E s16 ABCD 0.001 ~
        pf.l2                  002F s16 ABCD 0.001 ~
        pf.l3                  0030 s16 ABCD 0.001 ~
        pf                     0031 s16 ABCD 0.001 ~
        phase.sequence         0032 s16 ABCD 1 ~
        frequency              0033 u16 ABCD 0.1 Hz
        energy.active.import   0034 s32 CDAB 0.1 kWh
        energy.reactive.import 0036 s32 CDAB 0.1 kvarh
        energy.active.import.l1 0040 s32 CDAB 0.1 kWh
        energy.active.import.l2 0042 s32 CDAB 0.1 kWh
        energy.active.import.l3 0044 s32 CDAB 0.1 kWh
        energy.active.import.t1 0046 s32 CDAB 0.1 kWh
        energy.active.import.t2 0048 s32 CDAB 0.1 kWh
        energy.active.export   004E s32 CDAB 0.1 kWh
        energy.reactive.export 0050 s32 CDAB 0.1 kvarh
        energy.active.resettable 003C s32 CDAB 0.1 kWh
        energy.active.import.fine 0400 pair(s32,s32,0.001) CDAB 1 kWh
        energy.active.export.fine 0408 pair(s32,s32,0.001) CDAB 1 kWh
        """,
    "gavazzi-em24": """
        voltage.l1n            0000 s32 CDAB 0.1 V
        voltage.l2n            0002 s32 CDAB 0.1 V
        voltage.l3n            0004 s32 CDAB 0.1 V
        current.l1             000C s32 CDAB 0.001 A
        current.l2             000E s32 CDAB 0.001 A
        current.l3             0010 s32 CDAB 0.001 A
        power.active.l1        0012 s32 CDAB 0.1 W
        power.active.l2        0014 s32 CDAB 0.1 W
        power.active.l3        0016 s32 CDAB 0.1 W
        power.active           0028 s32 CDAB 0.1 W
        pf.l1                  0032 s16 ABCD 0.001 ~
        pf.l2                  0033 s16 ABCD 0.001 ~
        pf.l3                  0034 s16 ABCD 0.001 ~
        pf                     0035 s16 ABCD 0.001 ~
        phase.sequence         0036 s16 ABCD 1 ~
        frequency              0037 u16 ABCD 0.1 Hz
        energy.active.import   003E s32 CDAB 0.1 kWh
        energy.active.resettable 0042 s32 CDAB 0.1 kWh
        energy.active.import.l1 0046 s32 CDAB 0.1 kWh
        energy.active.import.l2 0048 s32 CDAB 0.1 kWh
        energy.active.import.l3 004A s32 CDAB 0.1 kWh
        energy.active.export   005C s32 CDAB 0.1 kWh
        """,
    "schneider-iem3155": """
        current.l1             3000 f32 ABCD 1 A
        current.l2             3002 f32 ABCD 1 A
        current.l3             3004 f32 ABCD 1 A
        current.mean           3010 f32 ABCD 1 A
        voltage.l1l2           3020 f32 ABCD 1 V
        voltage.l2l3           3022 f32 ABCD 1 V
        voltage.l3l1           3024 f32 ABCD 1 V
        voltage.mean_ll        3026 f32 ABCD 1 V
        voltage.l1n            3028 f32 ABCD 1 V
        voltage.l2n            3030 f32 ABCD 1 V
        voltage.l3n            3032 f32 ABCD 1 V
        voltage.mean_ln        3036 f32 ABCD 1 V
        power.active.l1        3054 f32 ABCD 1 kW
        power.active.l2        3056 f32 ABCD 1 kW
        power.active.l3        3058 f32 ABCD 1 kW
        power.active           3060 f32 ABCD 1 kW
        power.reactive         3068 f32 ABCD 1 kvar
        power.apparent         3076 f32 ABCD 1 kVA
        pf                     3084 f32 ABCD 1 ~
        frequency              3110 f32 ABCD 1 Hz
        energy.active.import   3204 s64 ABCD 1 Wh
        energy.active.export   3208 s64 ABCD 1 Wh
        energy.reactive.import 3220 s64 ABCD 1 varh
        energy.reactive.export 3224 s64 ABCD 1 varh
        energy.active.resettable 3256 s64 ABCD 1 Wh
        energy.active.import.l1 3518 s64 ABCD 1 Wh
        energy.active.import.l2 3522 s64 ABCD 1 Wh
        energy.active.import.l3 3526 s64 ABCD 1 Wh
        energy.active.import.t1 45120 f32 ABCD 1 Wh
        energy.active.import.t2 45122 f32 ABCD 1 Wh
        energy.active.import.t3 45124 f32 ABCD 1 Wh
        energy.active.import.t4 45126 f32 ABCD 1 Wh
        meter.serial           130  u32 ABCD 1 ~
        meter.firmware         1637 u16 ABCD 1 ~
        clock                  1845 datetime(iem3155) ABCD 1 ~
        operating.time         2004 u32 ABCD 1 s
        meter.unit_id          6501 u16 ABCD 1 ~
        line.baud              6502 u16 ABCD 1 ~
        line.parity            6503 u16 ABCD 1 ~
        mailbox.command        5250 u16 ABCD 1 ~
        mailbox.answer         5375 u16 ABCD 1 ~
        mailbox.result         5376 u16 ABCD 1 ~
        """,
    "chint-ddsu666": """
        voltage.l1n            2000 f32 ABCD 1 V
        current.l1             2002 f32 ABCD 1 A
        power.active           2004 f32 ABCD 1 kW
        power.reactive         2006 f32 ABCD 1 kvar
        pf                     200A f32 ABCD 1 ~
        frequency              200E f32 ABCD 1 Hz
        energy.active.import   4000 f32 ABCD 1 kWh
        energy.active.export   400A f32 ABCD 1 kWh
        meter.firmware         0000 u16 ABCD 1 ~
        meter.programming_code 0001 u16 ABCD 1 ~
        meter.unit_id          0006 u16 ABCD 1 ~
        line.baud              000C u16 ABCD 1 ~
        """,
    "chint-dtsu666": """
        voltage.l1l2           2000 f32 ABCD 0.1 V
        voltage.l2l3           2002 f32 ABCD 0.1 V
        voltage.l3l1           2004 f32 ABCD 0.1 V
        voltage.l1n            2006 f32 ABCD 0.1 V
        voltage.l2n            2008 f32 ABCD 0.1 V
        voltage.l3n            200A f32 ABCD 0.1 V
        current.l1             200C f32 ABCD 0.001 A
        current.l2             200E f32 ABCD 0.001 A
        current.l3             2010 f32 ABCD 0.001 A
        power.active           2012 f32 ABCD 0.1 W
        power.active.l1        2014 f32 ABCD 0.1 W
        power.active.l2        2016 f32 ABCD 0.1 W
        power.active.l3        2018 f32 ABCD 0.1 W
        power.reactive         201A f32 ABCD 0.1 var
        power.reactive.l1      201C f32 ABCD 0.1 var
        power.reactive.l2      201E f32 ABCD 0.1 var
        power.reactive.l3      2020 f32 ABCD 0.1 var
        pf                     202A f32 ABCD 0.001 ~
        pf.l1                  202C f32 ABCD 0.001 ~
        pf.l2                  202E f32 ABCD 0.001 ~
        pf.l3                  2030 f32 ABCD 0.001 ~
        frequency              2044 f32 ABCD 0.01 Hz
        energy.active.import   101E f32 ABCD 1 kWh
        energy.active.import.l1 1020 f32 ABCD 1 kWh
        energy.active.import.l2 1022 f32 ABCD 1 kWh
        energy.active.import.l3 1024 f32 ABCD 1 kWh
        energy.active.export   1028 f32 ABCD 1 kWh
        energy.active.export.l1 102A f32 ABCD 1 kWh
        energy.active.export.l2 102C f32 ABCD 1 kWh
        energy.active.export.l3 102E f32 ABCD 1 kWh
        meter.firmware         0000 u16 ABCD 1 ~
        meter.programming_code 0001 u16 ABCD 1 ~
        wiring.system          0003 u16 ABCD 1 ~
        ct.ratio               0006 u16 ABCD 1 ~
        vt.ratio               0007 u16 ABCD 0.1 ~
        display.scroll_time    000A u16 ABCD 1 ~
        display.backlight      000B u16 ABCD 1 ~
        line.protocol          002C u16 ABCD 1 ~
        line.baud              002D u16 ABCD 1 ~
        meter.unit_id          002E u16 ABCD 1 ~
        """,
    "acrel-ddsy1352": """
        energy.active.total    0000 u32 ABCD 0.01 kWh
        energy.active.total.t1 0002 u32 ABCD 0.01 kWh
        energy.active.total.t2 0004 u32 ABCD 0.01 kWh
        energy.active.total.t3 0006 u32 ABCD 0.01 kWh
        energy.active.total.t4 0008 u32 ABCD 0.01 kWh
        energy.active.total.t5 5030 u32 ABCD 0.01 kWh
        meter.programming_code 000A u16 ABCD 1 ~
        voltage.l1n            000B u16 ABCD 0.1 V
        current.l1             000C u16 ABCD 0.01 A
        power.active           000D s16 ABCD 0.001 kW
        power.apparent         000F u16 ABCD 0.001 kVA
        pf                     0010 s16 ABCD 0.001 ~
        ct.ratio               0038 u16 ABCD 1 ~
        supply.command         0057 u32 ABCD 1 ~
        tariff.plan_dates[0]   2000 u16 ABCD 1 ~
        tariff.plan_dates[5]   2005 u16 ABCD 1 ~
        tariff.day_plan.1[0]   2006 u16 ABCD 1 ~
        tariff.day_plan.1[20]  201A u16 ABCD 1 ~
        tariff.day_plan.2[0]   201B u16 ABCD 1 ~
        tariff.day_plan.2[20]  202F u16 ABCD 1 ~
        """,
    "acrel-dtsy1352": """
        energy.active.total    0000 u32 ABCD 0.01 kWh
        energy.active.total.t1 0002 u32 ABCD 0.01 kWh
        energy.active.total.t2 0004 u32 ABCD 0.01 kWh
        energy.active.total.t3 0006 u32 ABCD 0.01 kWh
        energy.active.total.t4 0008 u32 ABCD 0.01 kWh
        energy.active.total.t5 5030 u32 ABCD 0.01 kWh
        ct.ratio               0038 u16 ABCD 1 ~
        supply.command         0057 u32 ABCD 1 ~
        tariff.plan_dates[0]   0028 u16 ABCD 1 ~
        tariff.day_plan.1[0]   2000 u16 ABCD 1 ~
        tariff.day_plan.2[0]   2015 u16 ABCD 1 ~
        event_log.time[0]      3001 datetime(binary6) ABCD 1 ~
        event_log.code[0]      3004 high8 ABCD 1 ~
        event_log.detail[0]    3005 u16 ABCD 1 ~
        event_log.time[1]      3007 datetime(binary6) ABCD 1 ~
        """,
    "hiking-dds238": """
        energy.active.total    0000 u32 ABCD 0.01 kWh
        energy.active.export   0008 u32 ABCD 0.01 kWh
        energy.active.import   000A u32 ABCD 0.01 kWh
        voltage.l1n            000C u16 ABCD 0.1 V
        current.l1             000D u16 ABCD 0.01 A
        power.active           000E s16 ABCD 1 W
        power.reactive         000F s16 ABCD 1 var
        pf                     0010 u16 ABCD 0.001 ~
        frequency              0011 u16 ABCD 0.01 Hz
        meter.unit_id          0015 high8 ABCD 1 ~
        line.baud              0015 low8 ABCD 1 ~
        supply.output          001A u16 ABCD 1 ~
        """,
    "xintai-valve": """
        volume.forward         0001 f32 DCBA 1 m3
        volume.reverse         0003 f32 DCBA 1 m3
        flow                   0005 f32 DCBA 1 m3/h
        pipe.state             0007 u16 DCBA 1 ~
        account.balance        0008 f32 DCBA 1 m3
        pressure               000A f32 DCBA 1 MPa
        temperature.water      000C f32 DCBA 1 C
        meter.unit_id          000E u16 DCBA 1 ~
        line.baud              000F u16 DCBA 1 ~
        line.parity            0010 u16 DCBA 1 ~
        line.stop_bits         0011 u16 DCBA 1 ~
        meter.number           0012 bcd(16) DCBA 1 ~
        clock                  0016 datetime(bcd-clock) ABCD 1 ~
        battery.voltage        001A f32 DCBA 1 V
        supply.output          001C bits DCBA 1 ~
        supply.command         001C u16 DCBA 1 ~
        pulse.constant         001D u16 DCBA 1 ~
        pressure.state         001E u16 DCBA 1 ~
        """,
    "tuf-2000m": """
        flow                   1    f32 CDAB 1 m3/h
        velocity               5    f32 CDAB 1 m/s
        sound.speed            7    f32 CDAB 1 m/s
        volume.forward         9    pair(s32,f32) CDAB 1 ~
        volume.reverse         13   pair(s32,f32) CDAB 1 ~
        volume.net             25   pair(s32,f32) CDAB 1 ~
        temperature.supply     33   f32 CDAB 1 C
        temperature.return     35   f32 CDAB 1 C
        error.bits             72   bits ABCD 1 ~
        signal.quality         92   low8 ABCD 1 %
        signal.up              93   u16 ABCD 1 ~
        signal.down            94   u16 ABCD 1 ~
        signal.ratio           97   f32 CDAB 1 %
        operating.time         103  u32 CDAB 1 s
        pipe.inner_diameter    221  f32 CDAB 1 mm
        transducer.spacing     227  f32 CDAB 1 mm
        meter.flow_unit        1437 u16 ABCD 1 ~
        meter.volume_unit      1438 u32 ABCD 1 ~
        meter.unit_id          1442 u16 ABCD 1 ~
        """,
    "dlt645-2007": """
        energy.active.import   00010000 bcd(8) DCBA 0.01 kWh
        energy.active.import.t1 00010100 bcd(8) DCBA 0.01 kWh
        energy.active.import.t2 00010200 bcd(8) DCBA 0.01 kWh
        energy.active.import.t3 00010300 bcd(8) DCBA 0.01 kWh
        energy.active.import.t4 00010400 bcd(8) DCBA 0.01 kWh
        energy.active.export   00020000 bcd(8) DCBA 0.01 kWh
        voltage.l1n            02010100 bcd(4) DCBA 0.1 V
        voltage.l2n            02010200 bcd(4) DCBA 0.1 V
        voltage.l3n            02010300 bcd(4) DCBA 0.1 V
        current.l1             02020100 bcd(6) DCBA 0.001 A
        current.l2             02020200 bcd(6) DCBA 0.001 A
        current.l3             02020300 bcd(6) DCBA 0.001 A
        current.n              02800001 bcd(6) DCBA 0.001 A
        power.active           02030000 bcd(6) DCBA 0.0001 kW
        power.active.l1        02030100 bcd(6) DCBA 0.0001 kW
        power.active.l2        02030200 bcd(6) DCBA 0.0001 kW
        power.active.l3        02030300 bcd(6) DCBA 0.0001 kW
        power.reactive         02040000 bcd(6) DCBA 0.0001 kvar
        power.apparent         02050000 bcd(6) DCBA 0.0001 kVA
        pf                     02060000 bcd(4) DCBA 0.001 ~
        frequency              02800002 bcd(4) DCBA 0.01 Hz
        temperature.meter      02800007 bcd(4) DCBA 0.1 C
        battery.voltage        02800008 bcd(4) DCBA 0.01 V
        clock.date             04000101 bcd(8) DCBA 1 ~
        clock.time             04000102 bcd(6) DCBA 1 ~
        clock                  0400010C datetime(dlt645) DCBA 1 ~
        meter.unit_id          04000401 bcd(12) DCBA 1 ~
        meter.number           04000402 bcd(12) DCBA 1 ~
        meter.status.word.3    04000503 bits DCBA 1 ~
        supply.output          04000503 bit(4) DCBA 1 ~
        supply.command         1C       u8 ABCD 1 ~
        account.balance        00900200 bcd(8) DCBA 0.01 money
        account.balance.energy 00900100 bcd(8) DCBA 0.01 kWh
        account.debt           00900201 bcd(8) DCBA 0.01 money
        account.debt.energy    00900101 bcd(8) DCBA 0.01 kWh
        account.purchase_count 03330201 bcd(4) DCBA 1 ~
        account.low_threshold.1 04001001 bcd(8) DCBA 0.01 money
        account.low_threshold.2 04001002 bcd(8) DCBA 0.01 money
        account.overdraft_limit 04001003 bcd(8) DCBA 0.01 money
        account.hoarding_limit 04001004 bcd(8) DCBA 0.01 money
        account.close_limit    04001005 bcd(8) DCBA 0.01 money
        account.top_up         070102FF u64 ABCD 1 ~
        """,
    "iec62056-21-generic": """
        energy.active.import   1.8.0  number ABCD 1 kWh
        energy.active.import.t1 1.8.1 number ABCD 1 kWh
        energy.active.import.t2 1.8.2 number ABCD 1 kWh
        energy.active.import.t3 1.8.3 number ABCD 1 kWh
        energy.active.import.t4 1.8.4 number ABCD 1 kWh
        energy.active.export   2.8.0  number ABCD 1 kWh
        energy.reactive.import 3.8.0  number ABCD 1 kvarh
        energy.reactive.export 4.8.0  number ABCD 1 kvarh
        power.active           16.7.0 number ABCD 1 W
        voltage.l1n            32.7.0 number ABCD 1 V
        voltage.l2n            52.7.0 number ABCD 1 V
        voltage.l3n            72.7.0 number ABCD 1 V
        current.l1             31.7.0 number ABCD 1 A
        current.l2             51.7.0 number ABCD 1 A
        current.l3             71.7.0 number ABCD 1 A
        frequency              14.7.0 number ABCD 1 Hz
        pf                     13.7.0 number ABCD 1 ~
        meter.serial           C.1.0  text ABCD 1 ~
        meter.number           0.0.0  text ABCD 1 ~
        meter.firmware         0.2.0  text ABCD 1 ~
        clock.time             0.9.1  text ABCD 1 ~
        clock.date             0.9.2  text ABCD 1 ~
        error.code             F.F    text ABCD 1 ~
        """,
    "mbus-water": """
        volume.forward          volume   s64 DCBA 1 m3
        volume.forward.previous volume[1] s64 DCBA 1 m3
        flow                    flow     s64 DCBA 1 m3/h
        temperature.water       temperature.flow s64 DCBA 1 C
        error.bits              02_FD_17 bits DCBA 1 ~
        clock                   04_6D    datetime(mbus-f) ABCD 1 ~
        """,
}
