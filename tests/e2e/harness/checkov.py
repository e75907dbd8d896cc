"""checkov over the templates as SAM writes them out, with everything in them that a parameter can switch on."""

import json
import subprocess
from pathlib import Path
from typing import NamedTuple

from samcli.yamlhelper import yaml_dump
from samtranslator.yaml_helper import yaml_parse

from harness.paths import ROOT


class Findings(NamedTuple):
    passed: set
    failed: set
    skipped: dict  # (check, resource) -> reason


def _program() -> Path:
    """In an environment of its own, which tools/lib.sh makes when it is not there."""
    made = subprocess.run(["bash", "-c", ". tools/lib.sh && python_environment checkov"], cwd=ROOT, capture_output=True, text=True, check=True)
    return Path(made.stdout.strip()) / "bin" / "checkov"


def written_out(template: Path, switches: dict) -> str:
    """Without anchors, which checkov does not understand, and with other defaults: it leaves out what a condition leaves out."""
    parsed = yaml_parse(template.read_text())
    for name, value in switches.items():
        parsed["Parameters"][name]["Default"] = value
    return yaml_dump(parsed)


def run(template: Path, scratch: Path, switches: dict | None = None) -> Findings:
    file = scratch / template.name
    file.write_text(written_out(template, switches or {}))
    done = subprocess.run([_program(), "-f", file, "--framework", "cloudformation", "--output", "json", "--skip-download"],
                          cwd=scratch, capture_output=True, text=True, timeout=180, check=False)
    report = json.loads(done.stdout)
    assert report["results"]["parsing_errors"] == [], done.stderr
    by_result = {kind: {(c["check_id"], c["resource"].split(".")[-1]): c["check_result"].get("suppress_comment")
                        for c in report["results"][f"{kind}_checks"]} for kind in ("passed", "failed", "skipped")}
    return Findings(set(by_result["passed"]), set(by_result["failed"]), by_result["skipped"])


def declared_skips(template: Path) -> set:
    """(check, resource) of every Metadata.checkov.skip."""
    resources = yaml_parse(template.read_text())["Resources"]
    return {(skip["id"], name) for name, resource in resources.items()
            for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])}
