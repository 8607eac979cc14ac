"""Words for people, Arabic and English: one pair of sentences per error code, and the names of
a meter's verdicts. The words are data (vending/words/*.toml); a test holds that none is missing.
"""

from __future__ import annotations

import re
import string
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from meters.errors import RaseedError
from meters.quantities import Money, Quantity, scaled_to_text
from meters.verdicts import TokenResult


class Language(Enum):
    """Languages that people are spoken to in."""

    ARABIC = "ar"
    ENGLISH = "en"


DEFAULT_LANGUAGE = Language.ARABIC
LOCAL_ZONE = ZoneInfo("Asia/Hebron")
"""Clock of the people who read; instants stay in UTC everywhere else."""

LRI, PDI = "\u2066", "\u2069"
# A run of Latin letters, digits and signs, with single spaces inside.
_LEFT_TO_RIGHT = re.compile(r"[A-Za-z0-9+\-/_~$<][!-~]*(?: [!-~]+)*")
_SENTENCE_MARKS = ".,:;!?("


@dataclass(frozen=True, slots=True)
class Words:
    """One message in both languages; `{fact}` stands for a fact of the error."""

    ar: str
    en: str

    def template(self, language: Language) -> str:
        return self.ar if language is Language.ARABIC else self.en


def error_words() -> Mapping[str, Words]:
    """The words of every error code."""
    return _table("errors")


def words_for(error: RaseedError, language: Language) -> str:
    """What happened and what to do next, in one or two sentences.

    An error without words (which a test forbids) is told by its code and facts.
    """
    words = error_words().get(error.code)
    if words is None:
        return str(error)
    return rendered(words, error.facts(), language)


def failure_words(code: str, facts: Mapping[str, Any], language: Language) -> str:
    """An error that was kept by its code and facts, in words; by its code, if this program does not
    know it so any more."""
    words = error_words().get(code)
    if words is None or not fact_names(words.template(language)) <= set(facts):
        return code
    return rendered(words, facts, language)


def verdict_words(result: TokenResult, language: Language) -> str:
    """A meter's verdict as a short phrase, for example `CRC_ERROR` as "wrong digits"."""
    return _finished(_table("verdicts")[result.name].template(language), language)


def reason_words(code: str, facts: Mapping[str, Any], language: Language) -> str:
    """Why a price came out as it did (`words/reasons.toml`), with its facts."""
    return rendered(_table("reasons")[code], facts, language)


def validation_words(problem: str, language: Language) -> str:
    """What is wrong with one field, by pydantic's stable type of error."""
    table = _table("validation")
    return _finished(table.get(problem, table["other"]).template(language), language)


def phrase(name: str, language: Language, /, **facts: Any) -> str:
    """A fixed phrase of the interface (`words/phrases.toml`)."""
    return rendered(_table("phrases")[name], facts, language)


def label(name: str, language: Language) -> str:
    """A label of what is shown (`words/labels.toml`)."""
    return _table("labels")[name].template(language)


def term(value: str, language: Language) -> str:
    """A word of ours (a role, a state) in the reader's language; unknown ones as they are."""
    words = _table("terms").get(value)
    return value if words is None else words.template(language)


def entry_term(kind: str, language: Language) -> str:
    """Words for a kind of journal entry."""
    # As names of acts these two words mean something else.
    return term({"void": "voided", "refund": "refunded"}.get(kind, kind), language)


def rendered(words: Words, facts: Mapping[str, Any], language: Language) -> str:
    """The template with its facts. In Arabic every fact and every Latin run is isolated, and
    what stands between backticks (a command, an address) as one piece."""
    arabic = language is Language.ARABIC
    pieces = []
    for number, segment in enumerate(words.template(language).split("`")):
        quoted = number % 2 == 1
        text = _filled(segment, facts, language, isolate=arabic and not quoted)
        pieces.append(f"{LRI}{text}{PDI}" if arabic and quoted else text)
    return "".join(pieces)


