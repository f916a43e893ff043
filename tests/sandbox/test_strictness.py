"""One thing wrong at a time, everywhere the service model has a constraint: each is a 400 that says where."""

from __future__ import annotations

import http.client
import json
import random

import pytest

from sandbox.checks import knowledge_base, s3_source
from sandbox.flow_samples import ASKING, ROLE
from sandbox.synthesis import body_members, mistakes, service

LAMBDA = "arn:aws:lambda:eu-central-1:111111111111:function:f"
GOOD = {
    ("bedrock", "CreateGuardrail", "POST /guardrails"): {
        "name": "g",
        "description": "d",
        "blockedInputMessaging": "no",
        "blockedOutputsMessaging": "no",
        "topicPolicyConfig": {
            "topicsConfig": [{"name": "t", "definition": "d", "type": "DENY", "examples": ["e"],
                              "inputAction": "BLOCK", "inputEnabled": True}],
            "tierConfig": {"tierName": "CLASSIC"},
        },
        "contentPolicyConfig": {
            "filtersConfig": [{"type": "HATE", "inputStrength": "LOW", "outputStrength": "LOW",
                               "inputModalities": ["TEXT"], "outputAction": "NONE"}]
        },
        "wordPolicyConfig": {
            "wordsConfig": [{"text": "w"}], "managedWordListsConfig": [{"type": "PROFANITY"}]
        },
        "sensitiveInformationPolicyConfig": {
            "piiEntitiesConfig": [{"type": "NAME", "action": "BLOCK"}],
            "regexesConfig": [{"name": "r", "description": "d", "pattern": "x", "action": "NONE"}],
        },
        "contextualGroundingPolicyConfig": {"filtersConfig": [{"type": "GROUNDING", "threshold": 0.5}]},
        "crossRegionConfig": {"guardrailProfileIdentifier": "eu.guardrail.v1:0"},
        "kmsKeyId": "alias/k",
        "tags": [{"key": "k", "value": "v"}],
        "clientRequestToken": "token",
    },
    ("bedrock-agent", "CreatePrompt", "POST /prompts/"): {
        "name": "p",
        "description": "d",
        "customerEncryptionKeyArn": "arn:aws:kms:eu-central-1:111111111111:key/" + "a" * 36,
        "defaultVariant": "v",
        "variants": [{
            "name": "v",
            "templateType": "TEXT",
            "templateConfiguration": {"text": {"text": "t", "inputVariables": [{"name": "n"}]}},
            "modelId": "amazon.nova-pro-v1:0",
            "inferenceConfiguration": {"text": {"temperature": 0.5, "topP": 0.5, "maxTokens": 1,
                                                "stopSequences": ["s"]}},
            "metadata": [{"key": "k", "value": "v"}],
        }],
        "clientToken": "t" * 40,
    },
    ("bedrock-agent", "CreateFlow", "POST /flows/"): {
        "name": "f",
        "description": "d",
        "executionRoleArn": ROLE,
        "customerEncryptionKeyArn": "arn:aws:kms:eu-central-1:111111111111:key/" + "a" * 36,
        "definition": ASKING,
        "clientToken": "t" * 40,
    },
    ("bedrock-agent", "CreateAgent", "PUT /agents/"): {
        "agentName": "a",
        "instruction": "i" * 40,
        "foundationModel": "amazon.nova-pro-v1:0",
        "description": "d",
        "orchestrationType": "CUSTOM_ORCHESTRATION",
        "customOrchestration": {"executor": {"lambda": LAMBDA}},
        "idleSessionTTLInSeconds": 600,
        "agentResourceRoleArn": "arn:aws:iam::111111111111:role/agent",
        "customerEncryptionKeyArn": "arn:aws:kms:eu-central-1:111111111111:key/" + "a" * 36,
        "promptOverrideConfiguration": {
            "overrideLambda": LAMBDA,
            "promptConfigurations": [{
                "promptType": "ORCHESTRATION", "promptCreationMode": "OVERRIDDEN", "promptState": "ENABLED",
                "basePromptTemplate": "t", "parserMode": "OVERRIDDEN", "foundationModel": "amazon.nova-pro-v1:0",
                "inferenceConfiguration": {"temperature": 0.5, "topP": 0.5, "topK": 1, "maximumLength": 1,
                                           "stopSequences": ["s"]},
                "additionalModelRequestFields": {"k": 1},
            }],
        },
        "guardrailConfiguration": {"guardrailIdentifier": "g", "guardrailVersion": "1"},
        "memoryConfiguration": {"enabledMemoryTypes": ["SESSION_SUMMARY"], "storageDays": 1,
                                "sessionSummaryConfiguration": {"maxRecentSessions": 1}},
        "agentCollaboration": "DISABLED",
        "clientToken": "t" * 40,
    },
    ("bedrock-agent", "CreateKnowledgeBase", "PUT /knowledgebases/"): {
        **knowledge_base("strict"),
        "description": "d",
        "knowledgeBaseConfiguration": {"type": "VECTOR", "vectorKnowledgeBaseConfiguration": {
            "embeddingModelArn": "arn:aws:bedrock:eu-central-1::foundation-model/amazon.titan-embed-text-v2:0",
            "embeddingModelConfiguration": {"bedrockEmbeddingModelConfiguration": {
                "dimensions": 1024, "embeddingDataType": "FLOAT32"}},
            "supplementalDataStorageConfiguration": {"storageLocations": [
                {"type": "S3", "s3Location": {"uri": "s3://extracts/"}}]},
        }},
        "tags": {"k": "v"},
        "clientToken": "t" * 40,
    },
    ("bedrock", "CreateInferenceProfile", "POST /inference-profiles"): {
        "inferenceProfileName": "p",
        "description": "d",
        "modelSource": {"copyFrom": "arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0"},
        "tags": [{"key": "k", "value": "v"}],
        "clientRequestToken": "token",
    },
    ("appconfig", "CreateApplication", "POST /applications"): {"Name": "a", "Description": "d", "Tags": {"k": "v"}},
    ("appconfig", "CreateDeploymentStrategy", "POST /deploymentstrategies"): {
        "Name": "s",
        "Description": "d",
        "DeploymentDurationInMinutes": 3,
        "FinalBakeTimeInMinutes": 3,
        "GrowthFactor": 12.5,
        "GrowthType": "LINEAR",
        "ReplicateTo": "NONE",
        "Tags": {"k": "v"},
    },
    ("cloudwatch", "PutMetricAlarm", "GraniteServiceVersion20100801"): {
        "AlarmName": "a",
        "AlarmDescription": "d",
        "ActionsEnabled": True,
        "AlarmActions": ["arn:aws:sns:eu-central-1:111111111111:topic"],
        "MetricName": "m",
        "Namespace": "n",
        "Statistic": "Sum",
        "Dimensions": [{"Name": "k", "Value": "v"}],
        "Period": 60,
        "Unit": "Count",
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "Tags": [{"Key": "k", "Value": "v"}],
    },
    ("kms", "CreateKey", "TrentService"): {
        "Description": "d",
        "KeyUsage": "SIGN_VERIFY",
        "KeySpec": "ECC_NIST_P256",
        "Tags": [{"TagKey": "k", "TagValue": "v"}],
    },
}  # fmt: skip
SIGNED = {"cloudwatch": "monitoring", "bedrock-agent": "bedrock"}
CODES = {"appconfig": "BadRequestException", "cloudwatch": "ValidationError"}


