"""Prompt: a template with its model and parameters. A draft without a status, and at most 10 numbered
versions.

Facts: every operation is synchronous; the API takes one variant; a prompt has no guardrail member, so the
guardrail named here goes to the runtime configuration; versions are listed by
``ListPrompts(promptIdentifier)``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from releaser.core.address import Ref
from releaser.core.kind import (
    AGENT_TAGS,
    Calls,
    Draft,
    Entry,
    Fields,
    Identity,
    IncludedFile,
    Kind,
    NameIn,
    Problem,
    Remark,
    Site,
    View,
    Written,
)
from releaser.core.normal import comparable
from releaser.core.parameters import model_remarks, parameter_remarks
from releaser.core.quotas import Quota
from releaser.core.values import EMPTY, FrozenMap, transform

_VARIABLE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_NAME = re.compile(r"([0-9a-zA-Z][_-]?){1,100}")


class PromptEntry(BaseModel):
    """The short form: one template file, one model of this manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Annotated[str, IncludedFile()] = Field(
        description="The template, relative to the manifest's folder. Variables are {{name}}."
    )
    system: Annotated[str | None, IncludedFile()] = Field(
        None, description="A file with the system text; makes the prompt a CHAT prompt."
    )
    model: Annotated[str, NameIn("models")] = Field(description="A name under `models`.")
    variables: tuple[str, ...] = Field((), max_length=20, description="Every variable that the template uses.")
    guardrail: Annotated[str | None, NameIn("guardrails")] = Field(
        None, description="A name under `guardrails`; told to applications."
    )
    variant: str = Field("default", description="The variant's name in AWS.", pattern=_NAME.pattern)
    description: str | None = Field(None, min_length=1, max_length=200)
    customerEncryptionKeyArn: str | None = Field(None, description="ARN of the KMS key.")


def _is_short(entry: Mapping[str, Any]) -> bool:
    return "variants" not in entry and "defaultVariant" not in entry


def _declare(view: View) -> Iterator[Draft]:
    for name, entry in view.section("prompts").items():
        body = _expand(view, entry) if _is_short(entry) else {k: v for k, v in entry.items() if k != "guardrail"}
        yield Draft(name, FrozenMap(body))


def model_source(view: View, model: str) -> Any:
    """What a caller names as the model: the application inference profile's ARN, or the model id itself."""
    declared = view.section("models").get(model, {})
    if declared.get("profile"):
        return Ref(view.address("inference-profile", model), "arn")
    return declared.get("modelId")


def _expand(view: View, entry: Mapping[str, Any]) -> dict[str, Any]:
    names = [{"name": v} for v in entry.get("variables", ())]
    text = view.files.get(str(entry["file"]), "")
    if "system" in entry:
        system = view.files.get(str(entry["system"]), "")
        template: dict[str, Any] = {
            "chat": {
                "system": [{"text": system}],
                "messages": [{"role": "user", "content": [{"text": text}]}],
                "inputVariables": names,
            }
        }
    else:
        template = {"text": {"text": text, "inputVariables": names}}
    named = entry.get("variant", "default")
    variant: dict[str, Any] = {
        "name": named,
        "templateType": "CHAT" if "system" in entry else "TEXT",
        "templateConfiguration": template,
        "modelId": model_source(view, str(entry["model"])),
    }
    inference = view.section("models").get(entry["model"], {}).get("inference")
    if inference:
        variant["inferenceConfiguration"] = {"text": inference}
    kept = {k: entry[k] for k in ("description", "customerEncryptionKeyArn") if k in entry}
    return {**kept, "defaultVariant": named, "variants": [variant]}


def _written(entry: str, body: FrozenMap, models: FrozenMap, site: Site) -> Written | None:
    """The short form with its text in a file, for one variant that is no more than text, model and parameters."""
    variants = body.get("variants", ())
    variant: FrozenMap = variants[0] if len(variants) == 1 else EMPTY
    texts: tuple[str | None, str] | None = _two_texts(variant.get("templateConfiguration", EMPTY))
    if texts is None or body.get("defaultVariant") != variant.get("name") or "modelId" not in variant:
        return None
    system, text = texts
    inference = variant.get("inferenceConfiguration", EMPTY).get("text", EMPTY)
    model, known = _model_of(entry, variant["modelId"], inference, models)
    said: dict[str, Any] = {"file": f"prompts/{entry}.md", "model": model, "variables": sorted(_variables(body))}
    files = {f"prompts/{entry}.md": text}
    if system is not None:
        said["system"] = f"prompts/{entry}.system.md"
        files[said["system"]] = system
    if variant["name"] != "default":
        said["variant"] = variant["name"]
    said |= {k: body[k] for k in ("description", "customerEncryptionKeyArn") if k in body}
    view = View("x", FrozenMap({"models": {**models, model: known}, "prompts": {entry: said}}), files, site)
    again = _expand(view, said)
    return Written(said, {model: known}, files) if _same_but_profile(again, body) else None


