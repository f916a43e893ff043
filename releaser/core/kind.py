"""The vocabulary in which a kind of resource is declared. A kind is data, interpreted by ``engine/driver.py``.

One file in ``kinds/`` holds one ``KIND``. Everything else that knows about a kind is derived from it: its part of
the manifest's schema, its contract tests, its IAM actions, its redaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel

from releaser.core.address import Address
from releaser.core.diagnostic import Code
from releaser.core.quotas import Quota
from releaser.core.values import EMPTY, FrozenMap, Path


class Verb(StrEnum):
    """What a step does. Closed: every ``match`` over it is checked for completeness."""

    CREATE = "create"
    UPDATE = "update"
    PREPARE = "prepare"
    PUBLISH = "publish"
    REPOINT = "repoint"
    INGEST = "ingest"
    RETIRE = "retire"
    DELETE = "delete"
    DISOWN = "disown"
    ADOPT = "adopt"
    PRUNE = "prune"
    """Deletes one version, never what it is a version of."""


REMOVAL = frozenset({Verb.RETIRE, Verb.DELETE, Verb.DISOWN})
"""What takes away a resource that is no longer declared."""

RETAIN = "retain"
"""What ``lifecycle.onRemove`` says of a resource that stays in AWS when its entry is gone."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The operations of one kind and the members that carry identity in their requests and replies."""

    create: str
    get: str
    list: str
    delete: str
    id_in: str
    """Request member that takes the id in get, update, delete, publish, and in list where it lists versions."""
    list_root: str
    update: str | None = None
    """None: AWS has no update; changed content is a new resource (replacement)."""
    publish: str | None = None
    version_in: str | None = None
    """Request member of get and delete that selects one version."""
    root: str | None = None
    """Member of the get reply that holds the resource; None: the reply itself."""
    list_params: FrozenMap = EMPTY
    list_is_full: bool = False
    """The list rows carry the whole body: no get is needed."""
    batch: str | None = None
    """Operation that gets several resources by id in one call; None: one by one."""
    batch_in: str = ""
    batch_root: str = ""
    batch_size: int = 10
    page_size: int = 1000
    page_size_in: str = "maxResults"
    page_token_in: str = "nextToken"
    token: str | None = None
    """Member for the idempotency token in create and publish."""
    update_params: FrozenMap = EMPTY
    """Constant members of the update request alone."""
    prepare: str | None = None
    """Operation that makes a changed draft ready to be published; None: a settled draft is ready."""
    parent_in: str | None = None
    """For what exists only inside another resource: the member that names it, in every request and in the body.
    The id of such a resource is ``<parent's id>/<own id>`` everywhere but on the wire."""


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions that have operations of their own, where get and list of the resource do not show them."""

    get: str
    list: str
    list_root: str
    delete: str
    version_in: str
    """Request member of get and delete that selects one version."""
    root: str | None = None
    row_version: str = "version"
    """Member of a list row with the version's number; rows named DRAFT are left out."""
    hidden: frozenset[str] = frozenset()
    """Body members that a version does not show: no part of the proof that two contents are equal."""


CANDIDATE = "releaser-candidate"
"""The alias of a version that callers do not have yet."""


@dataclass(frozen=True, slots=True)
class Mint:
    """For kinds whose versions appear only when an alias is created or updated without a target (agents)."""

    create: str
    update: str
    get: str
    list: str
    list_root: str
    delete: str
    root: str
    id: str
    id_in: str
    name: str
    target: str
    """Member of the alias that holds a list with one mapping: where it points."""
    version: str
    """Member of that mapping with the version."""
    status: Status
    token: str
    alias: str = CANDIDATE
    """The name of our own alias: callers never use it."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """How fast a new content spreads among its readers. Times in minutes."""

    name: str
    growth: Literal["LINEAR", "EXPONENTIAL"] | str
    factor: float
    """Percent of the readers that are added at each step (LINEAR), or that the growth begins with (EXPONENTIAL)."""
    minutes: int
    bake: int
    """How long alarms are watched once everybody has it."""
    predefined: str = ""
    """AWS's own strategy; empty for one of ours."""

    @property
    def lasts(self) -> int:
        return self.minutes + self.bake


