"""L...: GitLab's API, and what its CI tells a job."""

from __future__ import annotations

from releaser.core.diagnostic import Code

GITLAB = (
    Code(
        "L100",
        "GitLab cannot be reached",
        "The request never arrived, or reading got no answer, in every attempt. Check the network of the runner, "
        "the proxy variables (https_proxy, no_proxy) and CI_SERVER_URL.",
    ),
    Code(
        "L101",
        "GitLab does not know the token",
        "It is wrong, expired or revoked (401). A job token lives as long as its job. Make a project access token with "
        "the scope `api` and set it as the masked variable RELEASER_GITLAB_TOKEN.",
    ),
    Code(
        "L102",
        "GitLab does not let the token do this",
        "Its role or scope is not enough, or the feature is not in the licence (403). Comments and merge requests need "
        "RELEASER_GITLAB_TOKEN with the scope `api`: the job token may only read them.",
    ),
    Code(
        "L103",
        "GitLab has no such thing, or does not show it to the token",
        "GitLab answers 404 for both. See that the token belongs to the project, and that the feature is in its "
        "licence: protected environments and approval rules are Premium.",
    ),
    Code("L104", "GitLab has it already, or it was changed meanwhile", "Run the same command again: it looks first."),
    Code(
        "L105",
        "GitLab rejected the content of a request",
        "The message carries GitLab's reason (400, 405, 413, 422). Please report it: what is sent should be valid.",
    ),
    Code(
        "L106",
        "GitLab throttled, through every attempt",
        "Throttled requests are repeated after the pause that GitLab asks for, up to a minute. Run the same command "
        "again later, or ask for a higher rate limit.",
    ),
    Code("L107", "GitLab failed, in every attempt", "It answered with a server error (5xx). Run the command again."),
    Code(
        "L108",
        "GitLab's answer was lost",
        "The write may or may not have taken effect; it is not repeated blindly. Run the same command again: it looks "
        "before it writes.",
    ),
    Code(
        "L109",
        "the reply is not one of GitLab's",
        "Not JSON, larger than is read, another shape than documented, or a redirect that would carry the token "
        "elsewhere. Something between here and GitLab may answer in its place: check CI_SERVER_URL and the proxy.",
    ),
    Code(
        "L110",
        "GitLab's certificate is not trusted",
        "Its issuer is in neither the system's store nor the file that CI_SERVER_TLS_CA_FILE names. Certificates are "
        "always checked: install the issuer's certificate.",
    ),
    Code(
        "L111",
        "a CI variable has a value that GitLab never sets",
        "CI_ variables come from GitLab; one with a foreign shape is not used, least of all to decide where a token "
        "goes. Unset it, or set it as GitLab does.",
        "CI_PROJECT_ID=12; CI_SERVER_URL=https://gitlab.example.com",
    ),
)
