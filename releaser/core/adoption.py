"""A manifest from what is live in several environments. Pure: what was read comes in, documents go out.

What differs only as ids, ARNs, accounts and regions must becomes a binding; everything else that differs is a
divergence, told by path. What refers to another adopted resource becomes a reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from releaser.core.address import Address, Bound, Ref
from releaser.core.kind import Kind, Site
from releaser.core.normal import Sibling, comparable, sort_key
from releaser.core.ours import ALIAS, NAME, OBSERVE, section_of
from releaser.core.redact import hide
from releaser.core.values import EMPTY, FrozenMap, freeze


@dataclass(frozen=True, slots=True)
class Place:
    """One environment: what is different there by nature, and what its bindings say already."""

    name: str
    account: str
    region: str
    bindings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Live:
    """One resource in one environment. ``version`` holds the draft's content, empty where none does."""

    id: str
    arn: str
    name: str
    version: str
    body: FrozenMap


@dataclass(frozen=True, slots=True)
class Divergence:
    """What is not the same everywhere and is no binding. Texts by digest. The first environment's is written."""

    entry: str
    path: str
    values: Mapping[str, str]


@dataclass
class Draft:
    """The documents of one use case while they are made."""

    use_case: str
    places: tuple[Place, ...]
    kinds: Mapping[str, Kind]
    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    bindings: dict[str, dict[str, str]] = field(default_factory=dict)
    """New bindings: name -> environment -> value."""
    divergences: list[Divergence] = field(default_factory=list)

    def document(self, owner: str, classification: str = "") -> dict[str, Any]:
        """The manifest as data: observed until somebody marks what it names."""
        governance = {"riskTier": "minimal", **({"dataClassification": classification} if classification else {})}
        spec = {"mode": OBSERVE, "governance": governance, **{k: v for k, v in self.sections.items() if v}}
        metadata = {"name": self.use_case, "owner": owner}
        return {"apiVersion": "releaser.dev/v1", "kind": "UseCase", "metadata": metadata, "spec": _written(spec)}


Entries = Mapping[tuple[str, str], Mapping[str, Live]]
"""(kind, entry) -> environment -> what is live there."""
Required = Callable[[Kind, FrozenMap], bool]
"""Whether AWS takes a body."""


def adopt(
    use_case: str, places: tuple[Place, ...], entries: Entries, kinds: Mapping[str, Kind], fits: Required
) -> Draft:
    """The documents of one use case."""
    draft = Draft(use_case, places, kinds)
    outputs = {p.name: _outputs(use_case, entries, kinds, p.name) for p in places}
    # What others point at stands first: models before the prompts that use them.
    order = sorted(entries, key=lambda e: (kinds[e[0]].pointer, kinds[e[0]].section is not None, e))
    for kind_name, entry in order:
        kind, found = kinds[kind_name], entries[kind_name, entry]
        _tell_absent(draft, kind, entry, found)
        bodies = {e: refer(live.body, Address(use_case, kind_name, entry), outputs[e]) for e, live in found.items()}
        where = f"{section_of(kind) or kind.parent or kind.name}.{entry}"
        body = _unified(draft, kind, where, bodies)
        name = _leaf(draft, where, (NAME,), {e: live.name for e, live in found.items()}, always=True)
        _put(draft, kind, entry, name, body, fits)
    return draft


def _tell_absent(draft: Draft, kind: Kind, entry: str, found: Mapping[str, Live]) -> None:
    missing = [p.name for p in draft.places if p.name not in found]
    if missing:
        told = {p.name: "not there" if p.name in missing else "there" for p in draft.places}
        draft.divergences.append(Divergence(f"{kind.name} {entry}", "", told))


# -- references


@dataclass(frozen=True, slots=True)
class Outputs:
    """What may stand for an adopted resource in one environment's bodies."""

    values: Mapping[str, Ref]
    versions: Mapping[Address, str]


def _outputs(use_case: str, entries: Entries, kinds: Mapping[str, Kind], environment: str) -> Outputs:
    values: dict[str, Ref] = {}
    versions: dict[Address, str] = {}
    for (kind, entry), found in entries.items():
        live = found.get(environment)
        if live is None:
            continue
        address = Address(use_case, kind, entry)
        values |= {live.id: Ref(address, "id"), live.arn: Ref(address, "arn")}
        if live.version:
            versions[address] = live.version
            if kinds[kind].identity.version_arn:
                values[f"{live.arn}:{live.version}"] = Ref(address, "versionArn")
    values.pop("", None)
    return Outputs(values, versions)