@dataclass(frozen=True, slots=True)
class Delivery:
    """Content that is stored in numbered versions and brought to its readers by a job, little by little.

    It belongs to a body, under ``members``; no request of the kind itself carries it. What is live is the version of
    the newest job that is complete. A job that is taken back leaves live what was live before.
    """

    member: str
    """The body's member that holds the content."""
    holder_in: str
    """The body's member with the id of what holds the versions: it stands in the requests for them too."""
    encode: Callable[[Any], bytes]
    """The content on the wire."""
    decode: Callable[[bytes], Any]
    """Tolerates any bytes: anybody may have stored anything."""
    label: Callable[[Mapping[str, Any]], str]
    """The label of the version that holds a content."""
    content_type: str
    limit: int
    """Largest content in bytes."""
    store: str
    read: str
    list: str
    list_root: str
    start: str
    get: str
    jobs: str
    jobs_root: str
    strategies: str
    strategies_root: str
    make_strategy: str
    stop: str
    place_in: str
    """Request member that takes the id of what the content is delivered to."""
    job: str
    status: Status
    """Of a job. ``failed``: readers have the content before it again."""

    @property
    def members(self) -> frozenset[str]:
        return frozenset({self.member, self.holder_in})

    @property
    def underway(self) -> str:
        """Member of a live body while a job runs: what it delivers. Nobody ever asks for it."""
        return "underway"


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored in a resource and must go before it can be deleted."""

    list: str
    list_root: str
    number: str
    delete: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Where ids, names and revisions stand; ``row_*`` is the spelling of the list call."""

    id: str
    arn: str
    """Member of the get reply; empty where replies tell none: then ``arn_path``."""
    name: str
    row_id: str
    row_arn: str
    row_name: str
    arn_path: str = ""
    """The last part of its ARN, where AWS's replies have none: ``application/{0}/environment/{1}``, of the parent's
    id and its own, or of its own alone."""
    revision: str = "updatedAt"
    """Several are parted by a comma."""
    """Member of the list row and the get reply that moves with every change."""
    stamped_name: bool = False
    """Append ``_<stamp8>``: for kinds that can only be replaced."""
    given: frozenset[str] = frozenset()
    """Ids of what AWS makes by itself: it counts for no quota and belongs to nobody."""
    version_arn: bool = False
    """``<arn>:<version>`` addresses one version."""


@dataclass(frozen=True, slots=True)
class Status:
    """The status member with every value of its enum classified."""

    member: str
    ready: frozenset[str]
    pending: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    reasons: str | None = None
    idle: frozenset[str] = frozenset()
    """Settled, and not prepared."""
    leaving: frozenset[str] = frozenset({"DELETING"})
    """Which of ``pending`` end with the thing gone: where there is one, deletions are waited for."""
    undeleted: frozenset[str] = frozenset({"DELETE_UNSUCCESSFUL"})
    """Which of ``failed`` tell that a deletion did not come off."""
    repairable: bool = False
    """A failed draft may be updated, and then prepared, again."""


@dataclass(frozen=True, slots=True)
class Fields:
    """How bodies compare. Paths are patterns like ``contentPolicyConfig.filtersConfig[].inputAction``."""

    omitted: frozenset[str] = frozenset()
    """Create members that never stand in a manifest's body: token, tags, name."""
    labels: frozenset[str] = frozenset()
    """Members that describe and do not change behaviour: outside every stamp."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What the server fills in where the manifest is silent (AWS documentation)."""
    unordered: Mapping[str, str | None] = field(default_factory=dict)
    """Lists that are sets; the value names the member that is an item's key, None for plain values. With ``#`` before
    it, paths show a digest of the key: it is free text."""
    opaque: frozenset[str] = frozenset()
    """JSON documents: what they hold is taken to the letter, empty members and every digit included."""
    markers: frozenset[str] = frozenset()
    """Structures that say something though they are empty: a choice of a union that has no members."""
    immutable: frozenset[str] = frozenset()
    """Patterns of members that no update can change; of kinds without an update everything is."""
    update_only: frozenset[str] = frozenset()
    """Members that update takes and create does not: an update follows the create when a body has one."""
    guards: frozenset[str] = frozenset()
    """Members that attach a guardrail to what holds them, as ``document.prompts.*.guardrail``. ``*`` stands for one
    member; ``**``, at the beginning alone, for any: ``**.prompt.guardrailConfiguration``. A holder that had one and has
    none is unguarded: that always needs an allowance."""
    ranked: Mapping[str, frozenset[str] | None] | None = None
    """For kinds that protect: every leaf whose change ``describe`` can rank, with the values it knows (None: any value;
    an empty set: two different values cannot be ranked). Any other change counts as weaker."""
    shown: frozenset[str] = frozenset()
    """Texts that anyone may see, with all below them, though AWS's model does not say so: names that are part of an
    interface. ``*`` stands for one member, ``<section>`` for the section of every kind there is. Every other free text
    is told by digest and length only."""