def _two_texts(template: Mapping[str, Any]) -> tuple[str | None, str] | None:
    """System text and text of what the short form can say; files end with one newline and have no other ends."""
    chat, plain = template.get("chat"), template.get("text")
    if isinstance(plain, Mapping):
        found: tuple[Any, Any] = (None, plain.get("text"))
    elif isinstance(chat, Mapping):
        system: Any = chat.get("system", ())
        messages: Any = chat.get("messages", ())
        content: Any = messages[0].get("content", ()) if len(messages) == 1 else ()
        if len(system) != 1 or len(content) != 1:
            return None
        found = (system[0].get("text"), content[0].get("text"))
    else:
        return None
    texts = [t for t in found if t is not None]
    if not texts or any(not isinstance(t, str) or "\r" in t or t.endswith("\n") for t in texts):
        return None
    return found


def _model_of(
    entry: str, model_id: Any, inference: Mapping[str, Any], models: FrozenMap
) -> tuple[str, Mapping[str, Any]]:
    """The entry of ``models`` that a prompt can use, or a new one under the prompt's name."""
    wanted = {"modelId": model_id, **({"inference": inference} if inference else {})}
    if isinstance(model_id, Ref) and isinstance(models.get(model_id.address.name), Mapping):
        name = model_id.address.name
        profile = models[name]
        if profile.get("inference", inference) == inference:
            return name, {**profile, **({"inference": inference} if inference else {})}
    for name, known in models.items():
        if {k: v for k, v in known.items() if k != "name"} == wanted:
            return name, known
    name = next(n for n in (entry, f"{entry}-model", *(f"{entry}-model-{i}" for i in range(2, 99))) if n not in models)
    return name, wanted


def _same_but_profile(made: Mapping[str, Any], body: FrozenMap) -> bool:
    """Whether the short form says the body; a model's own profile is compared by its name alone."""

    def plain(value: Any) -> FrozenMap:
        return comparable(KIND, transform(value, lambda leaf: leaf.address.name if isinstance(leaf, Ref) else leaf))

    return plain(made) == plain(body)


def _exports(view: View) -> Mapping[str, Mapping[str, Any]]:
    found = {}
    for name, entry in view.section("prompts").items():
        shown: dict[str, Any] = {"arn": Ref(view.address("prompt", name), "versionArn")}
        shown |= {k: entry[k] for k in ("model", "guardrail") if k in entry}
        found[name] = shown
    return {"prompts": found}


def _check(entry: Entry) -> Iterable[Problem]:
    if _is_short(entry.data):
        return _check_short(entry)
    return _check_long(entry)


def _check_short(entry: Entry) -> Iterator[Problem]:
    declared = [v for v in entry.data.get("variables", ()) if isinstance(v, str)]
    used: set[str] = set()
    for member in ("file", "system"):
        path = entry.data.get(member)
        text = entry.files.get(path) if isinstance(path, str) else None
        if text is None:
            continue
        if not text.strip():
            yield Problem("E514", f"{path} is empty", (member,))
        yield from _check_template(text, str(path), set(declared))
        used |= {m.group(1) for m in _VARIABLE.finditer(text)}
    for i, name in enumerate(declared):
        if entry.files.get(str(entry.data.get("file"))) is not None and name not in used:
            yield Problem(
                "E512",
                f"variable {name!r} is declared and never used",
                ("variables", i),
                "use it or remove it",
            )


def _check_template(text: str, file: str, declared: set[str]) -> Iterator[Problem]:
    for match in _VARIABLE.finditer(text):
        name = match.group(1)
        if name in declared:
            continue
        line = text.count("\n", 0, match.start()) + 1
        column = match.start() - (text.rfind("\n", 0, match.start()) + 1) + 1
        if _NAME.fullmatch(name):
            yield Problem(
                "E511",
                f"variable {name!r} is used and not declared",
                hint=f"add {name} to variables",
                file=file,
                line=line,
                column=column,
                length=len(match.group(0)),
            )
        else:
            yield Problem(
                "E513",
                f"{match.group(0)!r} is not a variable that Bedrock accepts",
                hint="letters, digits, single _ or - between them",
                file=file,
                line=line,
                column=column,
                length=len(match.group(0)),
            )


def _check_long(entry: Entry) -> Iterator[Problem]:
    variants = entry.data.get("variants")
    named = [v.get("name") for v in variants if isinstance(v, Mapping)] if isinstance(variants, list | tuple) else []
    default = entry.data.get("defaultVariant")
    if default is not None and default not in named:
        yield Problem("E515", f"defaultVariant {default!r} is not the name of the variant", ("defaultVariant",))


def _texts(body: Mapping[str, Any]) -> dict[str, str]:
    """Every text of the variants, by its place."""
    found = {}
    for variant in body.get("variants", ()):
        template = variant.get("templateConfiguration", EMPTY)
        if "text" in template:
            found["text"] = str(template["text"].get("text", ""))
        chat = template.get("chat", EMPTY)
        for i, part in enumerate(chat.get("system", ())):
            found[_place("system text", i)] = str(part.get("text", ""))
        for i, message in enumerate(chat.get("messages", ())):
            for part in message.get("content", ()):
                found[_place(f"{message.get('role', 'user')} message", i)] = str(part.get("text", ""))
    return found


