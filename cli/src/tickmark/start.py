"""One start of an installation, step by step: servers, page, services, welcome."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from chassis.settings import Settings
from tickmark import database, embedded, named, nats_users, page, programs, welcome
from tickmark.configuration import DRAWN
from tickmark.installation import Installation
from tickmark.programs import SERVICES, Place
from tickmark.progress import step
from tickmark.supervisor import Program, Supervisor


@dataclass
class Start:
    """One start, step by step; each step leaves here what a later one needs."""

    installation: Installation
    port: int
    config: Path | None
    settings: Settings
    supervisor: Supervisor
    postgres: str | None = None
    variables: dict[str, str] = field(default_factory=dict[str, str])
    private: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def keys(self) -> frozenset[str]:
        """The variables that hold the keys of providers and agents."""
        return programs.keys(self.settings.inventory)

    async def all(self) -> None:
        await named.reach(self.settings)
        await self.start_postgres()
        await self.start_nats()
        await self.start_simulator()
        await self.build_page()
        await self.start_services()

    async def start_postgres(self) -> None:
        """The server, the database, the schemas, and for each service a login of its own."""
        with step("postgres") as done:
            if (dsn := named.postgres(self.settings)) is not None:
                applied = await self._use_postgres(dsn)
                done.detail = f"the one the settings name, {applied}"
            else:
                done.detail = await self._own_postgres()

    async def _use_postgres(self, dsn: str) -> str:
        for service in SERVICES.values():
            self._private(service)["TICKMARK_POSTGRES__ROLE"] = f"tickmark_{service}"
        return _applied(await database.apply_migrations(dsn))

    async def _own_postgres(self) -> str:
        port = embedded.free_port()
        password = self.installation.secret("postgres.postgres")
        server = f"postgresql://postgres:{password}@127.0.0.1:{port}"
        embedded.init_postgres(self.installation.postgres, password)
        self.postgres = f"127.0.0.1:{port}"
        await self._serve(programs.postgres(self.installation, port, f"{server}/postgres"))
        version = await database.create(f"{server}/postgres")
        applied = await database.apply_migrations(f"{server}/tickmark")
        logins = {
            each: self.installation.secret(f"postgres.{database.login(each)}")
            for each in database.LOGINS
        }
        await database.make_logins(f"{server}/tickmark", logins)
        for service in SERVICES.values():
            dsn = (
                f"postgresql://{database.login(service)}:{logins[service]}@{self.postgres}/tickmark"
            )
            self._private(service)["TICKMARK_POSTGRES__DSN"] = dsn
        return f"PostgreSQL {version} on {self.postgres}, {_applied(applied)}"

    async def start_nats(self) -> None:
        with step("nats") as done:
            if (url := named.nats(self.settings)) is not None:
                done.detail = f"the one the settings name, {named.addresses(url)}"
                return
            port, config = embedded.free_port(), self.installation.folder / "nats.conf"
            names = SERVICES.values()
            passwords = {each: self.installation.secret(f"nats.{each}") for each in names}
            nats_users.write(config, passwords)
            await self._serve(programs.nats(self.installation, port, config))
            self.variables["TICKMARK_NATS__URL"] = f"nats://127.0.0.1:{port}"
            for name, password in passwords.items():
                self._private(name)["TICKMARK_NATS__USER"] = name
                self._private(name)["TICKMARK_NATS__PASSWORD"] = password
            done.detail = f"JetStream on 127.0.0.1:{port}"

    async def start_simulator(self) -> None:
        if not programs.uses_simulator(self.settings):
            return
        with step("simulator") as done:
            port = embedded.free_port()
            await self._serve(programs.simulator(self.installation, port))
            self.variables |= programs.simulated(self.settings, port)
            done.detail = f"plays models and agents on 127.0.0.1:{port}"

    async def build_page(self) -> None:
        if not page.has_sources():
            return
        with step("page") as done:
            done.detail = await page.build(self.installation.log("web"))

    async def start_services(self) -> None:
        with step("services") as done:
            place = Place(self.installation, self.config, self.variables, self.keys)
            self._private("gateway").update(self._gateway())
            await self.supervisor.start(*(self._service(place, name) for name in SERVICES))
            done.detail = ", ".join(SERVICES)

    async def _serve(self, server: Program) -> None:
        await self.supervisor.start(programs.bare(server, self.keys))

    def _service(self, place: Place, name: str) -> Program:
        ports = [self.port] if name == "gateway" else []
        return programs.service(place, name, ports, self._private(SERVICES[name]))

    def _gateway(self) -> dict[str, str]:
        given = os.environ.get(DRAWN)
        return {
            "TICKMARK_GATEWAY__PORT": str(self.port),
            DRAWN: given or self.installation.secret("gateway.token_secret"),
            **welcome.first_admin(self.installation),
        }

    def _private(self, service: str) -> dict[str, str]:
        """The variables that only this service gets."""
        return self.private.setdefault(service, {})


def _applied(migrations: list[str]) -> str:
    return f"{len(migrations)} migrations applied" if migrations else "schemas up to date"
