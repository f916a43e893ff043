"""What IAM has to allow: actions of operations, policies of the three roles, trust in GitLab's jobs. Pure."""
