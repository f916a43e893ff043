"""Every optional field set, generated from the service model, goes in and comes back."""

from __future__ import annotations

import itertools
import json
import struct

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sandbox.checks import body
from sandbox.flow_samples import prepared
from sandbox.synthesis import body_members, every_field, service, value

pytestmark = pytest.mark.sampled(3)

NUMBERS = itertools.count(1)
RELAXED = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much,
                           HealthCheck.data_too_large],
)  # fmt: skip


def unique(rows, key):
    return list({row[key]: row for row in rows}.values())


def legal_guardrail(params):
    """The rules that are not in the model: of these the generator knows nothing."""
    params["name"] = f"g{next(NUMBERS)}"
    params["crossRegionConfig"] = {"guardrailProfileIdentifier": "eu.guardrail.v1:0"}
    content = params["contentPolicyConfig"]
    content["filtersConfig"] = unique(content["filtersConfig"], "type")
    for one in content["filtersConfig"]:
        if one["type"] == "PROMPT_ATTACK":
            one["outputStrength"] = "NONE"
        for side in ("inputModalities", "outputModalities"):
            one[side] = sorted(set(one[side]))
    sensitive = params["sensitiveInformationPolicyConfig"]
    sensitive["piiEntitiesConfig"] = unique(sensitive["piiEntitiesConfig"], "type")
    sensitive["regexesConfig"] = unique(sensitive["regexesConfig"], "name")
    for number, one in enumerate(sensitive["regexesConfig"]):
        one["pattern"] = rf"\d{{{number + 1}}}"
    grounding = params["contextualGroundingPolicyConfig"]
    grounding["filtersConfig"] = unique(grounding["filtersConfig"], "type")
    for one in grounding["filtersConfig"]:
        one["threshold"] = min(one["threshold"], 0.99)
    params["tags"] = legal_tags(params["tags"])
    return params


def legal_tags(tags):
    return [tag for tag in unique(tags, "key") if not tag["key"].lower().startswith("aws:")] or [
        {"key": "k", "value": "v"}
    ]


