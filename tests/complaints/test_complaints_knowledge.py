"""Knowledge bases, what is in them, and creations that AWS refuses for a while."""

from __future__ import annotations

import pytest
from world.knowledge import Library

from complaints.conftest import LifeMaker
from complaints.life import Life


@pytest.fixture(scope="module")
def life(new_life: LifeMaker) -> Life:
    """Refused at first, then filled; described otherwise, under another role; cut otherwise, into another index."""
    found = new_life()
    library = Library(found.desk)
    found.kept["library"] = library
    library.put(a_txt="first", b_txt="second")
    library.declare()
    index = {"code": "ValidationException", "status": 400, "message": "no such index [policies-1]"}
    found.desk.admin.add_fault(
        "error", service="bedrock-agent", operation="CreateKnowledgeBase", account=found.desk.account, **index
    )
    found.run("no index", "reconcile", "-e", "dev")
    denied = {"code": "AccessDeniedException", "status": 403, "message": "The role cannot be assumed."}
    found.desk.admin.add_fault(
        "error", service="bedrock-agent", operation="CreateDataSource", account=found.desk.account, **denied
    )
    found.run("denied", "reconcile", "-e", "dev")
    found.run("first", "reconcile", "-e", "dev")
    found.keep("first", library.live)
    found.keep("bases", library.bases)
    found.keep("jobs", lambda: library.jobs(library.live()))
    library.declare(description="What the policies say.", roleArn=f"arn:aws:iam::{found.desk.account}:role/other")
    found.run("described", "reconcile", "-e", "dev")
    found.keep("described", library.live)
    library.index = 2
    library.declare(chunk=200)
    found.run("other chunks", "reconcile", "-e", "dev")
    found.keep("other chunks", library.live)
    found.look("after all")
    return found


def test_aws_38022_other_settings_are_another_one_beside_it(life: Life) -> None:
    assert life["other chunks"].ended.code == 0, life["other chunks"].ended.said
    assert life["other chunks"].refused == []
    assert life["other chunks"].count("CreateKnowledgeBase") == 1
    assert life["other chunks"].count("UpdateKnowledgeBase") == 0
    assert life.kept["other chunks"] != life.kept["first"]
    assert life["after all"].ended.code == 0, life["after all"].ended.said


def test_constructs_690_the_same_content_is_the_same_one(life: Life) -> None:
    """Its name stands for what cannot change, by a digest whose scheme is frozen (tests/laws, tests/golden)."""
    assert life["described"].ended.code == 0, life["described"].ended.said
    assert life["described"].count("CreateKnowledgeBase") == 0
    assert life["described"].count("UpdateKnowledgeBase") == 1
    assert life.kept["described"] == life.kept["first"]


def test_constructs_408_a_release_brings_the_content_in(life: Life) -> None:
    assert life["first"].ended.code == 0, life["first"].ended.said
    (job,) = life.kept["jobs"]
    assert job["status"] == "COMPLETE"
    assert job["statistics"]["numberOfNewDocumentsIndexed"] == 2


def test_blueprints_22_a_role_that_is_not_known_yet_costs_a_second_run(life: Life) -> None:
    """It is said, and what was made already is gone on with."""
    assert life["denied"].ended.code == 1 and "AccessDenied" in life["denied"].ended.said
    assert life["first"].ended.code == 0, life["first"].ended.said
    assert len(life.kept["bases"]) == 1


def test_module_40_an_index_that_is_not_there_yet_costs_a_second_run(life: Life) -> None:
    assert life["no index"].ended.code == 1 and "no such index" in life["no index"].ended.said
    assert life["denied"].count("CreateKnowledgeBase") == 1
    assert len(life.kept["bases"]) == 1


def test_airflow_55201_a_refusal_is_not_tried_again_blindly(life: Life) -> None:
    """Codes say what may be repeated; what is refused for its content is said once."""
    assert [r for r in life["no index"].refused if "CreateKnowledgeBase" in r] == life["no index"].refused
    assert life["no index"].ended.code == 1
    assert len(life["no index"].refused) == 1
    assert len(life["denied"].refused) == 1