def refer(body: Any, own: Address, outputs: Outputs, around: Address | None = None) -> Any:
    """The body with references for ids, ARNs, and the versions that stand beside them."""
    if isinstance(body, Mapping):
        direct = {k: outputs.values[v] for k, v in body.items() if isinstance(v, str) and v in outputs.values}
        direct = {k: ref for k, ref in direct.items() if ref.address != own}
        owners = {ref.address for ref in direct.values()}
        near = next(iter(owners)) if len(owners) == 1 else around
        found: dict[str, Any] = {}
        for key, value in body.items():
            is_version = key.lower().endswith("version") and near is not None
            if key in direct:
                found[key] = direct[key]
            elif is_version and near is not None and value == outputs.versions.get(near):
                found[key] = Ref(near, "version")
            else:
                found[key] = refer(value, own, outputs, near)
        return FrozenMap(found)
    if isinstance(body, list | tuple):
        return tuple(refer(v, own, outputs, around) for v in body)
    ref = outputs.values.get(body) if isinstance(body, str) else None
    return ref if ref is not None and ref.address != own else body


# -- one body from several


def _unified(draft: Draft, kind: Kind, where: str, bodies: Mapping[str, Any]) -> FrozenMap:
    found = _walk(draft, kind, where, (), "", bodies)
    return found if isinstance(found, FrozenMap) else EMPTY


def _walk(draft: Draft, kind: Kind, where: str, at: tuple[str, ...], pattern: str, values: Mapping[str, Any]) -> Any:
    first = next(iter(values.values()))
    if all(v == first for v in values.values()):
        return first
    if all(isinstance(v, Mapping) for v in values.values()):
        return FrozenMap(dict(_members(draft, kind, where, at, pattern, values)))
    if all(isinstance(v, tuple) for v in values.values()) and len({len(v) for v in values.values()}) == 1:
        values = {e: _paired(first, v, kind.fields.unordered.get(pattern)) for e, v in values.items()}
        return tuple(
            _walk(draft, kind, where, (*at, f"[{i}]"), f"{pattern}[]", {e: v[i] for e, v in values.items()})
            for i in range(len(first))
        )
    return _leaf(draft, where, at, values)


def _paired(first: tuple[Any, ...], items: tuple[Any, ...], key: str | None) -> tuple[Any, ...]:
    """The items of a set in the order of the first environment's, where the same keys are in both."""
    member = (key or "").removeprefix("#")
    if not member or not all(isinstance(i, Mapping) for i in (*first, *items)):
        return items
    by_key = {sort_key(i.get(member)): i for i in items}
    order = [sort_key(i.get(member)) for i in first]
    return tuple(by_key[k] for k in order) if set(order) == set(by_key) and len(by_key) == len(items) else items


def _members(
    draft: Draft, kind: Kind, where: str, at: tuple[str, ...], pattern: str, values: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    first = next(iter(values.values()))
    for key in dict.fromkeys(k for v in values.values() for k in v):
        below = f"{pattern}.{key}" if pattern else key
        if all(key in v for v in values.values()):
            yield key, _walk(draft, kind, where, (*at, key), below, {e: v[key] for e, v in values.items()})
            continue
        _diverge(draft, where, (*at, key), {e: v.get(key, _GONE) for e, v in values.items()})
        if key in first:
            yield key, first[key]


_GONE = object()


def _leaf(draft: Draft, where: str, at: tuple[str, ...], values: Mapping[str, Any], *, always: bool = False) -> Any:
    """One value for all environments: the same, a binding, or the first one's with a divergence."""
    first = next(iter(values.values()))
    if all(v == first for v in values.values()):
        return first
    if all(type(v) is str for v in values.values()):
        if bound := _template(draft, values):
            return bound
        if always or is_local(at[-1] if at else "", values):
            return _binding(draft, where, at, values)
    _diverge(draft, where, at, values)
    return first


def _diverge(draft: Draft, where: str, at: tuple[str, ...], values: Mapping[str, Any]) -> None:
    path = ".".join(at).replace(".[", "[")
    draft.divergences.append(Divergence(where, path, {e: told(v) for e, v in values.items()}))


def told(value: Any) -> str:
    """A value as a report shows it: texts by digest and length."""
    if value is _GONE:
        return "not said"
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, Ref | Bound):
        return str(value)
    if isinstance(value, str):
        return value if re.fullmatch(r"[A-Z][A-Z0-9_]{0,40}", value) else str(hide(value))
    return f"{len(value)} members" if isinstance(value, Mapping | tuple) else type(value).__name__


_LOCAL = re.compile(r"(arn|uri|bucket|bucketname|keyid|roleid|endpoint|identifier|secretid|indexname|hostedzone)$")
_MODELS = re.compile(r":(foundation-model|inference-profile)/(.+)$")


def is_local(member: str, values: Mapping[str, str]) -> bool:
    """Whether a value must differ between environments: ARNs, buckets, keys, ids. A model is content."""
    texts = list(values.values())
    if any(not t or re.search(r"\s", t) for t in texts):
        return False
    models = [_MODELS.search(t) for t in texts]
    if all(models):
        return False
    if all(t.startswith(("arn:", "s3://", "https://")) for t in texts):
        return True
    return _LOCAL.search(member.lower()) is not None and not member.lower().startswith(("modelid", "foundationmodel"))


_NATURE: tuple[tuple[str, Callable[[Place], str]], ...] = (
    ("account", lambda p: p.account),
    ("region", lambda p: p.region),
    ("stage", lambda p: p.name),
)
"""Bindings that every environment can have: what is different there by nature."""


