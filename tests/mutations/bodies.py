"""Mutations of flows, agents and knowledge bases, and of what is ours in any entry: names, pins, moves, switches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mutations.estate import ADVISOR, files, text
from mutations.operators import Mutant

FLOWS, AGENTS, BASES = "\n  flows:", "\n  agents:", "\n  knowledgeBases:"
PROMPTS, GUARDRAILS, SPEC = "\n  prompts:", "\n  guardrails:", "\nspec:"


def change(after: str, old: str, new: str, code: str, at: str | None = None, shift: int = 0, name: str = "") -> Mutant:
    """The first ``old`` behind ``after`` becomes ``new``. The line is that of ``at`` (searched from ``after`` on) in
    the new text; of the edit when not given.
    """
    before = text(ADVISOR)
    assert old in before[before.index(after) :], (after, old)
    start = before.index(old, before.index(after))
    changed = before[:start] + new + before[start + len(old) :]
    where = (
        changed.index(at, changed.index(after)) + at.startswith("\n")
        if at
        else start + len(new) - len(new.lstrip("\n "))
    )
    line = changed.count("\n", 0, where) + 1 + shift
    said = name or f"{code} {after.strip()} {old.strip()[:40]} -> {' '.join(new.split())[:60]}"
    return Mutant(said, ADVISOR, code, line, ((ADVISOR, changed.encode()),))


def removed(after: str, old: str, code: str, at: str, shift: int = 0) -> Mutant:
    return change(after, old, "", code, at, shift)


def flows() -> Iterator[Mutant]:
    """A definition that PrepareFlow would refuse, and nodes that call what is not pinned."""
    line = "          - name: AnswerToReply"
    yield change(FLOWS, "name: AnswerToReply", "name: QuestionToAnswer", "E530", shift=0)
    yield change(FLOWS, "          - name: Reply\n", "          - name: Answer\n", "E530")
    yield change(FLOWS, "type: Input", "type: Prompt", "E531", at="\n        nodes:")
    yield change(FLOWS, "type: Output", "type: Collector", "E532", at="\n        nodes:")
    yield change(FLOWS, "target: Reply", "target: Replay", "E533")
    yield change(FLOWS, "source: Passages", "source: Passage", "E533")
    yield change(FLOWS, "sourceOutput: modelCompletion", "sourceOutput: completion", "E534")
    yield change(FLOWS, "targetInput: retrievalQuery", "targetInput: query", "E534")
    yield change(line, "type: Data", "type: Conditional", "E534", at=line)
    yield change(line, "target: Reply", "target: Passages", "E535", at=line)
    whole = text(ADVISOR)[text(ADVISOR).index(line) : text(ADVISOR).index(AGENTS)].rstrip("\n") + "\n"
    yield removed(FLOWS, whole, "E536", at="- name: Reply")
    yield removed(FLOWS, whole, "E537", at="inputs: [{name: document")
    yield change(FLOWS, "targetInput: passages", "targetInput: question", "E537", at="- name: QuestionToAnswer")
    yield change(FLOWS, "{name: retrievalResults, type: Array}", "{name: retrievalResults, type: String}", "E538")
    yield change(FLOWS, "name: modelCompletion,", "name: answer,", "E538")
    yield change(FLOWS, "name: retrievalQuery,", "name: query,", "E538")
    yield change(FLOWS, "{output: {}}", "{input: {}}", "E539")
    yield change(FLOWS, "type: Input", "type: LoopInput", "E540")
    many = "".join(f"          - {{name: More{i}, type: Output, configuration: {{output: {{}}}}}}\n" for i in range(40))
    yield change(FLOWS, "          - name: Reply\n", f"{many}          - name: Reply\n", "E551", at="name: More37")
    pick = "name: Pick, type: Condition, inputs: [{name: x, type: String, expression: $.data}]"
    twice = "conditions: [{name: a, expression: x == 1}, {name: b, expression: x == 1}, {name: default}]"
    node = f"          - {{{pick}, configuration: {{condition: {{{twice}}}}}}}\n"
    yield change(FLOWS, "          - name: Reply\n", f"{node}          - name: Reply\n", "E552", at="name: Pick")
    yield change(FLOWS, "${prompt/answer.versionArn}", "${prompt/answer.arn}", "E555")
    yield change(FLOWS, "${guardrail/main.version}", "DRAFT", "E555")
    yield change(FLOWS, "${guardrail/main.version}", '"3"', "E555")
    version = "                  guardrailVersion: ${guardrail/main.version}\n"
    yield removed(FLOWS, version, "E555", at="guardrailConfiguration:")
    yield change(FLOWS, "${knowledge-base/policies.id}", "${knowledge-base/policies.arn}", "E555")
    yield change(FLOWS, "${knowledge-base/policies.id}", "${knowledge-base/policy.id}", "E303")
    yield change(FLOWS, "${prompt/answer.versionArn}", "${prompt/answer.alias}", "E304")
    yield change(FLOWS, "${prompt/answer.versionArn}", "arn:aws:bedrock:eu-central-1:111111111111:prompt/A", "E406")
    yield removed(FLOWS, "      executionRoleArn: ${env.flowRoleArn}\n", "E402", at="\n    answer:")
    yield change(FLOWS, "${env.flowRoleArn}", "arn:aws:iam::1:role/x", "E406")
    yield change(FLOWS, "name: Passages", "name: The passages", "E406")
    yield change(FLOWS, "One question in", "x" * 201, "E408")
    for wrong, code in (
        ("{descripton: x}", "E201"),
        ("{description: 7}", "E203"),
        ("{concurrencyConfiguration: {type: Auto}}", "E204"),
        ("{concurrencyConfiguration: {type: Manual, maxConcurrency: 0}}", "E205"),
        ("{concurrencyConfiguration: {maxConcurrency: 2}}", "E202"),
    ):
        yield change(FLOWS, "    answer:\n", f"    answer:\n      alias: {wrong}\n", code, at="      alias:")


def agents() -> Iterator[Mutant]:
    """What PrepareAgent would refuse, and what would change under a released agent."""
    group, entry = "        - actionGroupName: handover", "\n    advisor:"
    yield change(AGENTS, "${guardrail/main.version}", "DRAFT", "E560")
    version = "        guardrailVersion: ${guardrail/main.version}\n"
    yield removed(AGENTS, version, "E560", at="guardrailConfiguration:")
    executor = "actionGroupExecutor: {customControl: RETURN_CONTROL}"
    function = "actionGroupExecutor: {lambda: 'arn:aws:lambda:eu-central-1:111111111111:function:ask'}"
    yield replace(change(AGENTS, executor, function, "E561"), severity="warning")
    yield change(entry, "\n      description", "\n      agentCollaboration: SUPERVISOR\n      description", "E562")
    draft = "arn:aws:bedrock:eu-central-1:111111111111:agent-alias/ABCDEFGHIJ/TSTALIASID"
    helper = (
        "      collaborators:\n"
        "        - collaboratorName: helper\n"
        "          collaborationInstruction: Ask it about claims.\n"
        f"          agentDescriptor: {{aliasArn: '{draft}'}}\n"
    )
    yield change(AGENTS, "      actionGroups:\n", f"{helper}      actionGroups:\n", "E562", at="      collaborators:")
    yield change(
        AGENTS, "      actionGroups:\n", f"{helper}      actionGroups:\n", "E560", at="          agentDescriptor:"
    )
    yield removed(AGENTS, f"          {executor}\n", "E563", at=group)
    payload = "apiSchema: {payload: '{}'}"
    yield change(
        AGENTS, "          functionSchema:\n", f"          {payload}\n          functionSchema:\n", "E563", at=group
    )
    schema = text(ADVISOR)[text(ADVISOR).index("          functionSchema:") :]
    yield change(AGENTS, schema, f"          {payload}\n", "E565")
    yield removed(AGENTS, schema, "E563", at=group)
    own = "          parentActionGroupSignature: AMAZON.UserInput\n"
    yield change(AGENTS, f"          {executor}\n", own, "E564", at="          functionSchema:")
    bases = "".join(f"        - {{knowledgeBaseId: ABCDEFGHI{i}, description: More.}}\n" for i in range(2))
    yield change(AGENTS, "      actionGroups:\n", f"{bases}      actionGroups:\n", "E566", at="      knowledgeBases:")
    again = "        - {knowledgeBaseId: '${knowledge-base/policies.id}', description: Again.}\n"
    yield change(AGENTS, "      actionGroups:\n", f"{again}      actionGroups:\n", "E567", at="Again.")
    ask = "              - {name: askColleague, description: Once more.}\n              - name: askColleague"
    yield change(AGENTS, "              - name: askColleague", ask, "E567", at="              - name: askC")
    prompt = "promptConfigurations: [{promptType: ORCHESTRATION, promptCreationMode: OVERRIDDEN}]"
    override = f"      promptOverrideConfiguration: {{{prompt}}}\n      actionGroups:\n"
    yield change(AGENTS, "      actionGroups:\n", override, "E568")
    custom = "      orchestrationType: CUSTOM_ORCHESTRATION\n      actionGroups:\n"
    yield change(AGENTS, "      actionGroups:\n", custom, "E569")
    for member in ("      agentResourceRoleArn: ${env.agentRoleArn}\n",):
        yield removed(AGENTS, member, "E570", at=entry)
    yield change(
        AGENTS, "      instruction: >-\n", "      instructionFile: prompts/answer.md\n      instruction: >-\n", "E570"
    )
    yield change(AGENTS, "      actionGroups:\n", "      idleSessionTTLInSeconds: 59\n      actionGroups:\n", "E407")
    yield change(AGENTS, "line: {type: string", "line: {type: text", "E405")
    yield change(AGENTS, "required: true", "required: 'yes'", "E401")
    yield change(AGENTS, "foundationModel: eu.anthropic", "foundationModel: us.anthropic", "E603")
    yield change(AGENTS, "${knowledge-base/policies.id}", "${knowledge-base/policies.version}", "E304")
    yield removed(AGENTS, "      customerEncryptionKeyArn: ${env.kmsKeyArn}\n", "E606", at=entry)
    yield removed(FLOWS, "      customerEncryptionKeyArn: ${env.kmsKeyArn}\n", "E606", at="\n    answer:")
    for wrong, code in (("{name: 7}", "E401"), ("{nam: x}", "E201")):
        lines = f"\n    advisor:\n      alias: {wrong}"
        yield change(AGENTS, entry, lines, code, at="      alias:")


def knowledge_bases() -> Iterator[Mutant]:
    """Content that is not as pinned, and bases that could not be made."""
    content = "      content:\n        documents:\n"
    yield change(BASES, content, "      content:\n        document:\n", "E541", at="        document:")
    sources = "manifests/policy-advisor/data/policies.sources.jsonl"
    written = files()[sources].split(b"\n")
    for code, number, line in (
        ("E542", 1, b"policies/household.md"),
        ("E542", 2, b'{"key": "policies/travel.md"}'),
        ("E543", 2, written[0]),
        ("E544", 1, written[0].replace(b"policies/", b"claims/")),
    ):
        changed = b"\n".join([*written[: number - 1], line, *written[number:]])
        yield Mutant(f"{code} {sources}:{number}", sources, code, number, ((sources, changed),))
    changed_line = text(ADVISOR).count("\n", 0, text(ADVISOR).index("sha256: e66f")) + 1
    yield Mutant("E701 sources", ADVISOR, "E701", changed_line, ((sources, files()[sources] + b"\n"),))
    manifest_line = text(ADVISOR).count("\n", 0, text(ADVISOR).index("manifest: data/")) + 1
    yield Mutant("E307 sources", ADVISOR, "E307", manifest_line, ((sources, None),))
    start, end = text(ADVISOR).index("      content:\n"), text(ADVISOR).index(FLOWS)
    yield removed(BASES, text(ADVISOR)[start:end], "E546", at="      dataSources:")
    twin = "        - {name: documents, dataSourceConfiguration: {type: WEB}}\n"
    yield change(BASES, "      content:\n", f"{twin}      content:\n", "E547", at="      dataSources:")
    s3 = text(ADVISOR)[text(ADVISOR).index("            type: S3") : text(ADVISOR).index("          vectorIngestion")]
    web = "            type: CUSTOM\n"
    yield change(BASES, s3, web, "E545", at="        documents:")
    yield change(BASES, "type: VECTOR", "type: KENDRA", "E548")
    yield change(BASES, "type: OPENSEARCH_SERVERLESS", "type: S3_VECTORS", "E548")
    whole = text(ADVISOR)[text(ADVISOR).index("    policies:\n") : text(ADVISOR).index(FLOWS)]
    yield change(
        BASES, whole, whole + "\n" + whole.replace("policies:\n", "terms:\n", 1), "E549", at="    terms:", shift=7
    )
    yield change(BASES, "overlapPercentage: 20", "overlapPercentage: 100", "E408")
    yield change(BASES, "maxTokens: 300", "maxTokens: 0", "E407")
    yield change(BASES, "arn:aws:s3:::${env.documentsBucket}", "${env.documentsBucket}", "E406")
    for wrong, code in (("updates: never", "E204"), ("maxFailed: 1", "E403")):
        yield change(BASES, "      content:\n", f"      {wrong}\n      content:\n", code)
    for wrong, code in (("maxFailed: -1", "E205"), ("maxFailed: '1'", "E203"), ("maxFailures: 1", "E201")):
        yield change(BASES, content, f"{content}          {wrong}\n", code, at=f"          {wrong}")
    yield change(BASES, "sha256: e66f", "sha256: E66F", "E205")
    yield change(BASES, "data/policies.sources.jsonl", "../../x.jsonl", "E308")


def ours() -> Iterator[Mutant]:
    """Members that entries of every kind, or the use case, may have."""
    for section, entry in ((FLOWS, "    answer:\n"), (AGENTS, "    advisor:\n"), (BASES, "    policies:\n")):
        for wrong, code in (
            ("lifecycle: {onRemove: keep}", "E204"),
            ("lifecycle: {onremove: retain}", "E201"),
            ("name: a b", "E406"),
            ("name: [x]", "E401"),
        ):
            yield change(section, entry, f"{entry}      {wrong}\n", code, at=f"      {wrong}")
    yield change(AGENTS, "    advisor:\n", "    advisor:\n      enabled: 'no'\n", "E203", at="      enabled")
    yield change(SPEC, "\n  models:", "\n  enabled: off\n  models:", "E203")
    yield change(SPEC, "\n  models:", "\n  mode: observed\n  models:", "E204")
    digest = "a" * 64
    for pin, code in (
        (f"{{external: abcdefgh1234, version: DRAFT, sha256: {digest}}}", "E320"),
        (f"{{external: abcdefgh1234, sha256: {digest}}}", "E202"),
        ("{external: abcdefgh1234, version: '3', sha256: 00ff}", "E320"),
        ("{external: abcdefgh1234, version: '3'}", "E202"),
        (f"{{external: abcdefgh1234, version: 3, sha256: {digest}}}", "E203"),
        (f"{{external: abcdefgh1234, version: '3', sha256: {digest}, description: x}}", "E201"),
    ):
        yield change(GUARDRAILS, "    main:\n", f"    theirs: {pin}\n    main:\n", code)
    for move, code, member in (
        ("from: guardrails.main, to: guardrails.main", "E322", "from"),
        ("from: guardrails.old, to: guardrails.man", "E322", "to"),
        ("from: guardrails.old, to: prompts.answer", "E322", "to"),
        ("from: guardrail.old, to: guardrail.main", "E322", "from"),
        ("from: guardrails, to: guardrails.main", "E205", "from"),
        ("from: guardrails.old", "E202", "from"),
        ("from: guardrails.old, to: guardrails.main, why: x", "E201", "why"),
    ):
        yield change(SPEC, "\n  models:", f"\n  moved: [{{{move}}}]\n  models:", code, at=f"{member}: ")
    both = "{from: agents.a, to: agents.advisor}"
    other = "{from: agents.b, to: agents.advisor}"
    yield change(
        SPEC, "\n  models:", f"\n  moved:\n    - {both}\n    - {other}\n  models:", "E322", at="    - {from: agents.b"
    )
    for given, code in (
        ("at: flows.answer, change: detach, reason: because of reasons", "E204"),
        ("at: flows, change: delete, reason: because of reasons", "E205"),
        ("at: agents.advisor, change: weaken, reason: why", "E205"),
        ("at: agents.advisor, change: weaken", "E202"),
    ):
        yield change(SPEC, "\n  models:", f"\n  allow: [{{{given}}}]\n  models:", code)


def mutants() -> list[Mutant]:
    """All of them, by name."""
    return [*flows(), *agents(), *knowledge_bases(), *ours()]
