"""The same guardrails and prompts through Terraform's aws provider, in the same run on the same sandbox."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.estate import PROMPT_TEXT
from benchmarks.measure import Sample, best, measure
from benchmarks.ours import REPEATS, Figures, sandbox

_HEAD = """\
terraform {{
  required_providers {{ aws = {{ source = "hashicorp/aws" }} }}
}}
provider "aws" {{
  region                      = "eu-central-1"
  access_key                  = "111111111111"
  secret_key                  = "sandbox"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  endpoints {{
    bedrock      = "{url}"
    bedrockagent = "{url}"
    sts          = "{url}"
  }}
}}
"""

_GUARDRAIL = """\
resource "aws_bedrock_guardrail" "g{n}" {{
  name                      = "use-case-{n}"
  description               = "Use case {n}"
  blocked_input_messaging   = "Not here."
  blocked_outputs_messaging = "No answer to {n}."
  content_policy_config {{
    filters_config {{
      type            = "HATE"
      input_strength  = "HIGH"
      output_strength = "HIGH"
    }}
    filters_config {{
      type            = "VIOLENCE"
      input_strength  = "MEDIUM"
      output_strength = "HIGH"
    }}
    filters_config {{
      type            = "PROMPT_ATTACK"
      input_strength  = "HIGH"
      output_strength = "NONE"
    }}
  }}
  word_policy_config {{
    words_config {{ text = "forbidden {n}" }}
  }}
}}
"""

_PROMPT = """\
resource "aws_bedrockagent_prompt" "p{n}" {{
  name            = "use-case-{n}"
  default_variant = "default"
  variant {{
    name          = "default"
    model_id      = "eu.amazon.nova-pro-v1:0"
    template_type = "TEXT"
    inference_configuration {{
      text {{
        max_tokens  = 500
        temperature = 0.2
      }}
    }}
    template_configuration {{
      text {{
        text = {text}
        input_variable {{ name = "question" }}
      }}
    }}
  }}
}}
"""


def available() -> bool:
    """Whether terraform is on PATH and TF_PLUGIN_DIR names a provider mirror."""
    return shutil.which("terraform") is not None and bool(os.environ.get("TF_PLUGIN_DIR"))


def run(guardrails: int, prompts: int) -> Figures:
    """Apply once, then a plain plan and a plan without refresh. No rate limits: Terraform knows none."""
    sys.stderr.write(f"Terraform: {guardrails} guardrails, {prompts} prompts\n")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, sandbox(limited=False) as box:
        root = Path(folder, "terraform")
        root.mkdir()
        parts = [_HEAD.format(url=box.url)]
        parts += [_GUARDRAIL.format(n=n) for n in range(guardrails)]
        parts += [_PROMPT.format(n=n, text=_quoted(PROMPT_TEXT.format(number=n))) for n in range(prompts)]
        (root / "main.tf").write_text("".join(parts))
        env = {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}

        def terraform(name: str, *words: str) -> Sample:
            return measure(name, ["terraform", *words], box, cwd=root, env=env)

        terraform("init", "init", "-input=false", f"-plugin-dir={os.environ['TF_PLUGIN_DIR']}")
        samples = [terraform("first apply", "apply", "-auto-approve", "-input=false", "-no-color")]
        plan = ("plan", "-input=false", "-no-color", "-detailed-exitcode")
        samples.append(best([terraform("plain plan", *plan) for _ in range(REPEATS)]))
        samples.append(best([terraform("plan -refresh=false", *plan, "-refresh=false") for _ in range(REPEATS)]))
    return Figures(prompts, False, tuple(samples))


def _quoted(text: str) -> str:
    escaped = text.rstrip("\n").replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("${", "$${")
    return f'"{escaped}"'
