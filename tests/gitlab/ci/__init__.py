"""A GitLab CI small enough to read: inputs of components, rules, needs and jobs. What it does not know is an error."""
