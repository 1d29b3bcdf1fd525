"""Which servers the settings name: those are used, and the others are started."""

import pytest

from chassis.settings import Settings, load
from tickmark import named
from tickmark.configuration import CHECKOUT

DEFAULT = "nats://127.0.0.1:4222"


def test_the_shipped_configuration_names_no_server() -> None:
    shipped = load(Settings, CHECKOUT / "config.yaml", {})
    assert (named.postgres(shipped), named.nats(shipped)) == (None, None)


def test_a_variable_names_a_server_also_at_the_default_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TICKMARK_NATS__URL", DEFAULT)
    assert named.nats(load(Settings, CHECKOUT / "config.yaml")) == DEFAULT


def test_an_address_is_shown_without_its_login() -> None:
    url = "nats://u:hunter2@one:4222, two:4223"
    assert named.addresses(url) == "one:4222, two:4223"