def _template(draft: Draft, values: Mapping[str, str]) -> Bound | None:
    """The text with ``${env.account}`` and the like, when that is all that differs."""
    natural = [(n, of) for n, of in _NATURE if all(p.bindings.get(n, of(p)) == of(p) for p in draft.places)]
    places = {p.name: p for p in draft.places}
    templates = set()
    for environment, value in values.items():
        text = value.replace("${", "$${")
        for name, of in natural:
            text = re.sub(
                rf"(?<![A-Za-z0-9]){re.escape(of(places[environment]))}(?![A-Za-z0-9])", f"${{env.{name}}}", text
            )
        templates.add(text)
    if len(templates) != 1:
        return None
    template = templates.pop()
    for name, of in natural:
        if f"${{env.{name}}}" in template and not all(name in p.bindings for p in draft.places):
            draft.bindings[name] = {p.name: of(p) for p in draft.places}
    return Bound(template, next(iter(values.values())))


def _binding(draft: Draft, where: str, at: tuple[str, ...], values: Mapping[str, str]) -> Bound:
    first = next(iter(values.values()))
    known = {n: {p.name: p.bindings.get(n) for p in draft.places} for p in draft.places for n in p.bindings}
    known |= draft.bindings  # type: ignore[arg-type]
    for name, said in known.items():
        if all(said.get(e) == v for e, v in values.items()):
            return Bound(f"${{env.{name}}}", first)
    member = re.sub(r"[^A-Za-z0-9]", "", at[-1] if at else "") or "value"
    entry = where.rpartition(".")[2]
    choices = [member, _camel(entry, member), _camel(draft.use_case, entry, member)]
    choices += [f"{choices[-1]}{n}" for n in range(2, 100)]
    if at == (NAME,):
        choices = choices[1:]
    name = next(c for c in choices if c not in known and c[0].isalpha())
    draft.bindings[name] = {p.name: values.get(p.name, first) for p in draft.places}
    return Bound(f"${{env.{name}}}", first)


def _camel(*words: str) -> str:
    parts = [p for word in words for p in re.split(r"[^A-Za-z0-9]+", word) if p]
    return parts[0][0].lower() + parts[0][1:] + "".join(p[0].upper() + p[1:] for p in parts[1:])


# -- what is written


def _put(draft: Draft, kind: Kind, entry: str, name: Any, body: FrozenMap, fits: Required) -> None:
    section = section_of(kind)
    if section is None:
        _put_alias(draft, kind, entry, name, body)
        return
    models = draft.sections.setdefault("models", {})
    first = draft.places[0]
    site = Site(first.name, first.account, first.region)
    said = kind.written(entry, body, FrozenMap(models), site) if kind.written is not None else None
    entries = draft.sections.setdefault(section, {})
    if said is None:
        entries[entry] = {NAME: name, **_plain_body(kind, body, fits)}
        return
    models |= said.models
    if said.entry is not None:
        entries[entry] = {NAME: name, **said.entry}
    elif entry in models:
        models[entry] = {**models[entry], NAME: name}
    draft.files |= said.files


def _put_alias(draft: Draft, kind: Kind, entry: str, name: Any, body: FrozenMap) -> None:
    """An alias that is declared with the entry that it leads to."""
    parent = draft.kinds[kind.parent or ""]
    own = draft.sections.get(parent.section or "", {}).get(entry)
    if own is not None:
        kept = {m: body[m] for m in ("description", "concurrencyConfiguration") if m in body}
        own[ALIAS] = {NAME: name, **kept}


def _plain_body(kind: Kind, body: FrozenMap, fits: Required) -> dict[str, Any]:
    """The body without what AWS would add, when AWS takes that and it means the same."""
    short = _without_defaults(kind, body, "")
    if isinstance(short, Mapping) and comparable(kind, short) == comparable(kind, body) and fits(kind, freeze(short)):
        return dict(short)
    return dict(body)


def _without_defaults(kind: Kind, value: Any, at: str) -> Any:
    if isinstance(value, Mapping):
        kept = {k: _without_defaults(kind, v, f"{at}.{k}" if at else k) for k, v in value.items()}
        for pattern, default in kind.fields.defaults.items():
            parent, _, member = pattern.rpartition(".")
            if parent == at and member in value:
                implied = value.get(default.member) if isinstance(default, Sibling) else freeze(default)
                if value[member] == implied:
                    kept.pop(member, None)
        return FrozenMap(kept)
    if isinstance(value, list | tuple):
        return tuple(_without_defaults(kind, v, f"{at}[]") for v in value)
    return value


def _written(value: Any) -> Any:
    """As a manifest says it: references and bindings by name, a literal ``${`` escaped."""
    if isinstance(value, Mapping):
        return {k: _written(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_written(v) for v in value]
    if isinstance(value, Ref):
        return str(value)
    if isinstance(value, Bound):
        return value.template
    return value.replace("${", "$${") if isinstance(value, str) else value