def _place(what: str, index: int) -> str:
    return what if not index else f"{what} {index + 1}"


def _variables(body: Mapping[str, Any]) -> set[str]:
    return {
        str(v.get("name"))
        for variant in body.get("variants", ())
        for template in variant.get("templateConfiguration", EMPTY).values()
        for v in template.get("inputVariables", ())
    }


def _describe(before: FrozenMap | None, after: FrozenMap | None) -> Iterator[Remark]:
    if before is None or after is None:
        whole = after if after is not None else before or EMPTY
        names, size = sorted(_variables(whole)), sum(len(t) for t in _texts(whole).values())
        said = f"is {'new' if before is None else 'removed'}: {size:,} characters, {_count(len(names))}"
        yield Remark(f"{said}: {{}}" if names else said, "changed", private=", ".join(names))
        return
    yield from _describe_texts(before, after)
    old, new = _variables(before), _variables(after)
    for name in sorted(new - old):
        yield Remark("applications must now give the variable {}", "changed", "inputVariables", name)
    for name in sorted(old - new):
        yield Remark("the variable {} is no longer used", "changed", "inputVariables", name)
    yield from _describe_variants(before, after)


def _count(variables: int) -> str:
    return f"{variables} variable{'' if variables == 1 else 's'}"


def _describe_texts(before: FrozenMap, after: FrozenMap) -> Iterator[Remark]:
    was, now = _texts(before), _texts(after)
    for place in dict.fromkeys([*was, *now]):
        old, new = was.get(place, ""), now.get(place, "")
        if old != new:
            said = "is new" if not old else "is removed" if not new else "changed"
            counted = f"the {place} {said}: {len(old):,} -> {len(new):,} characters"
            yield Remark(counted, "changed", "templateConfiguration", texts=(old, new))


def _describe_variants(before: FrozenMap, after: FrozenMap) -> Iterator[Remark]:
    for old, new in zip(before.get("variants", ()), after.get("variants", ()), strict=False):
        if isinstance(old.get("modelId"), str) and isinstance(new.get("modelId"), str):
            yield from model_remarks(old["modelId"], new["modelId"])
        was, now = (v.get("inferenceConfiguration", EMPTY).get("text", EMPTY) for v in (old, new))
        yield from parameter_remarks(was, now)
        for member in ("additionalModelRequestFields", "genAiResource", "metadata"):
            if old.get(member) != new.get(member):
                yield Remark(f"{member} changed", "changed", member)
        tools = [v.get("templateConfiguration", EMPTY).get("chat", EMPTY).get("toolConfiguration") for v in (old, new)]
        if tools[0] != tools[1]:
            yield Remark("the tools that the model may ask for changed", "changed", "toolConfiguration")
    if before.get("customerEncryptionKeyArn") != after.get("customerEncryptionKeyArn"):
        yield Remark("the encryption key changed", "changed", "customerEncryptionKeyArn")


KIND = Kind(
    name="prompt",
    service="bedrock-agent",
    section="prompts",
    entry=PromptEntry,
    is_short=_is_short,
    extra=frozenset({"guardrail"}),
    declare=_declare,
    written=_written,
    exports=_exports,
    check=_check,
    describe=_describe,
    calls=Calls(
        create="CreatePrompt",
        get="GetPrompt",
        update="UpdatePrompt",
        delete="DeletePrompt",
        list="ListPrompts",
        list_root="promptSummaries",
        publish="CreatePromptVersion",
        id_in="promptIdentifier",
        version_in="promptVersion",
        token="clientToken",
    ),
    identity=Identity(id="id", arn="arn", name="name", row_id="id", row_arn="arn", row_name="name", version_arn=True),
    fields=Fields(
        omitted=frozenset({"clientToken", "tags", "name"}),
        labels=frozenset({"description"}),
        unordered={
            "variants[].templateConfiguration.text.inputVariables": "name",
            "variants[].templateConfiguration.chat.inputVariables": "name",
            "variants[].metadata": "key",
            "variants[].inferenceConfiguration.text.stopSequences": "#",
        },
        opaque=frozenset(
            {
                "variants[].additionalModelRequestFields",
                "variants[].templateConfiguration.chat.toolConfiguration.tools[].toolSpec.inputSchema.json",
            }
        ),
        markers=frozenset(
            {
                "variants[].templateConfiguration.chat.toolConfiguration.toolChoice.any",
                "variants[].templateConfiguration.chat.toolConfiguration.toolChoice.auto",
            }
        ),
        shown=frozenset(
            {
                "defaultVariant",
                "variants[].name",
                "variants[].templateConfiguration.text.inputVariables[].name",
                "variants[].templateConfiguration.chat.inputVariables[].name",
            }
        ),
    ),
    tagging=AGENT_TAGS,
    version_quota=Quota(10),
    account_quota=Quota(500, "L-B783C50B"),
)
