"""The read model: one projection of the log onto the schema `gateway`."""

from gateway.views.projection import GatewayView

__all__ = ["GatewayView"]