def read_shape(value):
    """AWS's own renaming, as a rule: ``Config`` is dropped from member names; order does not matter."""
    if isinstance(value, dict):
        return {name.removesuffix("Config"): read_shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return sorted((read_shape(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


def guardrails():
    return every_field("bedrock", "CreateGuardrail", lambda shape: None).map(legal_guardrail)


@RELAXED
@given(params=guardrails())
def test_guardrail(box, params):
    bedrock = box.client("bedrock", "700000000010")
    id = bedrock.create_guardrail(**params)["guardrailId"]
    try:
        sent = read_shape({k: v for k, v in params.items() if k not in ("kmsKeyId", "crossRegionConfig", "tags")})
        bedrock.create_guardrail_version(guardrailIdentifier=id)
        for version in ("DRAFT", "1"):
            read = body(bedrock.get_guardrail(guardrailIdentifier=id, guardrailVersion=version))
            assert read.pop("kmsKeyArn") and read.pop("crossRegionDetails")["guardrailProfileId"]
            added = {"guardrailId", "guardrailArn", "version", "status", "createdAt", "updatedAt"}
            got = read_shape({k: v for k, v in read.items() if k not in added})
            if version == "1":
                got["description"] = sent["description"]
            assert got == sent
        update = {k: v for k, v in params.items() if k != "tags"}
        bedrock.update_guardrail(guardrailIdentifier=id, **update)
        again = body(bedrock.get_guardrail(guardrailIdentifier=id))
        assert read_shape({k: v for k, v in again.items() if k in params or k.endswith("Policy")}) == {
            k: v for k, v in sent.items() if k in again
        }
        tags = bedrock.list_tags_for_resource(resourceARN=again["guardrailArn"])["tags"]
        assert {t["key"]: t["value"] for t in tags} == {t["key"]: t["value"] for t in params["tags"]}
    finally:
        bedrock.delete_guardrail(guardrailIdentifier=id)


def narrow(value, wide):
    """A model's float is four bytes wide: what was sent, as it must come back."""
    if isinstance(value, dict):
        return {k: narrow(v, wide or k in ("temperature", "topP")) for k, v in value.items()}
    if isinstance(value, list):
        return [narrow(item, wide) for item in value]
    if wide and isinstance(value, float):
        return struct.unpack("f", struct.pack("f", value))[0]
    return value


PROMPT_UNIONS = st.fixed_dictionaries(
    {
        "PromptTemplateConfiguration": st.sampled_from(["text", "chat"]),
        "ContentBlock": st.sampled_from(["text", "cachePoint"]),
        "SystemContentBlock": st.sampled_from(["text", "cachePoint"]),
        "Tool": st.sampled_from(["toolSpec", "cachePoint"]),
        "ToolChoice": st.sampled_from(["auto", "any", "tool"]),
    }
)


@st.composite
def prompts(draw):
    unions = draw(PROMPT_UNIONS)
    params = draw(every_field("bedrock-agent", "CreatePrompt", lambda shape: unions.get(shape)))
    for variant in params["variants"]:
        variant["templateType"] = unions["PromptTemplateConfiguration"].upper()
        params["defaultVariant"] = variant["name"]
    params["tags"] = {k: v for k, v in params["tags"].items() if not k.lower().startswith("aws:")}
    return params


@RELAXED
@given(params=prompts())
def test_prompt(box, params):
    agent = box.client("bedrock-agent", "700000000010")
    id = agent.create_prompt(**params)["id"]
    try:
        sent = narrow({k: v for k, v in params.items() if k != "tags"}, False)
        read = body(agent.get_prompt(promptIdentifier=id))
        assert {k: v for k, v in read.items() if k in sent} == sent
        assert set(read) - set(sent) == {"id", "arn", "version", "createdAt", "updatedAt"}
        version = body(agent.create_prompt_version(promptIdentifier=id, description="v"))
        assert version == {**read, **{k: version[k] for k in ("arn", "version", "createdAt", "updatedAt")},
                           "description": "v"}  # fmt: skip
        assert body(agent.get_prompt(promptIdentifier=version["arn"])) == version
        updated = body(agent.update_prompt(promptIdentifier=id, **{k: v for k, v in params.items() if k != "tags"}))
        assert {k: v for k, v in updated.items() if k in sent} == sent
    finally:
        agent.delete_prompt(promptIdentifier=id)


AGENT_UNIONS = st.fixed_dictionaries(
    {
        "APISchema": st.sampled_from(["s3", "payload"]),
        "ActionGroupExecutor": st.sampled_from(["lambda", "customControl"]),
    }
)


@st.composite
def agents(draw):
    """CreateAgent with every field; every prompt OVERRIDDEN, since the others take no template."""
    params = draw(every_field("bedrock-agent", "CreateAgent", lambda shape: None))
    params["agentName"] = f"a{next(NUMBERS)}"
    params["orchestrationType"] = "CUSTOM_ORCHESTRATION"
    params["agentCollaboration"] = "DISABLED"
    prompts = params["promptOverrideConfiguration"]["promptConfigurations"]
    params["promptOverrideConfiguration"]["promptConfigurations"] = unique(prompts, "promptType")
    for one in prompts:
        one["promptCreationMode"] = one["parserMode"] = "OVERRIDDEN"
    params["tags"] = {k: v for k, v in params["tags"].items() if not k.lower().startswith("aws:")}
    return params


@st.composite
def action_groups(draw):
    """CreateAgentActionGroup with every field but the two that exclude the others, and one of the two schemas."""
    unions = draw(AGENT_UNIONS)
    params = draw(every_field("bedrock-agent", "CreateAgentActionGroup", lambda shape: unions.get(shape)))
    for member in ("agentId", "agentVersion", "parentActionGroupSignature", "parentActionGroupSignatureParams"):
        del params[member]
    del params[draw(st.sampled_from(["apiSchema", "functionSchema"]))]
    if "functionSchema" in params:
        params["functionSchema"]["functions"] = unique(params["functionSchema"]["functions"], "name")
    return params


@RELAXED
@given(params=agents(), group=action_groups())
def test_agent(box, params, group):
    agents = box.client("bedrock-agent", "700000000010")
    id = agents.create_agent(**params)["agent"]["agentId"]
    try:
        sent = narrow({k: v for k, v in params.items() if k not in ("tags", "promptOverrideConfiguration")}, False)
        prompts = narrow(params["promptOverrideConfiguration"], False)

        def check(read, wanted):
            own = read["promptOverrideConfiguration"]
            overridden = [one for one in own["promptConfigurations"] if one["promptCreationMode"] == "OVERRIDDEN"]
            assert read_shape(overridden) == read_shape(prompts["promptConfigurations"])
            assert own["overrideLambda"] == prompts["overrideLambda"]
            assert {k: v for k, v in read.items() if k in wanted} == wanted

        check(agents.get_agent(agentId=id)["agent"], sent)
        made = agents.create_agent_action_group(agentId=id, agentVersion="DRAFT", **group)["agentActionGroup"]
        assert {k: v for k, v in made.items() if k in group} == group
        agents.prepare_agent(agentId=id)
        agents.create_agent_alias(agentId=id, agentAliasName="live")
        version = agents.get_agent_version(agentId=id, agentVersion="1")["agentVersion"]
        check(version, {k: v for k, v in sent.items() if k not in ("orchestrationType", "customOrchestration")})
        which = {"agentId": id, "agentVersion": "1", "actionGroupId": made["actionGroupId"]}
        kept = agents.get_agent_action_group(**which)["agentActionGroup"]
        assert kept == {**made, "agentVersion": "1"}
        updated = agents.update_agent(agentId=id, **{k: v for k, v in params.items() if k != "tags"})["agent"]
        check(updated, sent)
    finally:
        agents.delete_agent(agentId=id, skipResourceInUseCheck=True)


@RELAXED
@given(params=every_field("bedrock", "CreateInferenceProfile", lambda shape: None))
def test_inference_profile(box, params):
    bedrock = box.client("bedrock", "700000000010")
    params["modelSource"] = {"copyFrom": "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0"}
    params["tags"] = legal_tags(params["tags"])
    arn = bedrock.create_inference_profile(**params)["inferenceProfileArn"]
    try:
        read = body(bedrock.get_inference_profile(inferenceProfileIdentifier=arn))
        assert read["inferenceProfileName"] == params["inferenceProfileName"]
        assert read["description"] == params["description"]
        assert read["models"] == [{"modelArn": params["modelSource"]["copyFrom"]}]
        (row,) = bedrock.list_inference_profiles(typeEquals="APPLICATION")["inferenceProfileSummaries"]
        assert row == read
    finally:
        bedrock.delete_inference_profile(inferenceProfileIdentifier=arn)


FLOW_UNIONS = {
    "FlowNodeConfiguration": ["input", "output", "knowledgeBase", "condition", "lex", "prompt", "lambdaFunction",
                              "storage", "agent", "retrieval", "inlineCode", "loopInput", "loopController"],
    "PromptFlowNodeSourceConfiguration": ["resource", "inline"],
    "PromptTemplateConfiguration": ["text", "chat"],
    "ContentBlock": ["text", "cachePoint"],
    "FlowConnectionConfiguration": ["data", "conditional"],
    "RerankingMetadataSelectiveModeConfiguration": ["fieldsToInclude", "fieldsToExclude"],
}  # fmt: skip
"""The members that a test chooses from; no loop, whose definition would have no end."""


@st.composite
def flows(draw):
    unions = {shape: draw(st.sampled_from(members)) for shape, members in FLOW_UNIONS.items()}
    params = draw(every_field("bedrock-agent", "CreateFlow", unions.get))
    kind = unions["FlowNodeConfiguration"]
    for number, node in enumerate(params["definition"]["nodes"]):
        node["type"] = kind[0].upper() + kind[1:]
        if kind == "input" and number:
            node.update(type="Output", configuration={"output": {}})
    if draw(st.booleans()):
        body = {"loop": {"definition": params["definition"]}}
        loop = {"name": "Again", "type": "Loop", "configuration": body}
        params["definition"] = {"nodes": [loop], "connections": []}
    params["tags"] = {k: v for k, v in params["tags"].items() if not k.lower().startswith("aws:")}
    return params


@RELAXED
@given(params=flows())
def test_flow(box, params):
    agent = box.client("bedrock-agent", "700000000010")
    id = agent.create_flow(**params)["id"]
    try:
        sent = narrow({k: v for k, v in params.items() if k != "tags"}, False)
        read = body(agent.get_flow(flowIdentifier=id))
        added = {"id", "arn", "status", "version", "createdAt", "updatedAt", "validations"}
        assert {k: v for k, v in read.items() if k not in added} == sent
        assert agent.list_tags_for_resource(resourceArn=read["arn"])["tags"] == params["tags"]
        updated = body(agent.update_flow(flowIdentifier=id, **{k: v for k, v in params.items() if k != "tags"}))
        assert {k: v for k, v in updated.items() if k not in added} == sent
        agent.prepare_flow(flowIdentifier=id)
        found = agent.validate_flow_definition(definition=params["definition"])["validations"]
        assert agent.get_flow(flowIdentifier=id)["validations"] == found
    finally:
        agent.delete_flow(flowIdentifier=id)


@RELAXED
@given(params=every_field("bedrock-agent", "CreateFlowAlias", lambda shape: None))
def test_flow_alias(box, params):
    agent = box.client("bedrock-agent", "700000000010")
    flow = prepared(agent)
    try:
        version = agent.create_flow_version(flowIdentifier=flow)["version"]
        tags = {k: v for k, v in params["tags"].items() if not k.lower().startswith("aws:")}
        sent = {**params, "flowIdentifier": flow, "routingConfiguration": [{"flowVersion": version}]}
        made = body(agent.create_flow_alias(**{**sent, "tags": tags}))
        own = {k: v for k, v in sent.items() if k not in ("tags", "flowIdentifier")}
        assert {k: v for k, v in made.items() if k in own} == own
        assert set(made) - set(own) == {"flowId", "id", "arn", "createdAt", "updatedAt"}
        assert made in agent.list_flow_aliases(flowIdentifier=flow)["flowAliasSummaries"]
        assert agent.list_tags_for_resource(resourceArn=made["arn"])["tags"] == tags
    finally:
        agent.delete_flow(flowIdentifier=flow, skipResourceInUseCheck=True)


BASE_TYPES = {
    "VECTOR": "vectorKnowledgeBaseConfiguration",
    "KENDRA": "kendraKnowledgeBaseConfiguration",
    "SQL": "sqlKnowledgeBaseConfiguration",
    "MANAGED": "managedKnowledgeBaseConfiguration",
}
STORES = {
    "OPENSEARCH_SERVERLESS": "opensearchServerlessConfiguration",
    "OPENSEARCH_MANAGED_CLUSTER": "opensearchManagedClusterConfiguration",
    "PINECONE": "pineconeConfiguration",
    "REDIS_ENTERPRISE_CLOUD": "redisEnterpriseCloudConfiguration",
    "RDS": "rdsConfiguration",
    "MONGO_DB_ATLAS": "mongoDbAtlasConfiguration",
    "NEPTUNE_ANALYTICS": "neptuneAnalyticsConfiguration",
    "S3_VECTORS": "s3VectorsConfiguration",
}
CONNECTORS = {
    "S3": "s3Configuration",
    "WEB": "webConfiguration",
    "CONFLUENCE": "confluenceConfiguration",
    "SALESFORCE": "salesforceConfiguration",
    "SHAREPOINT": "sharePointConfiguration",
    "MANAGED_KNOWLEDGE_BASE_CONNECTOR": "managedKnowledgeBaseConnectorConfiguration",
}
KNOWLEDGE_UNIONS = {"SyncSchedule": "monthly", "DayOfMonth": "dayNumber"}
CHUNKING = {
    "FIXED_SIZE": "fixedSizeChunkingConfiguration",
    "HIERARCHICAL": "hierarchicalChunkingConfiguration",
    "SEMANTIC": "semanticChunkingConfiguration",
    "NONE": "",
}
PARSING = {
    "BEDROCK_FOUNDATION_MODEL": "bedrockFoundationModelConfiguration",
    "BEDROCK_DATA_AUTOMATION": "bedrockDataAutomationConfiguration",
    "SMART_PARSING": "",
    "MULTI_MODAL_EMBEDDINGS": "",
}


def of_one_type(draw, shape, members, discriminator="type"):
    """A structure with one type and its own configuration; what no type owns is set too."""
    chosen = draw(st.sampled_from(sorted(members)))
    named = service("bedrock-agent")["shapes"][shape]["members"]
    own = [name for name in named if name == members[chosen] or name not in {*members.values(), discriminator}]
    made = {name: draw(value("bedrock-agent", named[name]["shape"], KNOWLEDGE_UNIONS.get)) for name in own}
    return {**made, discriminator: chosen}


def but(operation, *left_out):
    """Every field of an operation's input except these."""
    members = body_members("bedrock-agent", operation)
    kept = {m: value("bedrock-agent", shape, lambda _: None) for m, shape in members.items() if m not in left_out}
    return st.fixed_dictionaries(kept)


@st.composite
def knowledge_bases(draw):
    params = draw(but("CreateKnowledgeBase", "knowledgeBaseConfiguration", "storageConfiguration"))
    params["name"] = f"k{next(NUMBERS)}"
    params["knowledgeBaseConfiguration"] = of_one_type(draw, "KnowledgeBaseConfiguration", BASE_TYPES)
    if params["knowledgeBaseConfiguration"]["type"] == "VECTOR":
        storage = params["storageConfiguration"] = of_one_type(draw, "StorageConfiguration", STORES)
        storage.get("s3VectorsConfiguration", {}).pop("indexArn", None)
    params["tags"] = {k: v for k, v in params["tags"].items() if not k.lower().startswith("aws:")}
    return params


@st.composite
def data_sources(draw):
    params = draw(but("CreateDataSource", "knowledgeBaseId", "dataSourceConfiguration", "vectorIngestionConfiguration"))
    params["dataSourceConfiguration"] = of_one_type(draw, "DataSourceConfiguration", CONNECTORS)
    chunking = of_one_type(draw, "ChunkingConfiguration", CHUNKING, "chunkingStrategy")
    for one in chunking.get("hierarchicalChunkingConfiguration", {}).get("levelConfigurations", ()):
        one["maxTokens"] = 300
    parsing = of_one_type(draw, "ParsingConfiguration", PARSING, "parsingStrategy")
    named = service("bedrock-agent")["shapes"]["VectorIngestionConfiguration"]["members"]
    others = {m: draw(value("bedrock-agent", ref["shape"], lambda _: None)) for m, ref in named.items()
              if m not in ("chunkingConfiguration", "parsingConfiguration")}  # fmt: skip
    ingestion = {**others, "chunkingConfiguration": chunking, "parsingConfiguration": parsing}
    return {**params, "vectorIngestionConfiguration": ingestion}


@RELAXED
@given(params=knowledge_bases(), source=data_sources())
def test_knowledge_base(box, params, source):
    agent = box.client("bedrock-agent", "700000000010")
    id = agent.create_knowledge_base(**params)["knowledgeBase"]["knowledgeBaseId"]
    try:
        sent = {k: v for k, v in params.items() if k != "tags"}
        read = agent.get_knowledge_base(knowledgeBaseId=id)["knowledgeBase"]
        added = {"knowledgeBaseId", "knowledgeBaseArn", "status", "createdAt", "updatedAt"}
        assert {k: v for k, v in read.items() if k not in added} == sent and set(read) - set(sent) == added
        assert agent.list_tags_for_resource(resourceArn=read["knowledgeBaseArn"])["tags"] == params["tags"]
        updated = agent.update_knowledge_base(knowledgeBaseId=id, **sent)["knowledgeBase"]
        assert {k: v for k, v in updated.items() if k in sent} == sent
        if params["knowledgeBaseConfiguration"]["type"] == "MANAGED":
            source = {**source, "dataDeletionPolicy": "DELETE"}
        made = agent.create_data_source(knowledgeBaseId=id, **source)["dataSource"]
        where = {"knowledgeBaseId": id, "dataSourceId": made["dataSourceId"]}
        assert agent.get_data_source(**where)["dataSource"] == made
        assert {k: v for k, v in made.items() if k in source} == source
        assert set(made) - set(source) == {*where, "status", "createdAt", "updatedAt"}
        again = agent.update_data_source(**where, **source)["dataSource"]
        assert {k: v for k, v in again.items() if k in source} == source
    finally:
        agent.delete_knowledge_base(knowledgeBaseId=id)


def test_ids_and_arns_match_the_model(client):
    import re

    from sandbox.checks import MESSAGES, knowledge_base, new_agent, new_alias

    def matches(name, shape, value):
        return re.fullmatch(service(name)["shapes"][shape]["pattern"], value)

    made = client("bedrock").create_guardrail(name="g", **MESSAGES)
    assert matches("bedrock", "GuardrailId", made["guardrailId"])
    assert matches("bedrock", "GuardrailArn", made["guardrailArn"])
    prompt = client("bedrock-agent").create_prompt(name="p")
    version = client("bedrock-agent").create_prompt_version(promptIdentifier=prompt["id"])
    assert matches("bedrock-agent", "PromptId", prompt["id"]) and prompt["id"] == prompt["id"].upper()
    assert matches("bedrock-agent", "PromptArn", prompt["arn"])
    assert matches("bedrock-agent", "PromptArn", version["arn"])
    flow = prepared(client("bedrock-agent"))
    cut = client("bedrock-agent").create_flow_version(flowIdentifier=flow)
    route = [{"flowVersion": cut["version"]}]
    alias = client("bedrock-agent").create_flow_alias(flowIdentifier=flow, name="a", routingConfiguration=route)
    assert matches("bedrock-agent", "FlowId", flow) and matches("bedrock-agent", "FlowArn", cut["arn"])
    assert matches("bedrock-agent", "FlowAliasId", alias["id"]) and matches(
        "bedrock-agent", "FlowAliasArn", alias["arn"]
    )
    agents = client("bedrock-agent")
    agent = new_agent(agents)
    route = agents.get_agent_alias(agentId=agent, agentAliasId=new_alias(agents, agent))["agentAlias"]
    assert matches("bedrock-agent", "Id", agent) and agent == agent.upper()
    assert matches("bedrock-agent", "AgentArn", agents.get_agent(agentId=agent)["agent"]["agentArn"])
    assert matches("bedrock-agent", "AgentAliasId", route["agentAliasId"])
    assert matches("bedrock-agent", "AgentAliasArn", route["agentAliasArn"])
    base = agents.create_knowledge_base(**knowledge_base())["knowledgeBase"]
    assert matches("bedrock-agent", "Id", base["knowledgeBaseId"])
    assert matches("bedrock-agent", "KnowledgeBaseArn", base["knowledgeBaseArn"])
    for profile in client("bedrock").list_inference_profiles()["inferenceProfileSummaries"]:
        assert matches("bedrock", "InferenceProfileArn", profile["inferenceProfileArn"])
        assert matches("bedrock", "InferenceProfileId", profile["inferenceProfileId"])
        assert matches("bedrock", "InferenceProfileName", profile["inferenceProfileName"])
        for model in profile["models"]:
            # A global profile's second member has no Region, as in AWS's guide, whatever the pattern says.
            somewhere = model["modelArn"].replace(":bedrock:::", ":bedrock:eu-central-1::")
            assert matches("bedrock", "FoundationModelArn", somewhere)
    for model in client("bedrock").list_foundation_models()["modelSummaries"]:
        assert matches("bedrock", "FoundationModelArn", model["modelArn"])
        assert len(model["modelName"]) <= 40


def test_nothing_above_hid_behind_an_error(box):
    """A generated input that the sandbox refuses would have raised; a bug of the sandbox would be a 500."""
    assert not [row for row in box.admin.log(5000) if row["status"] == 500 and row["account"] == "700000000010"]
    with pytest.raises(ClientError):
        box.client("bedrock", "700000000010").get_guardrail(guardrailIdentifier="gone")


def appconfig_tags(tags):
    return {k: v for k, v in tags.items() if not k.lower().startswith("aws:")}


@RELAXED
@given(
    application=every_field("appconfig", "CreateApplication", lambda shape: None),
    environment=every_field("appconfig", "CreateEnvironment", lambda shape: None),
    profile=every_field("appconfig", "CreateConfigurationProfile", lambda shape: None),
    strategy=every_field("appconfig", "CreateDeploymentStrategy", lambda shape: None),
)
def test_appconfig(box, application, environment, profile, strategy):
    appconfig = box.client("appconfig", f"71{next(NUMBERS):010d}")
    for params in (application, environment, profile, strategy):
        params["Tags"] = appconfig_tags(params["Tags"])
    strategy["GrowthFactor"] = narrow(strategy["GrowthFactor"], True)
    app = appconfig.create_application(**application)["Id"]
    role = "arn:aws:iam::111111111111:role/r"
    profile |= {"LocationUri": "ssm-parameter://name", "RetrievalRoleArn": role}
    profile["Validators"] = [{"Type": "LAMBDA", "Content": "arn:aws:lambda:eu-central-1:111111111111:function:f"}]
    for one in environment["Monitors"]:
        one["AlarmRoleArn"] = role
    environment["ApplicationId"] = profile["ApplicationId"] = app
    strategy["Name"] = f"s{strategy['Name']}"[:64]
    made = {
        "application": (appconfig.create_application, appconfig.get_application, application, {"ApplicationId": "Id"}),
        "environment": (appconfig.create_environment, appconfig.get_environment, environment, {"EnvironmentId": "Id"}),
        "profile": (appconfig.create_configuration_profile, appconfig.get_configuration_profile, profile,
                    {"ConfigurationProfileId": "Id"}),
        "strategy": (appconfig.create_deployment_strategy, appconfig.get_deployment_strategy, strategy,
                     {"DeploymentStrategyId": "Id"}),
    }  # fmt: skip
    for name, (create, get, params, ids) in made.items():
        new = body(create(**params))
        which = {member: new[own] for member, own in ids.items()}
        within = {"ApplicationId": app} if name in ("environment", "profile") else {}
        read = body(get(**within, **which))
        sent = {k: v for k, v in params.items() if k != "Tags"}
        assert read == new and {k: v for k, v in read.items() if k in sent} == sent
        assert set(read) - set(sent) <= {"Id", "State", "Type", "KmsKeyArn"}


@RELAXED
@given(
    content=st.binary(min_size=1, max_size=200),
    label=st.from_regex(r"[ -~]{0,20}[a-z][ -~]{0,20}", fullmatch=True).filter(lambda text: text.strip() == text),
    about=st.from_regex(r"[!-~][ -~]{0,40}[!-~]", fullmatch=True),
)
def test_hosted_configuration_version(box, content, label, about):
    appconfig = box.client("appconfig", f"72{next(NUMBERS):010d}")
    app = appconfig.create_application(Name="a")["Id"]
    profile = appconfig.create_configuration_profile(ApplicationId=app, Name="p", LocationUri="hosted")["Id"]
    where = {"ApplicationId": app, "ConfigurationProfileId": profile}
    sent = {"VersionLabel": label, "Description": about, "ContentType": "application/octet-stream"}
    new = body(appconfig.create_hosted_configuration_version(**where, Content=content, **sent))
    read = body(appconfig.get_hosted_configuration_version(**where, VersionNumber=1))
    assert new.pop("Content").read() == read.pop("Content").read() == content
    assert new == read == {**where, **sent, "VersionNumber": 1}
    (row,) = appconfig.list_hosted_configuration_versions(**where)["Items"]
    assert row == read
