"""E7xx: data sets and thresholds."""

from __future__ import annotations

from releaser.core.diagnostic import Code

DATA = (
    Code(
        "E701",
        "the data is not what was approved",
        "The file's sha256 differs from the manifest's. If the change is meant, write the new digest: it is part of "
        "the review and of the release digest.",
    ),
    Code("E702", "a case that is not JSON", "Data sets are JSON Lines: one object a line, UTF-8."),
    Code("E703", "a case without an id of its own", "`id` is a text and stands once in a data set."),
    Code("E704", "a case that does not fit its target", "`input` holds exactly the variables of the prompt."),
    Code("E705", "unknown metric", "A deterministic metric of ours, or any name with a `judge`."),
    Code("E706", "floor or ceiling", "A threshold has exactly one of the two."),
    Code(
        "E707",
        "a unit that does not fit",
        "Times are written 1200ms or 1.2s, shares as 0 to 1, costs as numbers in the price table's currency; "
        "maxRegression in the same unit, or relative as 10%.",
    ),
    Code("E708", "a threshold in the wrong direction", "More is better: floor. Less is better: ceiling."),
    Code("E709", "path or uri", "A data set is a file of this folder or an object in S3, not both."),
    Code("E710", "fewer cases than minN", "The metric could never be more than INCONCLUSIVE."),
    Code(
        "E711",
        "a judge that judges nothing",
        "Deterministic metrics take neither `judge` nor `human`; a rubric takes one of the two.",
    ),
    Code(
        "E712",
        "an option that does not fit its metric",
        "`regex` needs a `pattern` and `jsonSchema` a `schema`; `tolerance`, `k` and `field` belong to those metrics "
        "that use them.",
    ),
    Code(
        "E713",
        "a rubric that is not there",
        "A judged metric goes by the rubric of its name under `evaluation.rubrics`, or by a built-in one: correctness, "
        "faithfulness, helpfulness. Anchors are at least two different numbers, quoted.",
    ),
    Code(
        "E714",
        "too few cases to prove the threshold",
        "Even if every case succeeds, the one-sided 95 % bound of so few cases does not keep the threshold: it can "
        "never PASS. A ceiling c needs 2.71 x (1 - c) / c cases, a floor f needs 2.71 x f / (1 - f).",
    ),
    Code(
        "E715",
        "answers that cannot be compared in pairs",
        "`pairwise` needs a judge, and a target that can be called while it is live: a prompt, a flow, an agent, a "
        "knowledge base or a guardrail. It compares with what is live already, so it takes no maxRegression.",
    ),
)
