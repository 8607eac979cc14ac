"""Styles, scripts and letters: our own from the package, others from their npm packages, which
set-up installs (`node_modules`, never committed). Each has an address with a piece of its hash in
it, so that a browser keeps it for good and still gets a new one at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meters.errors import Broken

PREFIX: Final = "/assets"
_OWN: Final = Path(__file__).resolve().parents[1] / "static"
_NPM: Final = Path(__file__).resolve().parents[3] / "node_modules"
_PLEX: Final = "@fontsource/ibm-plex-sans-arabic/files/ibm-plex-sans-arabic"
_WOFF2: Final = "font/woff2"

FILES: Final[Mapping[str, tuple[Path, str]]] = {
    "pico.css": (_NPM / "@picocss/pico/css/pico.min.css", "text/css"),
    "raseed.css": (_OWN / "raseed.css", "text/css"),
    "htmx.js": (_NPM / "htmx.org/dist/htmx.min.js", "text/javascript"),
    "raseed.js": (_OWN / "raseed.js", "text/javascript"),
    "mark.svg": (_OWN / "mark.svg", "image/svg+xml"),
    **{
        f"plex-{script}-{weight}.woff2": (_NPM / f"{_PLEX}-{script}-{weight}-normal.woff2", _WOFF2)
        for script in ("arabic", "latin")
        for weight in (400, 600)
    },
}


@dataclass(eq=False)
class AssetMissing(Broken, code="web.asset_missing"):
    """A file that the pages need is not installed: `make` installs it."""

    name: str


@cache
def content(name: str) -> bytes:
    """A file, with the addresses of letters filled in where a style names them
    (`url(asset:NAME)`). Raises AssetMissing."""
    path, media = FILES[name]
    try:
        data = path.read_bytes()
    except OSError:
        raise AssetMissing(name) from None
    if media == "text/css":
        for other in FILES:
            mark = f"asset:{other}".encode()
            if mark in data:
                data = data.replace(mark, address(other).encode())
    return data


@cache
def address(name: str) -> str:
    """Where a page finds the file. Raises AssetMissing."""
    return f"{PREFIX}/{sha256(content(name)).hexdigest()[:12]}/{name}"


async def _serve(request: Request) -> Response:
    name, mark = request.path_params["name"], request.path_params["mark"]
    if name not in FILES or address(name) != f"{PREFIX}/{mark}/{name}":
        raise HTTPException(404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(content(name), headers=headers, media_type=FILES[name][1])


ROUTE: Final = Route(f"{PREFIX}/{{mark}}/{{name}}", _serve, name="asset", include_in_schema=False)