def fact_names(template: str) -> set[str]:
    """Names of the facts that a template uses."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def isolated(text: str) -> str:
    """`text` with each run of digits and Latin letters in U+2066 and U+2069.

    Inside an Arabic line the groups of a number would otherwise appear in reverse order.
    """

    def wrap(match: re.Match[str]) -> str:
        run = match[0]
        while run[-1] in _SENTENCE_MARKS or (run[-1] == ")" and run.count("(") < run.count(")")):
            run = run[:-1]
        return f"{LRI}{run}{PDI}{match[0][len(run) :]}"

    return _LEFT_TO_RIGHT.sub(wrap, text)


def _filled(segment: str, facts: Mapping[str, Any], language: Language, *, isolate: bool) -> str:
    pieces = []
    for literal, name, form, _ in string.Formatter().parse(segment):
        pieces.append(isolated(literal) if isolate else literal)
        if name is not None:
            text = _plain(_formed(facts[name], form or "", facts, language), language)
            pieces.append(_isolated_fact(text) if isolate else text)
    return "".join(pieces)


def _formed(value: Any, form: str, facts: Mapping[str, Any], language: Language) -> Any:
    """`{least_minor:money}`, `{limit:tenths}`, `{until:moment}` (ISO text as local time),
    `{state:term}` (a word of ours), `{problem:validation}` (pydantic's type of error),
    `{problem:mistake}` (in a tariff text, with the error's `details`)."""
    if form == "money":
        return Money(value, facts.get("currency", "ILS"))
    if form == "tenths":
        return scaled_to_text(value, 1)
    if form == "moment" and isinstance(value, str):
        return datetime.fromisoformat(value)
    if form == "term":
        if isinstance(value, list | tuple):
            return [term(str(one), language) for one in value]
        return term(str(value), language)
    if form == "validation":
        table = _table("validation")
        return table.get(str(value), table["other"]).template(language)
    if form == "mistake":
        return _table("mistakes")[str(value)].template(language).format(*facts["details"])
    return value


def on_the_wall(moment: datetime, *, seconds: bool = False) -> str:
    """Date and time on the clock of the people who read, `2026-11-23 11:30`, or to the second; in
    the hour that comes twice in autumn with the offset from UTC, `2026-10-24 01:30 +02:00`, or what
    was sold later might seem to be of before."""
    local = moment.astimezone(LOCAL_ZONE)
    told = f"{local:%Y-%m-%d %H:%M:%S}" if seconds else f"{local:%Y-%m-%d %H:%M}"
    if local.replace(fold=1 - local.fold).utcoffset() == local.utcoffset():
        return told
    return f"{told} {local.isoformat()[-6:]}"


def _isolated_fact(text: str) -> str:
    if any(unicodedata.bidirectional(character) in ("R", "AL") for character in text):
        return isolated(text)
    return f"{LRI}{text}{PDI}" if text else text


def _plain(value: Any, language: Language) -> str:
    if isinstance(value, TokenResult):
        return f"{_table('verdicts')[value.name].template(language)} ({value.name})"
    if isinstance(value, datetime):
        return on_the_wall(value)
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, list | tuple):
        texts = [str(one) for one in value]
        # An Arabic list has the Arabic comma; one of numbers and codes keeps the other.
        arabic = any(unicodedata.bidirectional(c) == "AL" for text in texts for c in text)
        value = ("، " if arabic else ", ").join(texts)
    if isinstance(value, Money | Quantity):
        return str(value)
    # A typed name may carry direction marks that would turn the rest of the line around.
    return "".join(c for c in str(value) if unicodedata.category(c) not in ("Cf", "Cc"))


def _finished(text: str, language: Language) -> str:
    return isolated(text) if language is Language.ARABIC else text


@cache
def _table(name: str) -> dict[str, Words]:
    text = (resources.files(__package__) / "words" / f"{name}.toml").read_text("utf-8")
    return {key: Words(pair["ar"], pair["en"]) for key, pair in tomllib.loads(text).items()}
