"""Where the next page of a list is. Pure.

Facts of GitLab (docs.gitlab.com: REST API, pagination): a ``Link`` header leads to the next page, by number or by
cursor; ``x-next-page`` is empty on the last page; totals may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

LARGEST = 100
"""Items of a page: more is not given."""

_LINK = re.compile(r"<([^<>]{1,8000})>\s*;([^<]*)")
_NEXT = re.compile(r'rel\s*=\s*"?\s*next\b')


def next_query(headers: Mapping[str, str], query: Mapping[str, str]) -> dict[str, str] | None:
    """The query of the next page; None after the last.

    Of a link only the query is taken: the token goes where it went before, whatever the reply says.
    """
    for address, parameters in _LINK.findall(headers.get("Link", "")):
        if _NEXT.search(parameters):
            return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
    number = headers.get("X-Next-Page", "").strip()
    return {**query, "page": number} if number.isascii() and number.isdecimal() else None
