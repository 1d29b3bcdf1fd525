"""The shipped configuration says what the gateway can be told, and nothing secret."""

from pathlib import Path

import pytest
import yaml

from chassis.settings import SettingsError, load
from gateway.settings import Gateway, Settings

SHIPPED = Path(__file__).parents[3] / "config.yaml"
PRIVATE = {"token_secret", "admin_email", "admin_password"}


def test_the_shipped_file_shows_every_key_with_its_default() -> None:
    section = yaml.safe_load(SHIPPED.read_text())["gateway"]
    defaults = {name: it.default for name, it in Gateway.model_fields.items()}
    assert section == {name: it for name, it in defaults.items() if name not in PRIVATE}


@pytest.mark.parametrize(
    "environ", [{}, {"TICKMARK_GATEWAY__TOKEN_SECRET": "short"}], ids=["missing", "short"]
)
def test_it_does_not_start_without_a_good_secret(environ: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as refused:
        load(Settings, SHIPPED, environ)
    assert "token_secret" in str(refused.value)
    assert "short" not in str(refused.value).replace("at least", "")
