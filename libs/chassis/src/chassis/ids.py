"""The only place that draws random ids."""

import os
import socket
from uuid import UUID, uuid4


def fresh() -> UUID:
    """An id for something that nothing else determines, at the edge of the system."""
    return uuid4()


def instance() -> str:
    """This process among its replicas: `<host>:<pid>:<random>`, unique also after a restart."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
