"""The embedded Bedrock: one process, one loopback port, driven by botocore's service models.

Nothing outside this package is imported by it; nothing but its command, the demo and tests imports it.
``running`` is the way in for tests::

    with sandbox.running(time_scale=0) as box:
        box.client("bedrock-agent").create_prompt(name="hello")

Tests that make thousands of calls and no fault take ``releaser.sandbox.inside.inside``: the same, without a process
and a socket.

What is not checked: signatures. Any secret is accepted; the access key says which account or session calls.
"""

from releaser.sandbox.client import AdminClient, SandboxRefused
from releaser.sandbox.testing import SandboxProcess, environment_for, running

__all__ = ["AdminClient", "SandboxProcess", "SandboxRefused", "environment_for", "running"]
