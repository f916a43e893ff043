"""The page for applications: its Python runs, in order, against a sandbox in which a release is live."""

from __future__ import annotations

import http.server
import json
import os
import re
import threading
from pathlib import Path

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator

from releaser import runtime
from releaser.sandbox import SandboxProcess

PAGE = Path(__file__).resolve().parents[2] / "docs" / "runtime.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
DOCUMENT = {
    "format": "releaser.runtime/v1", "useCase": "claims-assistant", "release": "r12", "digest": "sha256:" + "5" * 64,
    "enabled": True, "prompts": {"answer": {"arn": "arn:aws:bedrock:eu-central-1:111111111111:prompt/ABCDEFGHIJ:1"}},
}  # fmt: skip


@pytest.fixture
def live(world_box: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """The document as parameter, in AppConfig, and from an agent."""
    account = f"{os.getpid() % 1_000_000:06d}800001"
    keys = {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "sandbox", "AWS_REGION": "eu-central-1"}
    for name, value in {**keys, "AWS_DEFAULT_REGION": "eu-central-1", "AWS_ENDPOINT_URL": world_box.url}.items():
        monkeypatch.setenv(name, value)
    text = json.dumps(DOCUMENT)
    world_box.client("ssm", account).put_parameter(Name="/releaser/claims-assistant/runtime", Value=text, Type="String")
    appconfig = world_box.client("appconfig", account)
    app = {"ApplicationId": appconfig.create_application(Name="releaser-claims-assistant")["Id"]}
    env = appconfig.create_environment(**app, Name="live")["Id"]
    profile = appconfig.create_configuration_profile(**app, Name="runtime", LocationUri="hosted")["Id"]
    where = {**app, "ConfigurationProfileId": profile}
    about = {"ContentType": "application/json", "VersionLabel": "r12-55555555"}
    appconfig.create_hosted_configuration_version(**where, Content=text.encode(), **about)
    start = {"ConfigurationVersion": "1", "DeploymentStrategyId": "AppConfig.AllAtOnce", "EnvironmentId": env}
    appconfig.start_deployment(**where, **start)


class Agent(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(DOCUMENT).encode())

    def log_message(self, *words: object) -> None:
        pass


def test_its_python_runs(live: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(BLOCKS) == 4
    with http.server.HTTPServer(("127.0.0.1", 0), Agent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        agent, url = runtime.agent, f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(runtime, "agent", lambda use_case: agent(use_case, url=url))
        found: list[dict[str, object]] = []
        for block in BLOCKS:
            names: dict[str, object] = {}
            exec(compile(block, str(PAGE), "exec"), names)  # the page is ours
            found.append(names)
        server.shutdown()
    converse = Session().get_service_model("bedrock-runtime").operation_model("Converse").input_shape
    assert not ParamValidator().validate(found[0]["request"], converse).has_errors()
    assert [names["release"] for names in found[1:3]] == ["r12", "r12"]
    assert found[3]["document"] == found[3]["delivered"] == DOCUMENT
