"""What the gateway reads from config.yaml and the environment."""

from pydantic import Field, SecretStr

from chassis import settings


class Gateway(settings.Section):
    """Where it listens, how it knows people, and what it keeps for its WebSocket clients."""

    host: str = "127.0.0.1"
    port: int = Field(default=8501, ge=0, le=65535)
    token_secret: SecretStr = Field(min_length=32)
    token_hours: float = Field(default=12, gt=0)
    admin_email: str | None = None
    admin_password: SecretStr | None = None
    trusted_proxies: str = ""
    ring_frames: int = Field(default=65_536, ge=1)
    ring_bytes: int = Field(default=64 * 1024 * 1024, ge=1)
    resume_positions: int = Field(default=1_000_000, ge=1)
    sockets_per_user: int = Field(default=50, ge=1)
    idle_seconds: float = Field(default=5, gt=0)
    slow_bytes: int = Field(default=2 * 1024 * 1024, ge=1)


class Settings(settings.Settings):
    gateway: Gateway