def send(box, route, body, service="bedrock", operation=""):
    """``route``: method and path, or what a target header begins with."""
    method, path = route.split() if " " in route else ("POST", "/")
    scope = f"700000000020/20260101/eu-central-1/{SIGNED.get(service, service)}/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, x"}
    headers |= {} if " " in route else {"X-Amz-Target": f"{route}.{operation}"}
    connection = http.client.HTTPConnection("127.0.0.1", box.port, timeout=10)
    connection.request(method, path, json.dumps(body), headers)
    reply = connection.getresponse()
    answer = {name.lower(): value for name, value in json.loads(reply.read()).items()}
    connection.close()
    return reply.status, reply.getheader("x-amzn-ErrorType"), answer


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case[1])
def test_every_single_mistake_is_refused(box, case):
    name, operation, route = case
    shape = service(name)["operations"][operation]["input"]["shape"]
    found = [pair for pair in mistakes(name, shape, GOOD[case]) if pair[0] != "wrong type"]
    assert len(found) > (50 if len(GOOD[case]) > 6 and name.startswith("bedrock") else 6)
    for what, bad in found:
        status, code, answer = send(box, route, bad, name, operation)
        assert (status, code) == (400, CODES.get(name, "ValidationException")), (what, answer)
        assert "validation error" in answer["message"] or "knows" in answer["message"], (what, answer)
    assert box.admin.calls("700000000020")


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case[1])
def test_the_good_ones_are_accepted(box, case):
    token = {"clientRequestToken": f"t{random.random()}".replace(".", "")}
    body = {**GOOD[case], **(token if "clientRequestToken" in GOOD[case] else {})}
    status, _, answer = send(box, case[2], body, *case[:2])
    assert status in (200, 201, 202), answer


