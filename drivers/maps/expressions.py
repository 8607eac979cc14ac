"""The little language of commissioning checks: arithmetic and comparisons over readings.

    abs(voltage.l1n - 230) < 50
    abs(voltage.l1n * current.l1 - power.apparent) < 5 % of max(power.apparent, 10)
    phase.sequence == 'good' and not flag.reverse

Names are register names; numbers are Decimals; texts stand in single quotes. `5 %` is 0.05, and
`5 % of x` is that share of x. Operators, loosest first: `or`, `and`, `not`, comparisons (which may
be chained, `47 < frequency < 53`), `+ -`, `* /`, sign. Functions: abs, min, max. A reading that is
a set of bits has its members asked for with `'magnet' in flags`. Both sides of `and` and `or` are
always computed, so that a slip shows at once and not on the day when the left side turns.

Nothing else can be said: no attributes, no calls of ours, no loops, so that a register map from
elsewhere can do no harm. Depth and length are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, localcontext
from typing import Final

from meters.errors import Broken
from meters.readings import Value

from .computing import (
    ARITHMETIC,
    COMPARE,
    FUNCTIONS,
    Misuse,
    Result,
    Values,
    number,
    truth,
    value_of,
)

LONGEST: Final = 1000
DEEPEST: Final = 30

_Node = Callable[[Values], Result]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|'(?P<text>[^']*)'"
    r"|(?P<name>[a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)*(?:\[\d+\])?)"
    r"|(?P<sign><=|>=|==|!=|[-+*/%(),<>]))"
)
_WORDS: Final = frozenset({"and", "or", "not", "in", "of"})


@dataclass(eq=False)
class ExpressionWrong(Broken, code="meter_map.expression"):
    """A check of a register map cannot be read, or cannot be computed of these values."""

    expression: str
    problem: str


@dataclass(frozen=True, slots=True)
class Expression:
    """A check that has been read. `names` are the readings that it needs, in order of mention."""

    text: str
    names: tuple[str, ...]
    _root: _Node

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Whether it holds of these values, which must have all `names`. Raises ExpressionWrong
        if they are of the wrong kind (a text where a number must be), or a number comes out that
        is none (a division by zero)."""
        found = self._computed(values)
        if not isinstance(found, bool):
            raise ExpressionWrong(self.text, "is not a question")
        return found

    def number(self, values: Mapping[str, Value]) -> Decimal:
        """What it comes to, if it is a sum and not a question. Raises ExpressionWrong."""
        found = self._computed(values)
        if not isinstance(found, Decimal):
            raise ExpressionWrong(self.text, "is not a number")
        return found

    def _computed(self, values: Mapping[str, Value]) -> Result:
        with localcontext(Context(prec=40)):
            try:
                return self._root(values)
            except DecimalException as error:
                raise ExpressionWrong(self.text, type(error).__name__) from None
            except Misuse as error:
                raise ExpressionWrong(self.text, str(error)) from None


def expression(text: str) -> Expression:
    """Reads a check. Raises ExpressionWrong with the place that cannot be read."""
    if len(text) > LONGEST:
        raise ExpressionWrong(text[:40], "too long")
    reader = _Reader(text)
    root = reader.either()
    reader.end()
    return Expression(text, tuple(dict.fromkeys(reader.names)), root)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionWrong(text, f"cannot be read at {at}")
        kind = str(match.lastgroup)
        found = match[kind]
        if kind == "name" and found in _WORDS:
            kind = "sign"
        yield _Token(kind, found, match.start())
        at = match.end()
    yield _Token("end", "", len(text))


class _Reader:
    """Recursive descent: one method per level of precedence, each returns what computes it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._left = list(_tokens(text))[::-1]
        self._depth = 0
        self.names: list[str] = []

    def either(self) -> _Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ExpressionWrong(self._text, "nested too deeply")
        sides = [self._both()]
        while self._take("or"):
            sides.append(self._both())
        self._depth -= 1
        if len(sides) == 1:
            return sides[0]
        return lambda values: any([truth(side(values)) for side in sides])  # noqa: C419

    def end(self) -> None:
        if self._left[-1].kind != "end":
            raise self._wrong()

    def _both(self) -> _Node:
        sides = [self._not()]
        while self._take("and"):
            sides.append(self._not())
        if len(sides) == 1:
            return sides[0]
        return lambda values: all([truth(side(values)) for side in sides])  # noqa: C419

    def _not(self) -> _Node:
        turned = False
        while self._take("not"):
            turned = not turned
        inner = self._comparison()
        if not turned:
            return inner
        return lambda values: not truth(inner(values))

    def _comparison(self) -> _Node:
        sides = [self._sum()]
        signs: list[str] = []
        while self._left[-1].kind == "sign" and self._left[-1].text in COMPARE:
            signs.append(self._left.pop().text)
            sides.append(self._sum())
        if not signs:
            return sides[0]

        def compare(values: Values) -> Result:
            found = [side(values) for side in sides]
            pairs = zip(found, found[1:], signs, strict=False)
            return all([COMPARE[sign](left, right) for left, right, sign in pairs])  # noqa: C419

        return compare

    def _sum(self) -> _Node:
        return self._chain(self._product, ("+", "-"))

    def _product(self) -> _Node:
        return self._chain(self._signed, ("*", "/"))

    def _chain(self, part: Callable[[], _Node], wanted: tuple[str, ...]) -> _Node:
        first = part()
        rest: list[tuple[str, _Node]] = []
        while self._left[-1].kind == "sign" and self._left[-1].text in wanted:
            sign = self._left.pop().text
            rest.append((sign, part()))
        if not rest:
            return first

        def compute(values: Values) -> Result:
            total = number(first(values))
            for sign, other in rest:
                total = ARITHMETIC[sign](total, number(other(values)))
            return total

        return compute

    def _signed(self) -> _Node:
        turned = False
        while self._take("-"):
            turned = not turned
        inner = self._share()
        if not turned:
            return inner
        return lambda values: -number(inner(values))

    def _share(self) -> _Node:
        part = self._atom()
        if not self._take("%"):
            return part
        if not self._take("of"):
            return lambda values: number(part(values)) / 100
        whole = self._atom()
        return lambda values: number(part(values)) / 100 * number(whole(values))

    def _atom(self) -> _Node:
        token = self._left[-1]
        if token.kind == "number":
            self._left.pop()
            constant = Decimal(token.text)
            return lambda _: constant
        if token.kind == "text":
            self._left.pop()
            return lambda _: token.text
        if token.kind == "name":
            self._left.pop()
            if self._take("("):
                return self._call(token)
            self.names.append(token.text)
            return lambda values: value_of(values, token.text)
        if self._take("("):
            inner = self.either()
            self._need(")")
            return inner
        raise self._wrong()

    def _call(self, token: _Token) -> _Node:
        function = FUNCTIONS.get(token.text)
        given = [self.either()]
        while self._take(","):
            given.append(self.either())
        self._need(")")
        if function is None or (token.text == "abs" and len(given) != 1):
            raise ExpressionWrong(self._text, f"no function {token.text} of {len(given)}")
        return lambda values: function([number(one(values)) for one in given])

    def _take(self, sign: str) -> bool:
        if self._left[-1].kind == "sign" and self._left[-1].text == sign:
            self._left.pop()
            return True
        return False

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise self._wrong()

    def _wrong(self) -> ExpressionWrong:
        return ExpressionWrong(self._text, f"cannot be read at {self._left[-1].at}")
