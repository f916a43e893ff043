"""E2xx: the shape of our documents. E3xx: what they point at."""

from __future__ import annotations

from releaser.core.diagnostic import Code

SHAPE = (
    Code(
        "E201",
        "unknown field",
        "The field does not exist at this place; a misspelt field would otherwise be ignored in silence.",
        "metadata: {naem: claims-assistant}",
    ),
    Code("E202", "a field is missing", "The document cannot mean anything without it."),
    Code(
        "E203",
        "wrong type",
        "A text, number, list or mapping stands where another is needed. Account ids and labels that look like "
        "numbers need quotes.",
        'account: 111111111111   # write "111111111111"',
    ),
    Code("E204", "not one of the allowed values", "The field takes a fixed set of words.", "riskTier: hihg"),
    Code("E205", "a value that does not fit", "The value has the right type, and breaks the field's pattern or range."),
    Code(
        "E206",
        "not supported by this version",
        "The section belongs to the manifest, but this version cannot act on it. It is refused, not ignored: a "
        "declared resource that nobody creates would be worse.",
        "spec: {flows: {...}}",
    ),
    Code("E207", "unknown apiVersion", "This version reads releaser.dev/v1.", "apiVersion: releaser.dev/v2"),
    Code("E208", "wrong kind of document", "manifests/ holds UseCase documents, environments/ Environment documents."),
    Code(
        "E209",
        "the name is not the folder's",
        "metadata.name and the folder must agree: addresses, pins and records are found by either.",
    ),
    Code("E210", "a branch and pins", "An environment either follows a branch (`track`) or pins (`promotesFrom`)."),
    Code("E211", "two targets of one name", "Targets are told apart by name inside an environment."),
    Code(
        "E212",
        "a name that does not fit",
        "Names become parts of AWS names: letters and digits with single hyphens between them, at most 40 characters.",
        "prompts: {my prompt: {...}}",
    ),
    Code(
        "E213",
        "a folder without its document",
        "A folder of manifests/ holds a manifest.yaml, one of environments/ an environment.yaml (not .yml). Without it "
        "the folder means nothing, and nothing in it is checked or released.",
    ),
    Code(
        "E214",
        "a file among the pins that is none",
        "environments/<environment>/releases/ holds one pin for each use case, named <use-case>.yaml. Anything else "
        "there is read by nobody.",
    ),
)

REFERENCES = (
    Code(
        "E301",
        "a binding is missing",
        "The manifest asks for ${env.NAME} and this environment (or target) does not give it. Every environment in "
        "which the use case is placed must bind every name.",
        "kmsKeyId: ${env.kmsKeyArn}",
    ),
    Code(
        "E302",
        "neither a binding nor a reference",
        "`${` begins ${env.NAME} or ${kind/name.output}; there is no other templating. A literal `${` is `$${`.",
        "uri: s3://${bucket}/x",
    ),
    Code(
        "E303", "a reference to nothing", "No resource of this use case has that kind and name.", "${guardrail/mian.id}"
    ),
    Code(
        "E304",
        "an output that does not exist",
        "A kind gives only certain outputs: id, arn, version, versionArn, and ownId inside a parent.",
    ),
    Code(
        "E305",
        "a reference inside a text",
        "A reference is a value that exists later; it must be the whole text, so that types stay known.",
        "x: prefix-${guardrail/main.id}",
    ),
    Code(
        "E306",
        "a name that is not declared",
        "The name must be an entry of the section it points into.",
        "model: anwser",
    ),
    Code("E307", "no such file", "The file is not in the use case's folder. Files are named relative to it."),
    Code(
        "E308",
        "a path out of the folder",
        "A use case is one folder: absolute paths, `..` and symbolic links are refused, since a release must be "
        "complete in itself, and a commit holds where a link leads, not what is there.",
        "file: ../other/prompts/answer.md",
    ),
    Code("E309", "a file that cannot be read as text", "Prompt files are UTF-8 and at most 1 MiB."),
    Code("E310", "references form a cycle", "Each resource would have to exist before the other."),
    Code(
        "E311",
        "an unknown environment",
        "promotesFrom and gates.accept name environments of this repository, and promotion may not go in a circle.",
    ),
    Code(
        "E320",
        "what another team owns is not pinned",
        "An external resource is named with its id, a published version and the digest of that version's content: then "
        "its owner cannot change this use case unseen. A DRAFT changes under its name. `releaser pin` prints the line.",
        'guardrails: {main: {external: abc123, version: DRAFT, sha256: ""}}',
    ),
    Code("E321", "a name that cannot be chosen", "The name of this kind is fixed: applications look for it."),
    Code(
        "E322",
        "a move that leads nowhere",
        "`moved` says that an entry was renamed: the old name is gone, the new one is there, both in one section. "
        "Moves have one step: for a second renaming change the first one's `to`.",
        "moved: [{from: guardrails.old, to: guardrails.main}]",
    ),
)
