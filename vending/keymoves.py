"""From which key to which other a set of key-change tokens moves its meter. Pure."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from tokens.sts import is_expired


@dataclass(frozen=True, slots=True)
class KeyMove:
    """The keys between which the key-change tokens of a sale move its meter. Base dates (as years)
    and expiry numbers are None in what was written down before they were tracked."""

    from_sgc: str
    from_krn: int
    from_ti: int
    to_sgc: str
    to_krn: int
    to_ti: int
    from_base_date: int | None = None
    from_ken: int | None = None
    to_base_date: int | None = None
    to_ken: int | None = None

    @property
    def within_key(self) -> bool:
        """Whether the key keeps its name, and only its base date or expiry number changes."""
        old = (self.from_sgc, self.from_krn, self.from_ti)
        return old == (self.to_sgc, self.to_krn, self.to_ti)

    @property
    def leads_nowhere(self) -> bool:
        """Whether the meter was told what the key has already."""
        return self.keeps_decoder_key and self.from_ken == self.to_ken

    @property
    def keeps_decoder_key(self) -> bool:
        """Whether the meter opens tokens with what it opened them with before: the expiry number
        alone changes, which is no part of the derivation."""
        return self.within_key and self.from_base_date == self.to_base_date

    def shows(self, tid: int) -> bool:
        """Whether a meter that takes a token with this TID has made the move: under the same
        decoder key, only one that the old expiry number would have refused."""
        return not self.keeps_decoder_key or is_expired(tid, self.from_ken or 0)

    def on_to(self, later: KeyMove) -> KeyMove:
        """From where this one leads from to where a later one leads to."""
        return KeyMove(
            self.from_sgc,
            self.from_krn,
            self.from_ti,
            later.to_sgc,
            later.to_krn,
            later.to_ti,
            from_base_date=self.from_base_date,
            from_ken=self.from_ken,
            to_base_date=later.to_base_date,
            to_ken=later.to_ken,
        )

    @property
    def before(self) -> str:
        """The key that the meter leaves, as `123457/1/01`; with the base date (BDT) and the expiry
        number (KEN) that it was told, where these change."""
        return self._named("from")

    @property
    def after(self) -> str:
        """The key that it comes to, likewise."""
        return self._named("to")

    def _named(self, side: str) -> str:
        sgc, krn, ti = (getattr(self, f"{side}_{name}") for name in ("sgc", "krn", "ti"))
        told = [
            f" {short} {getattr(self, f'{side}_{name}')}"
            for name, short in (("base_date", "BDT"), ("ken", "KEN"))
            if getattr(self, f"from_{name}") != getattr(self, f"to_{name}")
        ]
        return f"{sgc}/{krn}/{ti:02d}{''.join(told)}"

    def leads_as(self, other: KeyMove) -> bool:
        """Whether both lead from the same to the same, as far as both are known."""
        ours, theirs = astuple(self), astuple(other)
        return ours[:6] == theirs[:6] and all(
            a == b or a is None or b is None for a, b in zip(ours[6:], theirs[6:], strict=True)
        )
