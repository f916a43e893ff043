"""One module per kind of resource (or per small API). Modules are found by name; see ``releaser.sandbox.kind``."""
