"""From a job's context to the API: TLS is always checked, by the system's issuers and the runner's."""

from __future__ import annotations

import ssl
from urllib.parse import unquote, urlsplit

import urllib3

from releaser.core.errors import ReleaserError
from releaser.engine.ports import Clock
from releaser.gitlab.api import Api
from releaser.gitlab.context import Context


def connect(context: Context, clock: Clock) -> Api | None:
    """The API of the job's project; None without a server, a project or a token. Nothing is sent yet."""
    if not (context.api and context.project and context.token):
        return None
    return Api(context.api, context.token, context.project, clock, _pool(context))


def _pool(context: Context) -> urllib3.PoolManager:
    trusted = _trusted(context.certificates)
    if not context.proxy:
        return urllib3.PoolManager(num_pools=1, maxsize=4, ssl_context=trusted)
    parts = urlsplit(context.proxy)
    headers = None
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers = urllib3.make_headers(proxy_basic_auth=login)
    place = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return urllib3.ProxyManager(place, num_pools=1, maxsize=4, proxy_headers=headers, ssl_context=trusted)


def _trusted(certificates: str) -> ssl.SSLContext:
    found = ssl.create_default_context()
    if certificates:
        try:
            found.load_verify_locations(cafile=certificates)
        except (OSError, ssl.SSLError):
            raise ReleaserError(
                "the file that CI_SERVER_TLS_CA_FILE names holds no certificates that can be read",
                code="L110",
                hint="see that the runner mounts it into the job",
            ) from None
    return found
