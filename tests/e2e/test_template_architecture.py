"""What was built, what build/package/architecture.yaml lets through, what samconfig.toml deploys and what SAM proposes: one architecture."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from harness import elf, paths, template

MACHINES = {"x86_64": "Advanced Micro Devices X86-64", "arm64": "AArch64"}
BUILT = [arch for arch in MACHINES if (paths.ROOT / "build" / f"package-{arch}" / "layer").is_dir()]
OTHER = {"x86_64": "arm64", "arm64": "x86_64"}


@pytest.fixture
def tree(tmp_path):
    """As much of the project as tools/architecture.sh looks at."""
    for name in ("tools/lib.sh", "tools/architecture.sh", "template.yaml", "samconfig.example.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(paths.ROOT / name, tmp_path / name)
    return tmp_path


def ask(tree: Path, command: str) -> subprocess.CompletedProcess:
    return subprocess.run(["bash", "-euc", f". tools/lib.sh; . tools/architecture.sh; {command}"], cwd=tree, capture_output=True,
                          text=True, timeout=20, env={"PATH": os.environ["PATH"], "HOME": str(tree)}, check=False)


def configure(tree: Path, text: str) -> None:
    (tree / "samconfig.toml").write_text(f"version = 0.1\n[default.deploy.parameters]\n{text}\n")


@pytest.mark.parametrize("arch", BUILT)
def test_every_binary_is_of_the_architecture_that_the_package_lets_through(arch):
    package = paths.ROOT / "build" / f"package-{arch}"
    binaries = [file for file in package.rglob("*") if file.is_file() and elf.is_elf(file)]
    guard = yaml_parse((package / "architecture.yaml").read_text())

    assert len(binaries) == 3 + len(template.handlers())
    assert {elf.machine(file) for file in binaries} == {MACHINES[arch]}
    assert guard["Parameters"]["Architecture"]["AllowedValues"] == [arch]


def test_what_is_deployed_is_one_of_these():
    assert paths.HERE in BUILT
    assert paths.DEPLOYED.resolve().name in [f"package-{arch}" for arch in BUILT]


def test_nothing_runs_our_code_before_the_architecture_was_let_through():
    cloudformation = template.transformed()
    guard = cloudformation["Resources"]["PackagedArchitecture"]["Properties"]

    assert guard["TemplateURL"] == "build/package/architecture.yaml"
    assert guard["Parameters"] == {"Architecture": {"Ref": "Architecture"}}
    for name, function in template.of_type(cloudformation, "AWS::Lambda::Function").items():
        (layer,) = function["Layers"]
        assert cloudformation["Resources"][layer["Ref"]]["DependsOn"] == "PackagedArchitecture", name


@pytest.mark.parametrize("arch", MACHINES)
def test_guard_is_a_template_that_cfn_lint_takes(tree, arch):
    (tree / "architecture.yaml").write_text(ask(tree, f"guard {arch}").stdout)

    done = subprocess.run([Path(sys.executable).parent / "cfn-lint", "--include-checks", "I", "--template", tree / "architecture.yaml"],
                          env={"PATH": os.environ["PATH"], "HOME": str(tree)}, capture_output=True, text=True, timeout=120, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_without_a_configuration_this_machines_is_packaged_or_what_was_named(tree):
    assert ask(tree, "choose_architecture").stdout == f"{paths.HERE}\n"
    assert ask(tree, "choose_architecture x86_64").stdout == "x86_64\n"
    assert ask(tree, "choose_architecture arm64").stdout == "arm64\n"


@pytest.mark.parametrize("line", [
    'parameter_overrides = "Architecture=ARCH"',
    'parameter_overrides = "PushRate=100 Architecture=\\"ARCH\\" BatchSize=10"',  # as `sam deploy --guided` writes it
    'parameter_overrides = "ParameterKey=Architecture,ParameterValue=ARCH"',
    'parameter_overrides = ["Architecture=ARCH", "PushRate=100"]',
    '# parameter_overrides = "Architecture=OTHER"\nparameter_overrides = "Architecture=ARCH"',
])
@pytest.mark.parametrize("arch", MACHINES)
def test_what_the_configuration_deploys_is_packaged(tree, line, arch):
    configure(tree, line.replace("ARCH", arch).replace("OTHER", OTHER[arch]))

    assert ask(tree, "choose_architecture").stdout == f"{arch}\n"
    assert ask(tree, f"choose_architecture {arch}").stdout == f"{arch}\n"


def test_a_configuration_that_does_not_say_deploys_the_templates_default(tree):
    configure(tree, 'stack_name = "narae"')

    assert ask(tree, "choose_architecture").stdout == template.source()["Parameters"]["Architecture"]["Default"] + "\n"


@pytest.mark.parametrize("arch", MACHINES)
def test_a_named_architecture_that_would_not_be_deployed_is_refused_with_the_line_to_change(tree, arch):
    configure(tree, f'parameter_overrides = "Architecture={OTHER[arch]}"')

    done = ask(tree, f"choose_architecture {arch}")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"build.sh: package --arch {arch}, but samconfig.toml deploys {OTHER[arch]}. Change it to Architecture={arch}, "
        f'or package --arch {OTHER[arch]}:\n3:parameter_overrides = "Architecture={OTHER[arch]}"\n')


def test_a_configuration_of_two_stacks_must_be_told_which(tree):
    configure(tree, 'parameter_overrides = "Architecture=arm64"\n[old.deploy.parameters]\nparameter_overrides = "Architecture=x86_64"')

    assert "say which with package --arch" in ask(tree, "choose_architecture").stderr
    assert ask(tree, "choose_architecture x86_64").stdout == "x86_64\n"


@pytest.mark.parametrize("arch", MACHINES)
def test_guided_deployment_proposes_what_was_packaged(tree, arch):
    """SAM CLI itself, up to its second question of a parameter: nothing is asked of AWS before."""
    ask(tree, f"remember_architecture {arch}")
    sam = [Path(sys.executable).parent / "sam", "deploy", "--guided", "--template", paths.TEMPLATE, "--config-file", tree / "samconfig.toml"]

    done = subprocess.run(sam, cwd=tree, input="\n\n\n", capture_output=True, text=True, timeout=120, check=False, env={
        "PATH": os.environ["PATH"], "HOME": str(tree), "SAM_CLI_TELEMETRY": "0", "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_DEFAULT_REGION": "us-east-1"})

    assert f"Parameter Architecture [{arch}]" in done.stdout, done.stdout + done.stderr


def test_a_configuration_that_is_there_is_left_alone(tree):
    configure(tree, 'stack_name = "mine"')
    before = (tree / "samconfig.toml").read_text()

    ask(tree, "remember_architecture x86_64")

    assert (tree / "samconfig.toml").read_text() == before


def test_what_runs_here_is_built_aside():
    """A user's package for another machine stays what will be deployed, whatever runs meanwhile."""
    for verb in ("demo", "test", "bench", "invoke", "load"):
        calls = [line for line in (paths.ROOT / "tools" / f"{verb}.sh").read_text().splitlines() if "tools/package.sh" in line]
        assert calls and all("--aside" in line for line in calls), verb
