"""Whatever is asked of the API, as its own description allows it and as it does not: an answer of a
known kind, never a fault of ours."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

with warnings.catch_warnings():
    # Its own dependencies are late with what they call outdated.
    warnings.simplefilter("ignore")
    import schemathesis

from tests.vending.support import town
from tests.vending.web.support import Api, api_over

pytestmark = pytest.mark.system

EACH = 5
"""Requests to each address of a kind; there are a hundred addresses."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with api_over(tmp_path_factory.mktemp("any"), town()) as made:
        yield made


@pytest.fixture(scope="module")
def addresses(api: Api) -> list[Any]:
    schema: Any = schemathesis.openapi.from_dict(api.get("/openapi.json").json())
    return [found.ok() for found in schema.get_all_operations()]


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_no_request_meets_a_fault_of_ours(api: Api, addresses: list[Any], mode: str) -> None:
    assert len(addresses) > 40
    kind = schemathesis.GenerationMode(mode)
    faults: dict[str, str] = {}
    for address in addresses:
        found = _asked(api, address, kind)
        if found:
            faults[f"{address.method} {address.path}"] = found
    assert not faults, "\n".join(f"{name}: {told[:600]}" for name, told in faults.items())
    assert api.get("/health").status_code == 200


def _asked(api: Api, address: Any, kind: Any) -> str:
    """Asks some requests; the first that meets a fault, with what was answered."""
    faults: list[str] = []

    @settings(
        max_examples=EACH,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        case = data.draw(address.as_strategy(generation_mode=kind))
        told = case.as_transport_kwargs(base_url="http://testserver")
        told.pop("cookies", None)
        if isinstance(told.get("data"), bytes):
            told["content"] = told.pop("data")
        told["headers"] = {**told.get("headers", {}), **api.client.headers}
        answer = api.client.request(**told)
        if answer.status_code == 500:
            faults.append(f"{told} {answer.text}")

    with suppress(Unsatisfiable, schemathesis.errors.SchemathesisError):
        # Nothing that is wrong can be asked of an address without parameters.
        ask()
    return faults[0] if faults else ""
