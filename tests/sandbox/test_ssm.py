"""SSM parameters as boto3 sees them."""

from __future__ import annotations

import pytest

from sandbox.checks import all_pages, refused


def test_put_get_overwrite_and_history(client, account):
    ssm = client("ssm")
    assert ssm.put_parameter(Name="/app/config", Value="one", Type="String")["Version"] == 1
    with refused("ParameterAlreadyExists", 400):
        ssm.put_parameter(Name="/app/config", Value="two", Type="String")
    assert ssm.put_parameter(Name="/app/config", Value="two", Overwrite=True)["Version"] == 2
    read = ssm.get_parameter(Name="/app/config")["Parameter"]
    assert (read["Value"], read["Version"], read["Type"]) == ("two", 2, "String")
    assert read["ARN"] == f"arn:aws:ssm:eu-central-1:{account}:parameter/app/config"
    old = ssm.get_parameter(Name="/app/config:1")["Parameter"]
    assert (old["Value"], old["Selector"]) == ("one", ":1")
    assert ssm.get_parameter(Name=read["ARN"])["Parameter"]["Value"] == "two"
    history = ssm.get_parameter_history(Name="/app/config")["Parameters"]
    assert [(h["Version"], h["Value"]) for h in history] == [(1, "one"), (2, "two")]
    assert history[1]["LastModifiedDate"] > history[0]["LastModifiedDate"]


def test_only_100_versions_are_kept(client):
    ssm = client("ssm")
    for number in range(103):
        ssm.put_parameter(Name="p", Value=str(number), Type="String", Overwrite=True)
    history = all_pages(ssm.get_parameter_history, "Parameters", "NextToken", "MaxResults", 50, Name="p")
    assert [h["Version"] for h in history] == list(range(4, 104))


@pytest.mark.parametrize(
    ("value", "saying"),
    [("a {{b}}", "nest"), ("x" * 4097, "4096"), ("é" * 2049, "4096"), ("", "empty")],
)
def test_values_that_aws_refuses(client, value, saying):
    with refused("ValidationException", 400, saying):
        client("ssm").put_parameter(Name="p", Value=value, Type="String")


def test_sizes_by_tier(client):
    ssm = client("ssm")
    assert ssm.put_parameter(Name="s", Value="x" * 4096, Type="String")["Tier"] == "Standard"
    assert ssm.put_parameter(Name="a", Value="x" * 8192, Type="String", Tier="Advanced")["Tier"] == "Advanced"
    tier = "Intelligent-Tiering"
    assert ssm.put_parameter(Name="i", Value="x" * 5000, Type="String", Tier=tier)["Tier"] == "Advanced"
    with refused("ValidationException", 400):
        ssm.put_parameter(Name="a", Value="x", Overwrite=True, Tier="Standard")


def test_create_needs_a_type_and_keeps_it(client):
    ssm = client("ssm")
    with refused("ValidationException", 400, "type is required"):
        ssm.put_parameter(Name="p", Value="v")
    ssm.put_parameter(Name="p", Value="v", Type="String")
    with refused("HierarchyTypeMismatchException", 400):
        ssm.put_parameter(Name="p", Value="v", Type="SecureString", Overwrite=True)


@pytest.mark.parametrize("name", ["a b", "a/b", "/aws/x", "ssm-x", "/x/", "/" + "/".join("abcdefghijklmnop")])
def test_names_that_aws_refuses(client, name):
    with pytest.raises(Exception, match=r"ValidationException|HierarchyLevelLimitExceeded"):
        client("ssm").put_parameter(Name=name, Value="v", Type="String")


def test_tags_on_create_but_not_with_overwrite(client):
    ssm = client("ssm")
    tags = [{"Key": "owner", "Value": "team"}]
    ssm.put_parameter(Name="/p", Value="v", Type="String", Tags=tags)
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/p")["TagList"] == tags
    with refused("ValidationException", 400, "tags and overwrite"):
        ssm.put_parameter(Name="/p", Value="w", Overwrite=True, Tags=tags)
    ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/p", Tags=[{"Key": "b", "Value": ""}])
    ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId="/p", TagKeys=["owner", "absent"])
    left = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/p")["TagList"]
    assert left == [{"Key": "b", "Value": ""}]
    with refused("InvalidResourceId", 400):
        ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/absent")


def test_several_at_once_and_deletion(client):
    ssm = client("ssm")
    for name in ("a", "b"):
        ssm.put_parameter(Name=name, Value=name, Type="String")
    found = ssm.get_parameters(Names=["a", "b", "c"])
    assert [p["Name"] for p in found["Parameters"]] == ["a", "b"] and found["InvalidParameters"] == ["c"]
    gone = ssm.delete_parameters(Names=["a", "c"])
    assert gone["DeletedParameters"] == ["a"] and gone["InvalidParameters"] == ["c"]
    ssm.delete_parameter(Name="b")
    for call in (ssm.get_parameter, ssm.delete_parameter):
        with refused("ParameterNotFound", 400):
            call(Name="b")
    with refused("ValidationException", 400, "less than or equal to 10"):
        ssm.get_parameters(Names=[str(n) for n in range(11)])


def test_by_path_one_level_or_all(client):
    ssm = client("ssm")
    for name in ("/app/a", "/app/deep/b", "/application/c"):
        ssm.put_parameter(Name=name, Value="v", Type="String")

    def names(**more):
        return [p["Name"] for p in ssm.get_parameters_by_path(Path="/app", **more)["Parameters"]]

    assert names() == ["/app/a"]
    assert names(Recursive=True) == ["/app/a", "/app/deep/b"]


def test_describe_filters_and_shows_no_values(client):
    ssm = client("ssm")
    ssm.put_parameter(Name="/x/one", Value="v", Type="String", Description="d", Tags=[{"Key": "t", "Value": "1"}])
    ssm.put_parameter(Name="/y/two", Value="v", Type="StringList")

    def names(*filters):
        found = ssm.describe_parameters(ParameterFilters=list(filters))["Parameters"]
        assert all("Value" not in p for p in found)
        return [p["Name"] for p in found]

    assert names({"Key": "Name", "Option": "BeginsWith", "Values": ["/x"]}) == ["/x/one"]
    assert names({"Key": "tag:t", "Values": ["1"]}) == ["/x/one"]
    assert names({"Key": "Type", "Values": ["StringList"]}) == ["/y/two"]
    assert names({"Key": "Path", "Option": "Recursive", "Values": ["/"]}) == ["/x/one", "/y/two"]
    with refused("InvalidFilterOption", 400):
        names({"Key": "Type", "Option": "Contains", "Values": ["S"]})


def test_secure_strings_are_sealed_unless_asked(client):
    ssm = client("ssm")
    ssm.put_parameter(Name="s", Value="secret", Type="SecureString")
    assert ssm.get_parameter(Name="s")["Parameter"]["Value"] != "secret"
    assert ssm.get_parameter(Name="s", WithDecryption=True)["Parameter"]["Value"] == "secret"
    assert ssm.describe_parameters()["Parameters"][0]["KeyId"] == "alias/aws/ssm"
