"""template.yaml: what a deployment would make of it."""

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from samtranslator.yaml_helper import yaml_parse

from harness import paths, template
from harness.aws import Aws

BIN = Path(sys.executable).parent
ENV = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": "/nonexistent", "SAM_CLI_TELEMETRY": "0"}
SERVICE_ACCOUNT = {"Ref": "FcmServiceAccountSecretArn"}
NOTHING = {"Ref": "AWS::NoValue"}


def of_database(output: str, condition: str, parameter: str) -> dict:
    """From the nested database, else what was given, else nothing: test_template_stacks.py."""
    return {"Fn::If": ["CreatesDatabase", {"Fn::GetAtt": ["Database", f"Outputs.{output}"]},
                       {"Fn::If": [condition, {"Ref": parameter}, NOTHING]}]}


DATABASE = of_database("AppSecretArn", "HasDatabaseSecret", "DatabaseSecretArn")


def sam(*words, home: Path, env: dict | None = None) -> subprocess.CompletedProcess:
    done = subprocess.run([BIN / "sam", *words], cwd=paths.ROOT, env={**ENV, "HOME": str(home), **(env or {})},
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        whole.update(f"{file.relative_to(folder)} {file.lstat().st_mode} {file.lstat().st_mtime_ns}\n".encode())
        if file.is_file():
            whole.update(file.read_bytes())
    return whole.hexdigest()


@pytest.fixture(scope="module")
def cloudformation() -> dict:
    return template.transformed()


def test_sam_validates_and_lints_it(tmp_path):
    done = sam("validate", "--lint", "--template-file", paths.TEMPLATE, home=tmp_path)

    assert "is a valid SAM Template" in done.stdout


@pytest.mark.parametrize("name", ["template.yaml", "stacks/alarms.yaml"])
def test_cfn_lint_has_nothing_to_say(name, tmp_path):
    done = subprocess.run([BIN / "cfn-lint", "--include-checks", "I", "--template", paths.ROOT / name],
                          env={**ENV, "HOME": str(tmp_path)}, capture_output=True, text=True, timeout=120)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_sam_build_leaves_the_package_alone_and_points_to_it(tmp_path):
    before = digest(paths.DEPLOYED)
    out = tmp_path / "built"

    sam("build", "--build-dir", out, "--cache-dir", tmp_path / "cache", home=tmp_path)

    built = yaml_parse((out / "template.yaml").read_text())["Resources"]
    assert (out / built["NaraeLayer"]["Properties"]["ContentUri"]).resolve() == (paths.DEPLOYED / "layer").resolve()
    assert (out / built["PushSend"]["Properties"]["CodeUri"]).resolve() == (paths.DEPLOYED / "functions/push_send").resolve()
    nested = {name for name, r in built.items() if r["Type"] == "AWS::CloudFormation::Stack"}
    assert {file.name for file in out.iterdir()} == {"template.yaml"} | nested  # they are built too
    assert digest(paths.DEPLOYED) == before


@pytest.fixture(scope="module")
def sent(tmp_path_factory) -> dict:
    """What `sam deploy` uploads, which packages first: key -> bytes, and under "" the template that it hands over."""
    scratch = tmp_path_factory.mktemp("sent")
    aws = Aws(scratch / "aws")
    try:
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="artifacts")
        sam("package", "--s3-bucket", "artifacts", "--output-template-file", scratch / "out.yaml", home=scratch, env={
            "AWS_ENDPOINT_URL": aws.endpoint, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "us-east-1"})
        keys = [o["Key"] for o in s3.list_objects_v2(Bucket="artifacts")["Contents"]]
        return {key: s3.get_object(Bucket="artifacts", Key=key)["Body"].read() for key in keys} | {"": (scratch / "out.yaml").read_bytes()}
    finally:
        aws.stop()


def test_sam_deploy_would_send_what_is_packaged(sent):
    """The archives hold the package, file by file, bootstrap executable."""
    resources = yaml_parse(sent[""].decode())["Resources"]

    for uri, folder in [(resources["NaraeLayer"]["Properties"]["ContentUri"], paths.DEPLOYED / "layer"),
                        (resources["PushSend"]["Properties"]["CodeUri"], paths.DEPLOYED / "functions/push_send")]:
        with zipfile.ZipFile(io.BytesIO(sent[uri.removeprefix("s3://artifacts/")])) as archive:
            files = {i.filename: archive.read(i) for i in archive.infolist() if not i.is_dir()}
            executable = {i.filename for i in archive.infolist() if not i.is_dir() and i.external_attr >> 16 & 0o001}
        assert files == {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
        assert "bootstrap" in executable or folder.name != "layer"


def test_sam_writes_out_what_templates_say_once(sent):
    """CloudFormation takes no YAML anchor, alias or merge: none reaches it, in the template or in one that it nests."""
    texts = [body.decode() for key, body in sent.items() if key == "" or key.endswith(".template")]

    assert len(texts) >= 6
    assert [event for text in texts for event in yaml.parse(text) if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None)] == []
    assert [text for text in texts if "<<:" in text] == []


