"""The OpenAPI page: the API's description as plain HTML, made here.

The usual page loads its script from a public network, which a municipality's server may not
reach; this one needs nothing but itself.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape
from typing import Any, Final

from fastapi import FastAPI
from starlette.responses import HTMLResponse

from .answers import MEDIA_TYPE

_STYLE = """
body { font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { border-top: 1px solid #999; padding-top: 1rem; } code, pre { font-family: monospace; }
pre { white-space: pre-wrap; } table { border-collapse: collapse; width: 100%; }
td, th { text-align: start; vertical-align: top; padding: .2rem .8rem .2rem 0; }
.verb { font-weight: bold; display: inline-block; min-width: 4rem; }
"""
_HEADERS: Final = {
    # This style and nothing else, wherever from.
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'",
    "X-Content-Type-Options": "nosniff",
}


def add_description(app: FastAPI, path: str) -> None:
    """Serve the page at `path`; the machine-readable form stays at the app's openapi_url."""

    def page() -> HTMLResponse:
        text = description_html(app.openapi(), app.openapi_url or "")
        return HTMLResponse(text, headers=_HEADERS)

    app.add_api_route(path, page, include_in_schema=False)


def errors_as_they_come(spec: dict[str, Any]) -> None:
    """Puts what is told of errors under the media type that they have. The framework tells every
    model under that of good answers, and a client that looks up what it was answered finds
    nothing."""
    for verbs in spec["paths"].values():
        for told in verbs.values():
            for answer in told["responses"].values():
                content = answer.get("content", {})
                if MEDIA_TYPE in content:
                    content[MEDIA_TYPE] = content.pop("application/json")


def description_html(spec: dict[str, Any], openapi_url: str) -> str:
    """The whole page. Every text of the description is escaped."""
    info = spec["info"]
    title = f"{info['title']} {info['version']}"
    body = "".join(_operations(spec)) + "".join(_models(spec))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<pre>{escape(info.get('description', '').strip())}</pre>"
        f'<p><a href="{escape(openapi_url)}">OpenAPI (JSON)</a></p>{body}</body></html>'
    )


def _operations(spec: dict[str, Any]) -> Iterator[str]:
    for path, verbs in spec["paths"].items():
        for verb, told in verbs.items():
            yield f'<h2><span class="verb">{verb.upper()}</span> <code>{escape(path)}</code></h2>'
            yield f"<p>{escape(told.get('description', told.get('summary', '')))}</p>"
            rows = [
                (one["name"], one["in"], _type(one["schema"]), one.get("description", ""))
                for one in told.get("parameters", ())
            ]
            yield _table(("parameter", "in", "type", ""), rows)
            for media in told.get("requestBody", {}).get("content", {}).values():
                yield f"<p>Body: {_type(media['schema'])}</p>"
            for status, answer in told["responses"].items():
                for media, content in list(answer.get("content", {}).items())[:1]:
                    if int(status) < 300:
                        kind = _type(content.get("schema", {}))
                        yield f"<p>{status} ({escape(media)}): {kind}</p>"


def _models(spec: dict[str, Any]) -> Iterator[str]:
    for name, schema in spec.get("components", {}).get("schemas", {}).items():
        yield f'<h2 id="{escape(name)}">{escape(name)}</h2>'
        yield f"<p>{escape(schema.get('description', ''))}</p>"
        needed = schema.get("required", ())
        rows = [
            (
                field,
                "required" if field in needed else "",
                _type(told),
                told.get("description", ""),
            )
            for field, told in schema.get("properties", {}).items()
        ]
        yield _table(("field", "", "type", ""), rows)


def _type(schema: dict[str, Any]) -> str:
    """HTML for a type, with a link to the model it names."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    for choices in ("anyOf", "oneOf"):
        if choices in schema:
            return " or ".join(_type(choice) for choice in schema[choices])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("format") or schema.get("type", "any")))


def _table(head: tuple[str, ...], rows: list[tuple[str, str, str, str]]) -> str:
    if not rows:
        return ""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    # The third column is HTML already.
    lines = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(where)}</td>"
        f"<td>{kind}</td><td>{escape(words)}</td></tr>"
        for name, where, kind, words in rows
    )
    return f"<table><tr>{top}</tr>{lines}</table>"
