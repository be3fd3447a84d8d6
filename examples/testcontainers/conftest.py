"""A fixture for pytest: the image of packages/container, by Testcontainers."""

import pytest
from coder_users import Server
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy


@pytest.fixture(scope="session")
def users():
    image = DockerContainer("coder-users").with_exposed_ports(3000)
    with image.waiting_for(LogMessageWaitStrategy("control_token")) as container:
        lines = container.get_logs()[0].splitlines()
        ready = next(line for line in lines if b"control_token" in line)
        url = f"http://{container.get_container_host_ip()}:{container.get_exposed_port(3000)}"
        yield Server.attach(ready, url)