def test_folders_hold_what_lambda_will_look_for():
    resources = template.source()["Resources"]
    functions = [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Serverless::Function"]
    bootstrap = paths.ROOT / resources["NaraeLayer"]["Properties"]["ContentUri"] / "bootstrap"

    assert len(functions) >= 6
    for function in functions:
        file, symbol = function["Handler"].split(".")
        assert (paths.ROOT / function["CodeUri"] / f"{file}.so").is_file()
        assert symbol == "handler"
    assert os.access(bootstrap, os.X_OK)


def test_functions_run_on_the_layer_in_one_architecture(cloudformation):
    ((layer_name, layer),) = template.of_type(cloudformation, "AWS::Lambda::LayerVersion").items()

    for function in template.of_type(cloudformation, "AWS::Lambda::Function").values():
        assert function["Runtime"] == "provided.al2023"
        assert layer["CompatibleRuntimes"] == ["provided.al2023"]
        assert function["Layers"] == [{"Ref": layer_name}]
        assert function["Architectures"] == layer["CompatibleArchitectures"] == [{"Ref": "Architecture"}]
    assert cloudformation["Parameters"]["Architecture"]["Default"] == "arm64"


def test_what_cannot_be_sent_ends_in_the_dead_letter_queue(cloudformation):
    queues = template.of_type(cloudformation, "AWS::SQS::Queue")
    redrive = queues["PushQueue"]["RedrivePolicy"]

    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": ["PushDeadLetterQueue", "Arn"]}
    assert redrive["maxReceiveCount"] == 12
    assert queues["PushDeadLetterQueue"]["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert queues["PushDeadLetterQueue"]["MessageRetentionPeriod"] > queues["PushQueue"]["MessageRetentionPeriod"]


def test_queues_are_encrypted(cloudformation):
    queues = template.of_type(cloudformation, "AWS::SQS::Queue")

    assert {name: queue.get("SqsManagedSseEnabled") for name, queue in queues.items()} == dict.fromkeys(queues, True)
    assert {"PushQueue", "PushDeadLetterQueue"} <= set(queues)


def statements(cloudformation, role: str = "PushSendRole") -> dict:
    """Every statement of a role, by its Sid; what stands under a condition as well."""
    found = {}
    properties = template.of_type(cloudformation, "AWS::IAM::Role")[role]
    assert "ManagedPolicyArns" not in properties
    for policy in properties["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            inner = statement["Fn::If"][1] if "Fn::If" in statement else statement
            assert inner["Effect"] == "Allow"
            found[inner["Sid"]] = inner
    return found


def test_role_reads_the_two_secrets_and_no_other(cloudformation):
    reads = [s for s in statements(cloudformation).values() if "secretsmanager" in str(s["Action"])]

    assert [(s["Action"], s["Resource"]) for s in reads] == [
        ("secretsmanager:GetSecretValue", [DATABASE, SERVICE_ACCOUNT])]


def test_no_secret_is_in_the_environment(cloudformation):
    function = template.of_type(cloudformation, "AWS::Lambda::Function")["PushSend"]

    assert function["Environment"]["Variables"] == {
        "NARAE_METRIC_SCOPE": {"Ref": "AWS::StackName"},
        "NARAE_DATABASE": DATABASE,
        "NARAE_DATABASE_HOST": of_database("Host", "HasDatabaseHost", "DatabaseHost"),
        "NARAE_FCM_SERVICE_ACCOUNT": SERVICE_ACCOUNT,
        "NARAE_FCM_ENDPOINT": {"Ref": "FcmEndpoint"},
        "NARAE_PUSH_RATE": {"Ref": "PushRate"},
        "NARAE_PUSH_RAMP_S": {"Ref": "PushRampSeconds"},
        "NARAE_PUSH_CONNECTIONS": {"Ref": "PushConnections"},
        "NARAE_PUSH_BREAKER_PERCENT": {"Ref": "PushBreakerPercent"},
        "NARAE_PUSH_SPARE_QUARTERS": {"Ref": "PushSpareQuarters"},
        "NARAE_PUSH_POISON": {"Ref": "PushPoison"},
    }


def test_the_log_level_lets_metrics_through(cloudformation):
    """They are lines of level INFO: one step higher and the alarms see nothing."""
    assert set(cloudformation["Parameters"]["LogLevel"]["AllowedValues"]) == {"TRACE", "DEBUG", "INFO"}


def test_logs_are_json_and_end_somewhere(cloudformation):
    groups = template.of_type(cloudformation, "AWS::Logs::LogGroup")

    for name, function in template.of_type(cloudformation, "AWS::Lambda::Function").items():
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
        assert function["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}LogGroup"}
        assert groups[f"{name}LogGroup"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_vpc_is_asked_for_only_with_subnets_and_by_who_may_join_it(cloudformation):
    functions = template.of_type(cloudformation, "AWS::Lambda::Function")
    joins = {name for name in functions if "JoinVpc" in statements(cloudformation, f"{name}Role")}

    assert {name for name, f in functions.items() if f.get("VpcConfig", {}).get("Fn::If", [""])[0] == "InVpc"} == joins
    assert {name for name, f in functions.items() if f.get("VpcConfig") != {"Ref": "AWS::NoValue"}} == joins
    assert joins == {"PushSend", "PushDevices", "PushPrune", "SearchQuery"}
    assert cloudformation["Parameters"]["SubnetIds"]["Default"] == ""


def test_search_is_there_only_when_it_is_enabled(cloudformation):
    searching = {name for name, r in cloudformation["Resources"].items() if r.get("Condition") == "HasSearch"}

    assert {"SearchQuery", "SearchQueue", "SearchDeadLetterQueue", "SearchCursorKey", "Lake"} <= searching
    assert cloudformation["Parameters"]["EnableSearch"]["Default"] == "false"


def test_search_query_reads_its_secrets_and_sends_to_its_queue(cloudformation):
    allowed = statements(cloudformation, "SearchQueryRole")
    variables = template.of_type(cloudformation, "AWS::Lambda::Function")["SearchQuery"]["Environment"]["Variables"]

    assert allowed["ReadSecrets"]["Resource"] == [DATABASE, {"Ref": "SearchCursorKey"}]
    assert allowed["SendEvents"]["Resource"] == {"Fn::GetAtt": ["SearchQueue", "Arn"]}
    assert variables["NARAE_SEARCH_CURSOR_KEY"] == {"Ref": "SearchCursorKey"}
    assert variables["NARAE_SEARCH_EVENTS_QUEUE"] == {"Ref": "SearchQueue"}


def test_search_over_http_asks_who_it_is(cloudformation):
    urls = template.of_type(cloudformation, "AWS::Lambda::Url").values()

    assert [url["AuthType"] for url in urls] == ["AWS_IAM"] * 2


def test_search_log_may_store_and_delay_and_nothing_else(cloudformation):
    allowed = statements(cloudformation, "SearchLogRole")
    variables = template.of_type(cloudformation, "AWS::Lambda::Function")["SearchLog"]["Environment"]["Variables"]

    assert allowed["ReadSecret"]["Resource"] == {"Ref": "SearchPseudonymKey"}
    assert allowed["Store"]["Action"] == "kinesis:PutRecords"
    assert allowed["DelayMessages"]["Resource"] == {"Fn::GetAtt": ["SearchQueue", "Arn"]}
    assert allowed["Store"]["Resource"] == {"Fn::GetAtt": ["Lake", "Outputs.StreamArn"]}
    assert variables["NARAE_SEARCH_STREAM"] == {"Fn::GetAtt": ["Lake", "Outputs.StreamArn"]}
    assert variables["NARAE_SEARCH_PSEUDONYM_KEY"] == {"Ref": "SearchPseudonymKey"}


def test_search_log_takes_many_events_at_once(cloudformation):
    source = cloudformation["Resources"]["SearchLogSearchQueue"]["Properties"]

    assert source["BatchSize"] > 10 and source["MaximumBatchingWindowInSeconds"] > 0


def test_search_log_has_a_url_only_when_somebody_wants_one(cloudformation):
    assert cloudformation["Resources"]["SearchLogUrl"]["Condition"] == "HasSearchLogUrl"
    assert cloudformation["Parameters"]["EnableSearchLogUrl"]["Default"] == "false"
    assert cloudformation["Resources"]["SearchLogUrl"]["Properties"]["TargetFunctionArn"] == {"Ref": "SearchLog"}
