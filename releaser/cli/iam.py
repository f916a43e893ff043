"""``releaser iam``: what the roles of a pipeline have to be allowed, and who may assume them. Asks AWS nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from releaser.cli.options import Environment, Root, TargetName
from releaser.core.iam.role import Role

app = typer.Typer(
    help="IAM policies of the roles that pipelines use, derived from the code and the manifests.",
    epilog="Example: releaser iam policy --role plan -e prod",
    rich_markup_mode=None,
    no_args_is_help=True,
)


class Output(StrEnum):
    text = "text"
    json = "json"


RoleName = Annotated[Role, typer.Option("--role", help="Whose policy.")]
OutputFormat = Annotated[Output, typer.Option("--output", help="`json`: every document with its account and role.")]


@app.callback()
def iam() -> None:
    """IAM policies and trust policies."""


@app.command()
def policy(
    role: RoleName,
    environment: Environment,
    output: OutputFormat = Output.text,
    target: TargetName = None,
    root: Root = None,
) -> None:
    """Print the least that a role has to be allowed in an environment: plan reads, evaluate also calls the models that
    manifests name, apply also writes what carries the environment's tag.

    Made from the files here and from what is pinned; print it again when manifests name new models, roles or keys.
    Examples: releaser iam policy --role plan -e dev | releaser iam policy --role apply -e prod --output json
    """
    from releaser.core.iam.roles import permissions
    from releaser.pipeline.permitting import place, scene_of
    from releaser.render import iam as printed

    at = place(root, environment, target)
    found = permissions(role, scene_of(at))
    if output is Output.json:
        typer.echo(printed.policies_json(role, at.environment.name, found), nl=False)
        return
    typer.echo(printed.policies_text(found), nl=False)
    for line in printed.where_they_belong(role, at.environment.name, found):
        typer.echo(line, err=True)


Gitlab = Annotated[str | None, typer.Option("--gitlab", help="URL of the GitLab server.", show_default="the remote's")]
ProjectPath = Annotated[str | None, typer.Option("--project", help="group/project.", show_default="the remote's")]
Audience = Annotated[
    str | None, typer.Option("--audience", help="`aud` of the job's id_tokens.", show_default="the server's URL")
]
Branch = Annotated[
    str | None, typer.Option("--branch", help="The branch that is released from.", show_default="the environment's")
]


@app.command()
def trust(
    role: RoleName,
    environment: Environment,
    gitlab: Gitlab = None,
    project: ProjectPath = None,
    audience: Audience = None,
    branch: Branch = None,
    target: TargetName = None,
    root: Root = None,
) -> None:
    """Print the trust policy of a role: jobs of this GitLab project, of one branch for apply and of any for the others.

    The account needs the GitLab server as an OIDC provider with the same audience.
    Examples: releaser iam trust --role apply -e prod
    releaser iam trust --role plan -e prod --gitlab https://gitlab.example.com --project genai/releases
    """
    from releaser.core.iam.trust import trust_policy
    from releaser.engine.compile import site_of
    from releaser.pipeline.permitting import place
    from releaser.pipeline.trusting import project_of
    from releaser.render.iam import document_text

    at = place(root, environment, target)
    trusted = project_of(at, server=gitlab, path=project, audience=audience, branch=branch)
    partition = site_of(at.environment, at.target).partition
    typer.echo(document_text(trust_policy(trusted, role, at.target.account, partition)), nl=False)
