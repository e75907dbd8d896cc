"""checkov has nothing to say about the templates but what is skipped beside the resource, with its reason."""

import pytest

from harness import checkov, paths

# Everything that a parameter can switch on is looked at. For alarms, dashboards and QuickSight checkov has no check.
TEMPLATES = {
    "template.yaml": {"EnableSearch": "true", "EnableSearchLogUrl": "true"},
    "stacks/lake.yaml": {"Format": "parquet", "EnableCrawler": "true", "QuickSightUserArn": "arn:aws:quicksight:us-east-1:123456789012:user/default/u"},
    "stacks/lake_queries.yaml": {},
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_checkov_has_nothing_to_say(name, tmp_path):
    found = checkov.run(paths.ROOT / name, tmp_path, TEMPLATES[name])

    assert found.failed == set()
    assert found.passed, "checkov has looked at nothing"
    assert set(found.skipped) == checkov.declared_skips(paths.ROOT / name), "a skip that skips nothing"
    assert [key for key, reason in found.skipped.items() if len(reason) < 20] == []
