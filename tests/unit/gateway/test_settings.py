"""The gateway signs tokens with a secret that only the environment gives."""

from pathlib import Path

import pytest

from chassis.settings import SettingsError, load
from gateway.settings import Settings

SHIPPED = Path(__file__).parents[3] / "config.yaml"


@pytest.mark.parametrize(
    "environ", [{}, {"TICKMARK_GATEWAY__TOKEN_SECRET": "short"}], ids=["missing", "short"]
)
def test_it_does_not_start_without_a_good_secret(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as refused:
        load(Settings, SHIPPED, environ)
    assert "token_secret" in str(refused.value)
    assert "short" not in str(refused.value).replace("at least", "")
