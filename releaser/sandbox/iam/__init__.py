"""IAM: who may assume a role, and what its sessions may do.

Built from AWS's documentation: the IAM policy reference (grammar, evaluation logic, condition operators), the Service
Authorization Reference (actions, resource types and condition keys of each operation) and the STS API reference.
"""
