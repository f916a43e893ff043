"""Service Quotas tells what the other kinds enforce."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from releaser import sandbox


def test_the_value_in_force_is_told(box: sandbox.SandboxProcess) -> None:
    quotas = box.client("service-quotas")
    box.admin.set_quotas(prompts=77)
    try:
        found = quotas.get_service_quota(ServiceCode="bedrock", QuotaCode="L-B783C50B")["Quota"]
        assert (found["Value"], found["Adjustable"]) == (77.0, True)
    finally:
        box.admin.set_quotas(prompts=500)


def test_every_quota_is_listed_once_page_by_page(box: sandbox.SandboxProcess) -> None:
    pages = box.client("service-quotas").get_paginator("list_service_quotas")
    listed = [
        q["QuotaCode"]
        for page in pages.paginate(ServiceCode="bedrock", PaginationConfig={"PageSize": 1})
        for q in page["Quotas"]
    ]
    assert len(listed) == len(set(listed)) >= 2


def test_an_unknown_quota_or_service_does_not_exist(box: sandbox.SandboxProcess) -> None:
    quotas = box.client("service-quotas")
    for service, code in (("bedrock", "L-00000000"), ("nothing", "L-B783C50B")):
        with pytest.raises(ClientError) as raised:
            quotas.get_service_quota(ServiceCode=service, QuotaCode=code)
        assert raised.value.response["Error"]["Code"] == "NoSuchResourceException"
