"""AppConfig, both its APIs.

Source: Service Authorization Reference, AWS AppConfig (each action takes all of its required resources); user guide,
"Creating an IAM role for rollback based on CloudWatch alarms" and "... for configuration profiles" (iam:PassRole).
"""

from __future__ import annotations

from releaser.sandbox.appconfig import APPLICATION, ENVIRONMENT, PROFILE
from releaser.sandbox.call import Call
from releaser.sandbox.iam.demands import Rule, also, named, needs, passes, tags_on
from releaser.sandbox.iam.evaluation import Demand
from releaser.sandbox.store import Doc

_APP = "application/{ApplicationId}"
_PROFILE, _PLACE = _APP + "/configurationprofile/{ConfigurationProfileId}", _APP + "/environment/{EnvironmentId}"
_STRATEGY, _RUN = "deploymentstrategy/{DeploymentStrategyId}", _PLACE + "/deployment/{DeploymentNumber}"
_SERVICE = "appconfig.amazonaws.com"
_ALARMS, _READS = passes(_SERVICE, "Monitors.AlarmRoleArn"), passes(_SERVICE, "RetrievalRoleArn")


def _on(*templates: str) -> Rule:
    return needs("appconfig", *templates)


def _tagging(resource: str) -> Rule:
    return tags_on("appconfig:TagResource", "appconfig", resource)


def _start_session(call: Call) -> list[Demand]:
    """The configuration by ids, whatever it was named by."""
    params = call.params
    application = _id(call, APPLICATION, params["ApplicationIdentifier"])
    environment = _id(call, ENVIRONMENT, params["EnvironmentIdentifier"], application)
    profile = _id(call, PROFILE, params["ConfigurationProfileIdentifier"], application)
    return [_configuration(call, "StartConfigurationSession", application, environment, profile)]


def _get_latest(call: Call) -> list[Demand]:
    """The configuration of the token's session; of a token that is none there is nothing to ask about."""
    session = call.row("appconfig-token", call.params["ConfigurationToken"])
    environment: Doc = (call.row(ENVIRONMENT, session["environment"]) if session else None) or {}
    if session is None or not environment:
        return [Demand("appconfig:GetLatestConfiguration")]
    where = environment["ApplicationId"], session["environment"], session["profile"]
    return [_configuration(call, "GetLatestConfiguration", *where)]


def _configuration(call: Call, action: str, application: str, environment: str, profile: str) -> Demand:
    resource = f"application/{application}/environment/{environment}/configuration/{profile}"
    return Demand(f"appconfig:{action}", call.arn("appconfig", resource))


def _id(call: Call, kind: str, wanted: str, application: str | None = None) -> str:
    for doc in call.rows(kind).values():
        if wanted in (doc["Id"], doc["Name"]) and application in (None, doc.get("ApplicationId")):
            return str(doc["Id"])
    return wanted


RULES: dict[str, dict[str, Rule]] = {
    "appconfig": {
        **named(
            _on(_APP),
            "DeleteApplication GetApplication ListConfigurationProfiles ListEnvironments UpdateApplication",
        ),
        **named(
            _on(_APP, _PROFILE),
            "CreateHostedConfigurationVersion DeleteConfigurationProfile DeleteHostedConfigurationVersion "
            "GetConfigurationProfile GetHostedConfigurationVersion ListHostedConfigurationVersions "
            "ValidateConfiguration",
        ),
        **named(_on(_APP, _PLACE), "DeleteEnvironment GetEnvironment ListDeployments"),
        **named(_on(_APP, _PLACE, _RUN), "GetDeployment StopDeployment"),
        **named(_on(_STRATEGY), "DeleteDeploymentStrategy GetDeploymentStrategy UpdateDeploymentStrategy"),
        **named(_on("{ResourceArn}"), "ListTagsForResource TagResource UntagResource"),
        **named(_on(), "GetAccountSettings ListApplications ListDeploymentStrategies UpdateAccountSettings"),
        "CreateApplication": also(_on(), _tagging("application/*")),
        "CreateDeploymentStrategy": also(_on(), _tagging("deploymentstrategy/*")),
        "CreateEnvironment": also(_on(_APP), _ALARMS, _tagging(_APP + "/environment/*")),
        "UpdateEnvironment": also(_on(_APP, _PLACE), _ALARMS),
        "CreateConfigurationProfile": also(_on(_APP), _READS, _tagging(_APP + "/configurationprofile/*")),
        "UpdateConfigurationProfile": also(_on(_APP, _PROFILE), _READS),
        "StartDeployment": also(_on(_APP, _PROFILE, _STRATEGY, _PLACE), _tagging(_PLACE + "/deployment/*")),
    },
    "appconfigdata": {
        "StartConfigurationSession": _start_session,
        "GetLatestConfiguration": _get_latest,
    },
}
