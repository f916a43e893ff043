"""Tags in both of Bedrock's shapes, and the tagging API's narrow view of them."""

from __future__ import annotations

from sandbox.checks import MESSAGES, all_pages, refused


def test_bedrock_tags_are_a_list(client):
    bedrock = client("bedrock")
    tags = [{"key": "owner", "value": "a"}]
    arn = bedrock.create_guardrail(name="g", tags=tags, **MESSAGES)["guardrailArn"]
    bedrock.tag_resource(resourceARN=arn, tags=[{"key": "b", "value": ""}, {"key": "owner", "value": "c"}])
    found = bedrock.list_tags_for_resource(resourceARN=arn)["tags"]
    assert found == [{"key": "b", "value": ""}, {"key": "owner", "value": "c"}]
    bedrock.untag_resource(resourceARN=arn, tagKeys=["b", "absent"])
    assert bedrock.list_tags_for_resource(resourceARN=arn)["tags"] == [{"key": "owner", "value": "c"}]


def test_agent_tags_are_a_map_also_on_versions(client):
    agent = client("bedrock-agent")
    prompt = agent.create_prompt(name="p", tags={"owner": "a"})
    version = agent.create_prompt_version(promptIdentifier=prompt["id"], tags={"v": "1"})
    agent.tag_resource(resourceArn=version["arn"], tags={"more": "x"})
    assert agent.list_tags_for_resource(resourceArn=prompt["arn"])["tags"] == {"owner": "a"}
    assert agent.list_tags_for_resource(resourceArn=version["arn"])["tags"] == {"v": "1", "more": "x"}
    agent.untag_resource(resourceArn=version["arn"], tagKeys=["v", "more"])
    assert agent.list_tags_for_resource(resourceArn=version["arn"])["tags"] == {}


def test_tagging_does_not_move_updated_at(client):
    agent = client("bedrock-agent")
    prompt = agent.create_prompt(name="p")
    agent.tag_resource(resourceArn=prompt["arn"], tags={"a": "b"})
    assert agent.get_prompt(promptIdentifier=prompt["id"])["updatedAt"] == prompt["updatedAt"]


def test_what_cannot_be_tagged(client, account):
    agent, bedrock = client("bedrock-agent"), client("bedrock")
    prompt = agent.create_prompt(name="p")
    with refused("ResourceNotFoundException", 404):
        agent.tag_resource(resourceArn=prompt["arn"][:-1] + "!", tags={"a": "b"})
    with refused("ResourceNotFoundException", 404):
        agent.tag_resource(resourceArn=prompt["arn"] + ":7", tags={"a": "b"})
    with refused("ValidationException", 400):
        bedrock.tag_resource(resourceARN=prompt["arn"], tags=[{"key": "a", "value": "b"}])
    with refused("ValidationException", 400, "reserved"):
        agent.tag_resource(resourceArn=prompt["arn"], tags={"aws:x": "b"})
    agent.tag_resource(resourceArn=prompt["arn"], tags={f"k{n}": "" for n in range(50)})
    with refused("ValidationException", 400, "51 tags"):
        agent.tag_resource(resourceArn=prompt["arn"], tags={"one": "more"})
    guardrail = bedrock.create_guardrail(name="g", **MESSAGES)["guardrailArn"]
    with refused("TooManyTagsException", 400):
        many = [{"key": f"k{n}", "value": ""} for n in range(51)]
        bedrock.tag_resource(resourceARN=guardrail, tags=many)
    other = guardrail.replace(account, "999999999999")
    with refused("ResourceNotFoundException", 404):
        bedrock.list_tags_for_resource(resourceARN=other)


def test_get_resources_lists_what_aws_documents_and_nothing_else(client):
    agent, bedrock, ssm = client("bedrock-agent"), client("bedrock"), client("ssm")
    tags = [{"key": "owner", "value": "a"}]
    guardrail = bedrock.create_guardrail(name="g", tags=tags, **MESSAGES)["guardrailArn"]
    bedrock.create_guardrail(name="never-tagged", **MESSAGES)
    model = "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-micro-v1:0"
    profile = bedrock.create_inference_profile(inferenceProfileName="p", modelSource={"copyFrom": model}, tags=tags)[
        "inferenceProfileArn"
    ]
    prompt = agent.create_prompt(name="p", tags={"owner": "a"})
    version = agent.create_prompt_version(promptIdentifier=prompt["id"], tags={"owner": "b"})["arn"]
    ssm.put_parameter(Name="/p", Value="v", Type="String", Tags=[{"Key": "owner", "Value": "a"}])
    tagging = client("resourcegroupstaggingapi")

    def arns(**more):
        return {row["ResourceARN"] for row in tagging.get_resources(**more)["ResourceTagMappingList"]}

    everything = arns()
    assert {guardrail, profile, version} < everything and prompt["arn"] not in everything
    assert len(everything) == 4
    assert arns(ResourceTypeFilters=["bedrock:guardrail"]) == {guardrail}
    assert arns(ResourceTypeFilters=["bedrock"]) == {guardrail, profile, version}
    assert arns(TagFilters=[{"Key": "owner", "Values": ["b"]}]) == {version}
    assert arns(ResourceARNList=[guardrail]) == {guardrail}
    bedrock.untag_resource(resourceARN=guardrail, tagKeys=["owner"])
    assert guardrail in arns(ResourceTypeFilters=["bedrock:guardrail"])
    bedrock.delete_guardrail(guardrailIdentifier=guardrail)
    assert guardrail not in arns()
    with refused("InvalidParameterException", 400):
        arns(ResourceARNList=[guardrail], TagFilters=[{"Key": "owner"}])


def test_get_resources_pages(client):
    ssm, tagging = client("ssm"), client("resourcegroupstaggingapi")
    for number in range(7):
        ssm.put_parameter(Name=f"/p/{number}", Value="v", Type="String", Tags=[{"Key": "a", "Value": "b"}])
    ask = (tagging.get_resources, "ResourceTagMappingList", "PaginationToken", "ResourcesPerPage")
    rows = [all_pages(*ask, size) for size in (1, 3, 100)]
    assert rows[0] == rows[1] == rows[2] and len(rows[0]) == 7
