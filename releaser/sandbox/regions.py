"""Which geography a region belongs to, for cross-Region profiles."""

from __future__ import annotations

# User guide, "Supported Regions and models for inference profiles": destination regions by geography.
# At most five destinations are named, the model's own maximum for a profile.
DESTINATIONS = {
    "us": ("us-east-1", "us-east-2", "us-west-2"),
    "eu": ("eu-central-1", "eu-north-1", "eu-west-1", "eu-west-3"),
    "apac": ("ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
}
_PREFIXES = {"us-gov-": "us-gov", "us-": "us", "ca-": "us", "eu-": "eu", "ap-": "apac"}


def geography(region: str) -> str | None:
    """``us``, ``eu``, ``apac``, ... or None where there are no cross-Region profiles."""
    return next((place for prefix, place in _PREFIXES.items() if region.startswith(prefix)), None)
