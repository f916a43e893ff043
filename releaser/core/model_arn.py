"""Model ids to ARNs: a manifest names models, the site says where they are."""

from __future__ import annotations

from releaser.core.address import Bound
from releaser.core.geography import GEOGRAPHY
from releaser.core.kind import Site


def model_arn(model_id: str, site: Site) -> str | Bound:
    """ARN of the foundation model, or of the system profile when the id names a geography. An ARN stays as it is."""
    if model_id.startswith("arn:"):
        return model_id
    prefix = f"arn:{site.partition}:bedrock:{site.region}"
    if GEOGRAPHY.match(model_id):
        arn = f"{prefix}:{site.account}:inference-profile/{model_id}"
    else:
        arn = f"{prefix}::foundation-model/{model_id}"
    return Bound(f"${{model.{model_id}}}", arn)
