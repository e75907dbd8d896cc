"""checkov has nothing to say about the templates but what is skipped beside the resource, with its reason."""

import pytest

from harness import checkov, paths

# Everything that a parameter can switch on is looked at, at once or in turns. For alarms, dashboards, QuickSight and rotation checkov has no check.
TEMPLATES = {
    "template.yaml": [{"EnableSearch": "true", "EnableSearchLogUrl": "true", "NetworkCreate": "true", "DatabaseCreate": "true"}],
    "stacks/lake.yaml": [{"Format": "parquet", "EnableCrawler": "true", "QuickSightUserArn": "arn:aws:quicksight:us-east-1:123456789012:user/default/u"}],
    "stacks/lake_queries.yaml": [{}],
    "stacks/network.yaml": [{"Zones": 3, "NatGateways": "per-zone", "Endpoints": "true"}, {"FlowLogs": "s3"}],
    "stacks/database.yaml": [{"Readers": 2, "MaxReaders": 4, "Proxy": "true", "ProxySecurityGroupIds": "sg-12345678"}],
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_checkov_has_nothing_to_say(name, tmp_path):
    turns = [checkov.run(paths.ROOT / name, tmp_path, switches) for switches in TEMPLATES[name]]
    skipped = {key: reason for found in turns for key, reason in found.skipped.items()}

    assert [found.failed for found in turns] == [set()] * len(turns)
    assert all(found.passed for found in turns), "checkov has looked at nothing"
    assert set(skipped) == checkov.declared_skips(paths.ROOT / name), "a skip that skips nothing"
    assert [key for key, reason in skipped.items() if len(reason) < 20] == []
