"""A GitOps release manager for Amazon Bedrock."""

__version__ = "0.1.0"
