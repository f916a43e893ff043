"""P...: why something is not planned, not applied or not proven."""

from __future__ import annotations

from releaser.core.diagnostic import Code

DELIVERY = (
    Code(
        "P355",
        "a roll-out that goes on",
        "AppConfig brings the release to its readers little by little, and that takes longer than `--wait`. The record "
        "says so, the lock is free, and the next run of the same command continues (exit code 5).",
    ),
    Code(
        "P356",
        "a roll-out that was taken back",
        "An alarm, or somebody, rolled the deployment back: readers have the release before it. The record is closed "
        "as rolled-back and this content is held in the environment. Find out why, then release something else.",
    ),
    Code(
        "P357",
        "somebody else's deployment runs",
        "AppConfig runs one deployment in an environment at a time, and this one was not started by this run. Wait for "
        "its end, or stop it in AppConfig.",
    ),
    Code(
        "P358",
        "a stored configuration that holds something else",
        "A version's description says which bytes it holds; this one was stored by somebody else.",
    ),
    Code(
        "P359",
        "a delivery that was taken back since",
        "The records count on a deployment that AppConfig has rolled back, or that somebody reverted. Nothing is "
        "planned against it: `releaser reconcile` records it first, and holds the release.",
    ),
    Code(
        "P360",
        "an alarm that does not exist",
        "An alarm of `delivery.alarms` is not in the account and region: it would take nothing back.",
    ),
    Code("P361", "an alarm whose actions are disabled", "AppConfig does not act on it. Enable its actions."),
    Code(
        "P362",
        "an alarm that rings when nobody calls",
        "AppConfig takes a release back on ALARM and on INSUFFICIENT_DATA. An alarm must treat missing data as "
        "notBreaching, or a quiet hour rolls back.",
    ),
    Code("P363", "alarms that could not be read", "Nothing is rolled out on alarms that nobody could look at."),
    Code(
        "P365",
        "an alarm that rings already",
        "AppConfig takes back at once what is rolled out while an alarm is in ALARM or INSUFFICIENT_DATA. A way back "
        "to an older release is stopped by no alarm.",
    ),
    Code(
        "P364",
        "a release that waits for the one before it",
        "What is on its way to its readers is brought to its end first; the newer release comes with the next run.",
    ),
)