@dataclass(frozen=True, slots=True)
class Part:
    """Things of one sort inside a resource that AWS gives operations of their own: an agent's action groups.

    In a body they stand as a list under ``member``, told apart by ``key``; they are compared, stamped, published and
    told as part of their owner's body.
    """

    member: str
    key: str
    create: str
    update: str | None
    delete: str
    list: str
    list_root: str
    id: str
    """Member of list rows and of the get reply with AWS's id of the item."""
    id_in: str
    owner_in: str
    get: str | None = None
    """None: list rows are full."""
    root: str | None = None
    """Member of the get reply that holds the item."""
    version_in: str | None = None
    """Member that selects the owner's version, ``DRAFT`` in every write."""
    token: str | None = None
    omitted: frozenset[str] = frozenset()
    """Create members that do not stand in an item, beside owner, version and token."""
    fixed: frozenset[str] = frozenset()
    """Members of an item that no update can change: it is made anew."""
    delete_params: FrozenMap = EMPTY
    goes_first: bool = False
    """Deleted before its owner, so that what AWS cannot delete is told by its own name."""
    status: Status | None = None
    read: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda reply: reply
    """Reply of get (or a full row) -> item. Members unknown to create are dropped afterwards."""
    write: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda item: item
    """Item -> request members."""

    @property
    def outside(self) -> frozenset[str]:
        """Create members that do not stand in an item."""
        return self.omitted | {m for m in (self.owner_in, self.version_in, self.token) if m}


@dataclass(frozen=True, slots=True)
class Ingestion:
    """Jobs that bring content into the items of a part, such as a knowledge base's data sources.

    AWS versions none of it. What an item holds is told by the description of its latest job, which carries the pin's
    digest. In a body it stands under ``member``: item -> digest (16 digits), or a word for anything else.
    """

    start: str
    get: str
    list: str
    list_root: str
    newest_first: FrozenMap
    """Members of the list request that put the latest job first."""
    root: str
    id: str
    owner_in: str
    item_in: str
    token: str
    status: Status
    statistics: str
    """Member of a job with its numbers."""
    failed: str
    """The number of documents that failed: a job that is complete may hide some."""
    part: str
    """The member of the body whose items take content."""
    member: str = "content"
    label_in: str = "description"


@dataclass(frozen=True, slots=True)
class Pin:
    """Content of one item that a release is made with. ``objects``: the source manifest, see ``core/sources.py``."""

    item: str
    digest: str
    """Of the content and of where it is taken from."""
    max_failed: int
    bucket: str
    prefixes: tuple[str, ...]
    objects: str = field(repr=False)
    owner: str = ""
    """Account of the bucket, where the manifest names it."""


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A file that an entry of AWS's own form names, in a member of ours. ``at`` is relative to the entry."""

    path: Any
    at: Path
    sha256: Any = None
    """The digest that the entry pins it by, and where it does."""
    pinned_at: Path = ()


@dataclass(frozen=True, slots=True)
class Tagging:
    """The three tag operations of a service and the shape of its tags."""

    tag: str
    untag: str
    list: str
    id_in: str
    tags_in: str = "tags"
    keys_in: str = "tagKeys"
    tags_out: str = "tags"
    form: Literal["map", "list", "List"] = "map"
    """``map``: {k: v}; ``list``: [{key, value}]; ``List``: [{Key, Value}]."""
    by: Literal["arn", "name"] = "arn"
    params: FrozenMap = EMPTY


BEDROCK_TAGS = Tagging("TagResource", "UntagResource", "ListTagsForResource", "resourceARN", form="list")
AGENT_TAGS = Tagging("TagResource", "UntagResource", "ListTagsForResource", "resourceArn", form="map")

