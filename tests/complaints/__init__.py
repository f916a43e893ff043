"""What users of other tools complained about, and why it cannot happen here.

One test each, named after the complaint: ``test_<tracker>_<number>_<what holds here>``. Trackers:

=================  ==================================================================
``aws``            hashicorp/terraform-provider-aws
``awscc``          hashicorp/terraform-provider-awscc
``terraform``      hashicorp/terraform
``pulumi``         pulumi/pulumi-aws
``cdk``            aws/aws-cdk
``constructs``     awslabs/generative-ai-cdk-constructs
``module``         aws-ia/terraform-aws-bedrock
``blueprints``     awslabs/agents-for-amazon-bedrock-blueprints
``coverage``       aws-cloudformation/cloudformation-coverage-roadmap
``agentcore``      aws/bedrock-agentcore-starter-toolkit
``upjet``          crossplane-contrib/provider-upjet-aws
``promptfoo``      promptfoo/promptfoo
``deepeval``       confident-ai/deepeval
``mlflow``         mlflow/mlflow
``inspect_ai``     UKGovernmentBEIS/inspect_ai
``langfuse``       langfuse/langfuse
``ragas``          vibrantlabsai/ragas
``fmbench``        aws-samples/foundation-model-benchmarking-tool
=================  ==================================================================

All others are named by their repository's last part. ``README.md`` lists every complaint, the covered and the others;
``mutations.py`` has for every test the one line of the engine that it would miss.
"""
