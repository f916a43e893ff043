"""One module per kind of resource, or per small API. Found, not listed: see ``releaser.sandbox.kind``."""