APPCONFIG_TAGS = Tagging(
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
    "ResourceArn",
    tags_in="Tags",
    keys_in="TagKeys",
    tags_out="Tags",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a manifest entry. ``path`` is relative to the entry; ``file`` names a file it includes."""

    code: str
    message: str
    path: Path = ()
    hint: str = ""
    file: str | None = None
    line: int = 1
    column: int = 1
    length: int = 1
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class Site:
    """The place a use case is compiled for."""

    environment: str
    account: str
    region: str
    partition: str = "aws"


@dataclass(frozen=True, slots=True)
class View:
    """What a kind sees of one use case: its resolved spec, its files and the site. Pure data."""

    use_case: str
    spec: FrozenMap
    files: Mapping[str, str]
    site: Site
    release: str = ""
    digest: str = ""
    exports: FrozenMap = EMPTY
    """What applications may read, gathered from all kinds: section -> name -> members with references."""
    on_remove: FrozenMap = EMPTY
    """What ``lifecycle`` says: ``<section>.<name>`` -> ``retain`` or ``delete``; '' of all others."""

    def section(self, name: str) -> Mapping[str, Any]:
        """One section of the spec, empty when absent."""
        found = self.spec.get(name)
        return found if isinstance(found, Mapping) else EMPTY

    def address(self, kind: str, name: str) -> Address:
        return Address(self.use_case, kind, name)


@dataclass(frozen=True, slots=True)
class Draft:
    """A resource as a kind declares it: name and body in AWS's write shape, references unresolved."""

    name: str
    body: FrozenMap
    pins: tuple[Pin, ...] = ()
    in_place: bool = False
    """The manifest allows, in words, changes that callers see at once."""
    rollout: Rollout | None = None
    """How its content is delivered, for a kind with a delivery."""
    kept: bool = False
    """It is looked at, and stays as it is: callers may still follow it."""


@dataclass(frozen=True, slots=True)
class Written:
    """A body as a manifest would say it in short. ``entry``: None where the models say it all."""

    entry: Mapping[str, Any] | None
    models: Mapping[str, Any] = EMPTY
    """Entries of ``models`` that are new or more than they were."""
    files: Mapping[str, str] = EMPTY


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a manifest section, for a kind's own checks."""

    name: str
    data: Mapping[str, Any]
    spec: Mapping[str, Any]
    files: Mapping[str, str]


Effect = Literal["stronger", "weaker", "changed", "neutral"]
"""What a change does to protection and checks; ``changed`` where nobody can say."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One difference in words, for release notes. ``{}`` in the text stands for ``private``."""

    text: str
    effect: Effect = "neutral"
    path: str = ""
    private: str = ""
    """Words from the content: told by digest where the data is confidential."""
    texts: tuple[str, str] | None = None
    """A long text before and after, to be compared word by word; only counted where the data is confidential."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource. See the modules of ``kinds/`` for what each declares."""

    name: str
    service: str
    calls: Calls
    identity: Identity
    fields: Fields
    tagging: Tagging
    declare: Callable[[View], Iterable[Draft]]
    tag_index: str | None = None
    """Resource type under which the Resource Groups Tagging API lists this kind; None: it does not."""
    section: str | None = None
    """The manifest section (under ``spec``) whose entries are of this kind; None: derived from other sections."""
    derived_from: str | None = None
    """The section whose entries name resources of a kind without one of its own."""
    entry: type[BaseModel] | None = None
    """Short form of an entry; None: entries are AWS's own body."""
    is_short: Callable[[Mapping[str, Any]], bool] = lambda _: False
    extra: frozenset[str] = frozenset()
    """Members of the long form that are ours, not AWS's."""
    ours: type[BaseModel] | None = None
    """What stands in ``extra``, where it is more than texts: one field for each."""
    includes: Callable[[Mapping[str, Any]], Iterable[Inclusion]] = lambda _: ()
    """Files that an entry of the long form names. Tolerates any data."""
    fixed: Callable[[Draft], FrozenMap] | None = None
    """What of a draft cannot change in place. Its digest ends the physical name, so that other content is another
    resource beside the old one: callers are moved to it, and the old one is retired."""
    exclusive: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    """Members of a body, by path, that name what two live resources must not share. Empty: it takes nothing for
    itself."""
    check: Callable[[Entry], Iterable[Problem]] = lambda _: ()
    """Rules that AWS keeps outside its service model."""
    written: Callable[[str, FrozenMap, FrozenMap, Site], Written | None] | None = None
    """(entry, comparable body, models so far, place) -> how a manifest says it in short; None when only the
    body does.
    Leaves of the body may be references and bindings."""
    codes: tuple[Code, ...] = ()
    """The codes of ``check`` that the general catalogue does not have."""
    exports: Callable[[View], Mapping[str, Mapping[str, Any]]] = lambda _: {}
    read: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda reply: reply
    """Reply of get (or a full list row) -> body in write shape. Members unknown to create are dropped afterwards."""
    write: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda body: body
    """Body -> request members, where the wire differs from the body."""
    comparable: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda body: body
    """Body -> the form in which ``read`` gives it back, where AWS does not return what was written."""
    describe: Callable[[FrozenMap | None, FrozenMap | None], Iterable[Remark]] | None = None
    """What changed between two bodies in comparable form, in words; None for a body that is not there. Without it
    fields are listed. Swapping the bodies must turn stronger into weaker and weaker into stronger."""
    status: Status | None = None
    versions: Versions | None = None
    mint: Mint | None = None
    parts: tuple[Part, ...] = ()
    parent: str | None = None
    """The kind that it exists inside, for a kind with ``calls.parent_in``."""
    ingestion: Ingestion | None = None
    delivery: Delivery | None = None
    stored: Stored | None = None
    on_demand: bool = False
    """Listed only where a manifest or a record has one: most accounts have none, and a role need not be allowed to."""
    physical_name: Callable[[Address], str] | None = None
    visible: frozenset[Verb] = frozenset({Verb.REPOINT})
    """Verbs whose effect callers see: they belong to the PROMOTE wave."""
    pointer: bool = False
    """A pointer that callers follow: updated by REPOINT, in the PROMOTE wave. It is created by REPOINT too when callers
    know it by its name, and by CREATE, in the STAGE wave, when its id is AWS's: nobody can call it yet."""
    version_quota: Quota | None = None
    account_quota: Quota | None = None
    sibling_quota: Quota | None = None
    """How many one parent may hold, for what exists inside another resource."""
    place: Callable[[str, str], str] | None = None
    """Name and path -> the place under ``spec`` that an allowance names; empty: nowhere. None: ``<section>.<name>`` and
    the path. Kinds derived from other sections say which entry they come from: ``flows.<name>.alias``."""
    needs_allowance_to_remove: bool = False
    """What callers hold on to, or what cannot be made again from git: it goes only with an allowance, everywhere."""
    runtime_limit: int | None = None
    """Largest body on the wire in bytes, where AWS sets one that the service model cannot say."""

    @property
    def versioned(self) -> bool:
        """Whether content is published as numbered versions."""
        return self.calls.publish is not None or self.mint is not None

    def place_of(self, name: str, path: str = "") -> str:
        """Where under ``spec`` a resource, or a place in it, is declared. What follows ``@`` is no part of an entry."""
        name = name.partition("@")[0]
        if self.place is not None:
            return self.place(name, path)
        whole = f"{self.section or self.name}.{name}"
        return f"{whole}.{path}" if path else whole

    @property
    def labels_versions(self) -> bool:
        """Whether list rows of versions show the label that we gave them: then few have to be read."""
        return self.mint is None and self.versions is None

    @property
    def is_named_by_content(self) -> bool:
        """Whether other content has another name, so that two contents stand beside each other."""
        return self.identity.stamped_name or self.fixed is not None

    @property
    def is_renamable(self) -> bool:
        """Whether an update carries the name, so that a resource survives a new one."""
        return self.calls.update is not None and not self.is_known_by_name and not self.is_named_by_content

    @property
    def is_followed(self) -> bool:
        """Whether callers follow it: an alias, the runtime document wherever it is kept."""
        return self.pointer or self.delivery is not None

    @property
    def is_known_by_name(self) -> bool:
        """Whether the name is the id, so that callers may know it before it exists."""
        return self.identity.id == self.identity.name


@dataclass(frozen=True, slots=True)
class IncludedFile:
    """Marks a member of a short form: it names a file in the use case's folder, which is part of the release."""


@dataclass(frozen=True, slots=True)
class NameIn:
    """Marks a member of a short form: it names an entry of another section."""

    section: str


def marked(kind: Kind, marker: type[IncludedFile] | type[NameIn]) -> dict[str, Any]:
    """Members of a kind's entries that carry a marker: name -> marker. ``Annotated[str, NameIn("models")]``."""
    return {
        name: mark
        for model in (kind.entry, kind.ours)
        if model is not None
        for name, info in model.model_fields.items()
        for mark in info.metadata
        if isinstance(mark, marker)
    }