PLANS = (
    Code(
        "P101",
        "a live resource of this name is somebody else's",
        "It carries no ownership tag of ours, or another's: a name is never ownership, so it is not touched. Rename "
        "the one in the manifest, or delete or rename the live one.",
    ),
    Code(
        "P102", "no such use case", "The command names a use case that has no manifest. `releaser status` lists them."
    ),
    Code(
        "P103",
        "live and without a manifest",
        "A warning: nothing is deleted because a folder is gone. Restore the folder, or declare the removal in it.",
    ),
    Code(
        "P104",
        "no such environment, or one that is not valid",
        "There is no environments/NAME/environment.yaml, or it has errors: `releaser validate` says which.",
    ),
    Code(
        "P105", "which target?", "The environment has several targets, or none of that name. Choose one with --target."
    ),
    Code("P106", "the plan file cannot be opened", "Name the file that `releaser plan -o FILE` wrote."),
    Code(
        "P107",
        "a use case in two targets of one account",
        "Both would own the same resources. Give the targets label selectors that do not overlap.",
        "useCases: {matchLabels: {tier: gold}}",
    ),
    Code(
        "P110",
        "a resource could not be read",
        "Nothing is concluded from a failed read: it plans neither a create nor a delete. Allow the operation to the "
        "role, or run the same command again.",
    ),
    Code(
        "P111",
        "a live resource is in a failed state",
        "AWS gave up on it, with the reason shown. Delete it in AWS; the next run creates it anew.",
    ),
    Code(
        "P112",
        "a resource that AWS cannot update was changed",
        "It is named after its content and no longer holds that content: somebody changed it by hand. Delete it in "
        "AWS; the next run creates it anew.",
    ),
    Code(
        "P113",
        "the new one would work where the live one does",
        "A knowledge base that is made beside the live one needs a vector index of its own: in the same index callers "
        "would find its documents at once, and lose them when the old one is deleted. Name another index; or allow, "
        "with `updates: inPlace`, that callers see the change at once.",
    ),
    Code(
        "P185",
        "what another team owns is gone",
        "The manifest pins a version of a resource that is not there any more. Ask its owner, or pin another version.",
    ),
    Code(
        "P186",
        "what another team owns points elsewhere",
        "The alias was moved to another version than was pinned. `releaser pin` prints the line that accepts it.",
    ),
    Code(
        "P187",
        "what another team owns has other content",
        "The content under the pinned version has another digest than was pinned: it was made anew under the same "
        "number, or the pin was taken from something else. `releaser pin` prints the line that accepts it.",
    ),
    Code(
        "P188",
        "only observed",
        "The manifest says `mode: observe`: plan and drift compare what is live with it, and nothing is written. When "
        "the plan is empty, `releaser adopt --mark` puts our tags on what is live; then remove the line.",
        "spec: {mode: observe}",
    ),
    Code("P189", "nothing to take over", "What `releaser adopt` was told to take is not there, or somebody's already."),
    Code(
        "P120",
        "no version left",
        "AWS keeps a fixed number of versions of a resource and does not raise it. Delete versions that nothing uses.",
    ),
    Code(
        "P121",
        "the account has no room",
        "The quota of the account and region would be exceeded, so nothing is written. Share a resource between use "
        "cases, or place this one in another account.",
    ),
    Code(
        "P122",
        "its parent has no room",
        "AWS allows so many aliases of one flow or agent and no more. Delete one that nobody calls; ours are called.",
    ),
    Code(
        "P130",
        "changed by somebody else after the plan was made",
        "The live resource is neither what the plan saw nor what is wanted, so it is not overwritten. Plan again, look "
        "at the difference, and decide.",
    ),
    Code(
        "P131",
        "what was written reads back differently",
        "Somebody may have changed it at the same moment. Run the same command again: it looks before it writes.",
    ),
    Code(
        "P132",
        "a version that does not hold what was published",
        "Nothing points at it, so nobody is served by it. Run the same command again: it cuts another.",
    ),
    Code(
        "P133",
        "a resource to be deleted no longer carries our mark",
        "It was declared removed and marked; the mark or the ownership tag is gone. It is kept: look whose it is now.",
    ),
    Code(
        "P134",
        "an interrupted run cannot be continued as approved",
        "The account changed meanwhile, and more would be needed than was approved. Look at `releaser plan`, then run "
        "again with --supersede: the old record is closed and a new run starts.",
    ),
    Code(
        "P135",
        "an interrupted run comes first",
        "What an unfinished run needs is not told by any record yet, so `gc` leaves its use case alone. Run `releaser "
        "reconcile` or `apply` again: it continues; then run `gc`.",
    ),
    Code(
        "P140",
        "applied, and it does not hold",
        "After the last step everything is read again; something differs. Somebody may be changing it: `releaser plan "
        "--deep` shows the difference.",
    ),
    Code(
        "P141",
        "the wrong account",
        "The credentials lead to another account than the environment declares, so nothing is read or written there. "
        "Use credentials of that account, or give the target a role in it.",
    ),
    Code(
        "P142",
        "changes that are not committed",
        "What is released must be in git. Commit the changes; an environment that is only for trying things may set "
        "allowDirty.",
        "spec: {allowDirty: true}",
    ),
    Code("P150", "the environment is frozen", "Wait, or shorten the freeze window by a merge request."),
    Code(
        "P151",
        "more change at once than is allowed",
        "The share of resources that would be removed or changed exceeds the environment's safety limit. Apply fewer "
        "use cases at a time, or raise the limit by a merge request.",
        "spec: {safety: {maxDeletePercent: 20}}",
    ),
    Code(
        "P152",
        "models could not be looked at",
        "Whether a model is near its end of life, which models are behind a profile, or whether the account may call a "
        "new one, is unknown. Allow bedrock:ListFoundationModels, bedrock:ListInferenceProfiles, "
        "bedrock:GetInferenceProfile, bedrock:GetPromptRouter and bedrock:GetFoundationModelAvailability to the role.",
    ),
    Code(
        "P153",
        "a model that is not available here",
        "The region does not offer it, or not to this account. Look at the model ids of the region; a model past its "
        "end of life disappears from the list. policy.models.unavailable says whether this blocks.",
        "policy: {models: {unavailable: warn}}",
    ),
    Code(
        "P154",
        "a model past its end of life",
        "Calls fail, and AWS moves nobody to another model. Choose a successor, evaluate it, and change the manifest.",
    ),
    Code(
        "P155",
        "less protection, or an easier check, without an allowance",
        "The plan makes a guardrail weaker than what is live, changes a field of one that no rule can rank, or asks "
        "less of a release than the last one did, and the environment wants that said. Change it back, or add an "
        "allowance for that address to the manifest. What somebody made stronger by hand counts too: "
        "keep it by writing it down.",
        "allow: [{at: guardrails.main, change: weaken, reason: The filter blocked claims about injuries.}]",
    ),
    Code(
        "P156",
        "a guardrail is detached without an allowance",
        "What had a guardrail would have none, or something without one takes its place. This needs an allowance for "
        "that address in every environment.",
        "allow: [{at: prompts.answer, change: detach-guardrail, reason: The text never reaches users.}]",
    ),
    Code(
        "P157",
        "a removal without an allowance",
        "What is declared no more would be taken away, and the environment, or the kind itself, wants that said. Add "
        "an allowance for that address; or release it once with `onRemove: retain` and then remove it: it stays in "
        "AWS and is no longer managed.",
        "lifecycle: {onRemove: retain}",
    ),
    Code(
        "P158",
        "an allowance that has expired",
        "A warning: it allows nothing any more. Remove it, or give it another day with a reason that holds today.",
    ),
    Code(
        "P159",
        "an allowance that nothing needs",
        "A warning: this plan does not do what it allows; perhaps it is done by now. Remove it, lest it allow the next "
        "change there unseen.",
    ),
    Code(
        "P160",
        "the plan is stale",
        "git or the account changed since the plan was saved, or it was made for another place. Plan again and look.",
    ),
    Code("P161", "the plan was applied already", "A saved plan is applied once. Plan again."),
    Code("P162", "no plan file", "The file is not what `releaser plan -o FILE` writes. Write one with that command."),
    Code(
        "P163",
        "a plan file of another format",
        "It was written by another version of releaser. Plan again with this one: releaser plan -o FILE.",
    ),
    Code("P164", "the plan file is damaged", "It was cut off or edited. Plan again: releaser plan -o FILE."),
    Code(
        "P171",
        "not the branch that the environment follows",
        "reconcile releases the branch named by `track` and nothing else. Merge first; `releaser plan` shows what that "
        "would do.",
    ),
    Code(
        "P172",
        "HEAD is on no branch",
        "Nothing says that the commit is on the branch the environment follows. Check that branch out, or set "
        "CI_COMMIT_BRANCH as GitLab does.",
    ),
    Code(
        "P173",
        "the commit was not merged",
        "Only what is on the remote's branch is released. Merge it, or push the branch, and run again.",
    ),
    Code(
        "P174",
        "the commit is older than what is live",
        "A late pipeline would take a newer release back. Pull first; to go back on purpose, `git revert` the merge: "
        "that is a release of its own.",
    ),
    Code(
        "P181",
        "an ingestion job failed",
        "Nothing or a part of the documents was taken in, and no pointer was moved. AWS says why in the job's failure "
        "reasons; the next run starts another job.",
    ),
    Code(
        "P182",
        "too many documents were not ingested",
        "AWS calls a job complete although documents failed. Mend or remove them, write the source manifest anew, or "
        "raise `maxFailed`.",
        "content: {policies: {maxFailed: 2}}",
    ),
    Code(
        "P183",
        "the bucket does not hold what is pinned",
        "Ingestion would take in other documents than were reviewed, so it is not started; where the bucket changed "
        "during a job, what that brought in counts as unknown. `releaser sources` writes the source manifest from what "
        "is there; or put the pinned versions back.",
    ),
    Code("P184", "no object in the bucket", "Nothing stands under the prefix: look at its spelling and its case."),
    Code("P190", "a plan that takes a version away", "Only gc does that. Please report how the plan came to it."),
    Code("P191", "a step whose needs are not done", "A fault in releaser itself: please report the plan."),
    Code("P200", "a gate does not let it pass", "The gate's own reason and hint are in the message."),
    Code("P201", "a gate cleared something else", "A fault in releaser itself: please report the plan."),
    Code(
        "P220",
        "the evidence says no",
        "A bound of the measured value is on the wrong side of a threshold, or the drop against what is live is larger "
        "than allowed, for certain. The same behaviour is never evaluated again until it passes: change it, or the "
        "threshold, or let a waiver in git carry it (evaluation.waivers).",
    ),
    Code(
        "P221",
        "the evidence does not decide it",
        "Too few cases, or values too near the threshold. The message says how many cases would decide it. Add cases, "
        "raise `repeats`, or let a waiver in git carry it (evaluation.waivers).",
    ),
    Code(
        "P222",
        "the evaluation has errors",
        "Calls failed, replies could not be judged, or results are missing. They count as neither passed nor failed; "
        "the next run asks again for what is missing, and for nothing else.",
    ),
    Code(
        "P223",
        "evidence is awaited",
        "The candidates are staged and callers see nothing. When the evidence is there, run the same command again.",
    ),
    Code(
        "P224",
        "a suite that is asked for and not declared",
        "gates.required of the environment names it. At risk tier minimal a manifest may leave it out.",
    ),
    Code(
        "P225",
        "a suite that cannot be run",
        "Its target, its data set or its name is not what this version can work with; the message says which.",
    ),
    Code(
        "P226",
        "what is to be evaluated is not there",
        "Before a merge nothing is published: prompts and models are called as the manifest says, guardrails only "
        "where what is live behaves as declared. After the merge `reconcile` evaluates what it has staged.",
    ),
    Code(
        "P228",
        "data that was not approved",
        "The sha256 is not that of the manifest, or a case is wrong.",
    ),
    Code("P229", "an evaluation that cannot note what it has done", "Two runs in one clone, or a full disk."),
    Code(
        "P210",
        "a LEGACY model",
        "AWS has announced its end. Choose a successor now: access to a LEGACY model may lapse after 15 days without a "
        "call, and models launched since 2026-09-07 may be LEGACY for 45 days only. policy.models.legacy says whether "
        "this blocks; it warns unless told otherwise.",
        "policy: {models: {legacy: block}}",
    ),
    Code(
        "P211",
        "a model that ends soon",
        "Its end of life is within policy.models.endOfLifeWithin. A release that begins to use it is refused; one that "
        "uses it already is warned. Choose a successor and evaluate it.",
        "policy: {models: {endOfLifeWithin: 90d}}",
    ),
    Code(
        "P212",
        "a model that the account has no access to yet",
        "AWS enables most models at the first call of somebody with AWS Marketplace permissions; some want a form or "
        "an agreement first. That agreement is a legal one: a person accepts it in the console, this tool never does. "
        "policy.models.access says whether this blocks.",
        "policy: {models: {access: warn}}",
    ),
    Code(
        "P213",
        "the way back is closing",
        "A warning: the release before the live one names a model that is LEGACY, ends soon, has ended or is not "
        "offered. A rollback to it is judged like any release. Plan to go forward instead.",
    ),
    Code(
        "P214",
        "AWS says that data could leave where it must stay",
        "The regions that AWS names for this profile in the account, or those of a guardrail profile, go beyond what "
        "policy.residency allows for data of this classification. Use a profile of a smaller geography, or the model "
        "of the region itself.",
    ),
    Code(
        "P300",
        "a release that the environment before never had",
        "Content comes here from `promotesFrom`: what is pinned was not released there. Release it there first; an "
        "emergency that cannot wait needs a waiver with an owner, a last day and a reason in the pin.",
        "waiver: {owner: claims@example.com, until: 2026-12-08, reason: The live prompt leaks claim numbers.}",
    ),
    Code(
        "P301",
        "a release that was not verified in the environment before",
        "It was released in `promotesFrom`, and the look afterwards found something else than git says. Run reconcile "
        "there again until it is verified.",
    ),
    Code(
        "P302",
        "a waiver that has expired",
        "The pin's release is not verified in `promotesFrom`, and the waiver that let it ahead holds no longer.",
    ),
    Code(
        "P303",
        "a release that was taken back in the environment before",
        "It was released and verified in `promotesFrom`, then rolled back there: by an alarm during its delivery or by "
        "somebody in an emergency. What was taken back goes no further.",
    ),
    Code(
        "P304",
        "a pin and a tag that disagree",
        "The digest in the pin is not the one in the release tag. One of the two was changed by hand: nothing is "
        "applied from either. Content is identity, a release number never is.",
    ),
    Code(
        "P305",
        "the content of a pinned release cannot be read",
        "It is read from the tree of the release's tag. This clone lacks it, or the commit holds no manifest for the "
        "use case; the message says which.",
    ),
    Code(
        "P306",
        "a tag that does not tell the truth",
        "The digest computed anew from the files at the tag is not the one that the tag's message gives. The tag was "
        "made or changed by hand: nothing is applied from it.",
    ),
    Code(
        "P307",
        "a pin that waits",
        "A warning: its `notBefore` lies ahead. What is live stays until then; the first reconcile after it goes on.",
        "spec: {release: 'r12@sha256:...', notBefore: 2026-12-01T08:00:00Z}",
    ),
    Code(
        "P308",
        "live, and without a pin",
        "A warning: a release is live, and the environment has no pin of the use case. Nothing is deleted because a "
        "file is gone. Restore the pin; or write `release: retired` to take the use case away.",
    ),
    Code(
        "P309",
        "a release that does not fit the environment",
        "The pinned content is not valid with this environment's bindings, targets and policy; the message names the "
        "place in the release. It is left out, and stops no other use case.",
    ),
    Code(
        "P310",
        "a pin of a release that is not here",
        "The pin names a release tag that this clone does not have: it was never cut, or never fetched. A shallow "
        "clone has neither old tags nor their content.",
        "variables: {GIT_DEPTH: 0}",
    ),
    Code(
        "P311",
        "a release ahead of its turn",
        "A warning: nothing but the pin's waiver lets this release in. It is recorded as an emergency, with who "
        "answers for it. Let the environment before verify it, and take the waiver out.",
    ),
    Code(
        "P313",
        "a way back that is less safe",
        "A warning: the pin goes back to a release that was here before and protects or checks less than what is live. "
        "What was released cannot be given an allowance any more, so the review of the pin is the one that counts.",
    ),
    Code(
        "P314",
        "no pin here",
        "A warning: the environment names no branch (`track`), so it has what its pins name; and of the use "
        "case, or at all, there is none yet.",
    ),
    Code(
        "P312",
        "a release that is held",
        "It was taken back here, by an alarm during its delivery or by somebody in an emergency. Until the pin (on a "
        "branch: the content) is another, no run applies it again. A waiver lets it in, unless it stood in the pin "
        "already when the release was taken back.",
    ),
)