def test_every_single_mistake_in_a_data_source_is_refused(box):
    """The knowledge base is in the path, and is asked for after the body was read."""
    chunking = {"chunkingStrategy": "FIXED_SIZE",
                "fixedSizeChunkingConfiguration": {"maxTokens": 300, "overlapPercentage": 20},
                "hierarchicalChunkingConfiguration": {"levelConfigurations": [{"maxTokens": 9}] * 2,
                                                      "overlapTokens": 1},
                "semanticChunkingConfiguration": {"maxTokens": 9, "bufferSize": 1,
                                                  "breakpointPercentileThreshold": 90}}  # fmt: skip
    good = {
        "name": "s",
        "description": "d",
        "dataSourceConfiguration": s3_source(inclusionPrefixes=["p/"], bucketOwnerAccountId="222222222222"),
        "dataDeletionPolicy": "RETAIN",
        "vectorIngestionConfiguration": {"chunkingConfiguration": chunking},
    }
    refusals = 0
    for member, shape in body_members("bedrock-agent", "CreateDataSource").items():
        for what, bad in mistakes("bedrock-agent", shape, good[member]) if member in good else ():
            status, code, answer = send(box, "PUT /knowledgebases/AAAAAAAAAA/datasources/", {**good, member: bad})
            assert (status, code) == (400, "ValidationException"), (member, what, answer)
            refusals += 1
    assert refusals > 50
    assert send(box, "PUT /knowledgebases/AAAAAAAAAA/datasources/", good)[0] == 404
    assert send(box, "PUT /knowledgebases/AAAAAAAA-A/datasources/", good)[0] == 400


def test_all_violations_at_once(box):
    status, _, answer = send(box, "POST /guardrails", {"name": "!" * 51, "description": ""})
    assert status == 400
    assert answer["message"].startswith("5 validation errors detected: ")
    for part in ("'blockedInputMessaging'", "'blockedOutputsMessaging'", "'description'", "less than or equal to 50"):
        assert part in answer["message"]


@pytest.mark.parametrize(
    "name", ["bedrock", "bedrock-agent", "ssm", "sts", "resourcegroupstaggingapi", "appconfig", "appconfigdata", "kms"]
)
def test_patterns_of_played_operations_compile(box, name):
    """A pattern that Python cannot read is not checked; there must be none in what is played."""
    from releaser.sandbox.patterns import full_match

    model = service(name)
    played = {op.split(".")[1] for op in box.admin.info()["operations"] if op.startswith(f"{name}.")}
    seen: set[str] = set()

    def walk(shape_name):
        if shape_name in seen:
            return
        seen.add(shape_name)
        shape = model["shapes"][shape_name]
        for ref in [*shape.get("members", {}).values(), *(shape[k] for k in ("member", "key", "value") if k in shape)]:
            walk(ref["shape"])

    for operation in played:
        if "input" in model["operations"][operation]:
            walk(model["operations"][operation]["input"]["shape"])
    patterns = {model["shapes"][s]["pattern"] for s in seen if "pattern" in model["shapes"][s]}
    assert [p for p in patterns if full_match(p) is None] == []


def test_java_classes_are_ascii_unless_named():
    from releaser.sandbox.patterns import full_match

    tag, ssm_tag = full_match(r"[a-zA-Z0-9\s._:/=+@-]*"), full_match(r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$")
    assert tag is not None and ssm_tag is not None
    assert tag("a b") and not tag("a\u00a0b") and not tag("ä")
    assert ssm_tag("Köln 漢") and not ssm_tag("a!b")
