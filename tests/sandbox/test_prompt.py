"""Prompts as boto3 sees them."""

from __future__ import annotations

from sandbox.checks import body, refused, text_prompt


def test_create_get_update_replaces_the_draft(client):
    prompts = client("bedrock-agent")
    made = prompts.create_prompt(name="greeter", description="old", **text_prompt())
    assert made["version"] == "DRAFT"
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    read = prompts.get_prompt(promptIdentifier=made["arn"])
    assert body(read) == body(made)
    updated = prompts.update_prompt(promptIdentifier=made["id"], name="renamed")
    assert "description" not in updated and "variants" not in updated
    assert updated["updatedAt"] > made["updatedAt"] and updated["createdAt"] == made["createdAt"]
    assert body(prompts.get_prompt(promptIdentifier=made["id"], promptVersion="DRAFT")) == body(updated)


def test_floats_come_back_as_four_bytes(client):
    prompts = client("bedrock-agent")
    inference = {"text": {"temperature": 0.2, "topP": 0.5, "maxTokens": 10}}
    made = prompts.create_prompt(name="p", **text_prompt(inferenceConfiguration=inference))
    text = made["variants"][0]["inferenceConfiguration"]["text"]
    assert text == {"temperature": 0.20000000298023224, "topP": 0.5, "maxTokens": 10}


def test_versions_are_immutable_copies_under_numbers_never_used_again(client):
    prompts = client("bedrock-agent")
    key = "arn:aws:kms:eu-central-1:111111111111:key/" + "a" * 36
    made = prompts.create_prompt(
        name="p", description="of the prompt", customerEncryptionKeyArn=key, **text_prompt("one")
    )
    one = prompts.create_prompt_version(promptIdentifier=made["id"], description="first")
    assert one["version"] == "1" and one["arn"] == made["arn"] + ":1" and one["description"] == "first"
    assert one["customerEncryptionKeyArn"] == key and one["variants"] == made["variants"]
    prompts.update_prompt(promptIdentifier=made["id"], name="p", **text_prompt("two"))
    two = prompts.create_prompt_version(promptIdentifier=made["arn"])
    assert two["version"] == "2" and "description" not in two
    by_arn = prompts.get_prompt(promptIdentifier=one["arn"])
    by_number = prompts.get_prompt(promptIdentifier=made["id"], promptVersion="1")
    assert body(by_arn) == body(by_number) == body(one)
    assert body(prompts.delete_prompt(promptIdentifier=made["id"], promptVersion="2")) == {
        "id": made["id"],
        "version": "2",
    }
    assert prompts.create_prompt_version(promptIdentifier=made["id"])["version"] == "3"


def test_list_rows_have_the_summary_members_and_nothing_else(client):
    prompts = client("bedrock-agent")
    made = prompts.create_prompt(name="p", description="d", **text_prompt())
    prompts.create_prompt(name="q")
    prompts.create_prompt_version(promptIdentifier=made["id"], description="v")
    rows = {row["name"]: row for row in prompts.list_prompts()["promptSummaries"]}
    identity = {"id", "arn", "version", "createdAt", "updatedAt"}
    assert set(rows["p"]) == identity | {"name", "description"} and set(rows["q"]) == identity | {"name"}
    versions = prompts.list_prompts(promptIdentifier=made["arn"])["promptSummaries"]
    assert [(row["version"], row["description"]) for row in versions] == [("DRAFT", "d"), ("1", "v")]


def test_deleting_a_version_keeps_the_rest_and_deleting_the_prompt_takes_all(client):
    prompts = client("bedrock-agent")
    id = prompts.create_prompt(name="p", tags={"a": "b"})["id"]
    for _ in range(2):
        prompts.create_prompt_version(promptIdentifier=id)
    prompts.delete_prompt(promptIdentifier=id, promptVersion="1")
    assert prompts.get_prompt(promptIdentifier=id, promptVersion="2")["version"] == "2"
    with refused("ResourceNotFoundException", 404):
        prompts.get_prompt(promptIdentifier=id, promptVersion="1")
    assert body(prompts.delete_prompt(promptIdentifier=id)) == {"id": id}
    for version in ("DRAFT", "2"):
        with refused("ResourceNotFoundException", 404):
            prompts.get_prompt(promptIdentifier=id, promptVersion=version)


def test_the_same_name_twice_is_allowed_unless_switched(client, box):
    prompts = client("bedrock-agent")
    first, second = prompts.create_prompt(name="p"), prompts.create_prompt(name="p")
    assert first["id"] != second["id"]
    box.admin.set_switches(promptNamesUnique=True)
    try:
        with refused("ConflictException", 409):
            prompts.create_prompt(name="p")
    finally:
        box.admin.set_switches(promptNamesUnique=False)


def test_metadata_only(client):
    prompts = client("bedrock-agent")
    made = prompts.create_prompt(name="p", **text_prompt())
    read = prompts.get_prompt(promptIdentifier=made["id"], includedData="METADATA_ONLY")
    assert "variants" not in read and read["name"] == "p"


def test_what_the_model_does_not_say(client):
    prompts = client("bedrock-agent")
    variant = text_prompt()["variants"][0]
    with refused("ValidationException", 400, "default variant other"):
        prompts.create_prompt(name="p", variants=[variant], defaultVariant="other")
    with refused("ValidationException", 400, "does not match"):
        prompts.create_prompt(name="p", variants=[{**variant, "templateType": "CHAT"}])
    with refused("ValidationException", 400, "less than or equal to 1"):
        prompts.create_prompt(name="p", variants=[variant, {**variant, "name": "second"}])


def test_accounts_and_regions_are_apart(box, account, client):
    made = client("bedrock-agent").create_prompt(name="p")
    elsewhere = box.client("bedrock-agent", account, "us-east-1")
    assert elsewhere.list_prompts()["promptSummaries"] == []
    for other in (elsewhere, box.client("bedrock-agent", "999999999999")):
        with refused("ResourceNotFoundException", 404):
            other.get_prompt(promptIdentifier=made["arn"])


def test_documents_keep_their_keys(client):
    prompts = client("bedrock-agent")
    fields = {"TopK": 7, "nested": {"City": "Köln", "list": [1, 2.5, None, True]}}
    made = prompts.create_prompt(name="p", **text_prompt(additionalModelRequestFields=fields))
    read = prompts.get_prompt(promptIdentifier=made["id"])
    assert read["variants"][0]["additionalModelRequestFields"] == fields
