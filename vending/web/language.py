"""The caller's language, from Accept-Language (RFC 9110, 12.5.4). Arabic unless English is
wanted more."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from ..messages import DEFAULT_LANGUAGE, Language


def language_of(request: HTTPConnection) -> Language:
    """The language for the words of this answer."""
    return accepted_language(request.headers.get("accept-language", ""))


def accepted_language(header: str) -> Language:
    """The best of our languages by the header's weights; the default for none, `*` or nonsense."""
    best, weight = DEFAULT_LANGUAGE, 0.0
    for part in header[:500].split(","):
        tag, _, parameter = part.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        known = next((lang for lang in Language if lang.value == primary), None)
        offered = _weight(parameter)
        if known is not None and offered > weight:
            best, weight = known, offered
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip().lower() == "q" else 1.0
    except ValueError:
        return 0.0
