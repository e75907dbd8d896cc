"""`./build.sh new`: in a copy of this tree it makes a function that builds, passes its tests and is in a valid template."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from harness import paths

BUILD_DEADLINE_S = 500  # the whole tree, without optimisation; the machine may be busy


def run(*words, cwd: Path, deadline_s: float = 60, **more) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True, timeout=deadline_s,
                          check=False, **more)


def must_run(*words, **more) -> str:
    done = run(*words, **more)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """What git would commit, elsewhere, with say_hello in it."""
    copy = tmp_path_factory.mktemp("new") / "tree"
    listed = must_run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=paths.ROOT)
    for name in listed.splitlines():
        if (paths.ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(paths.ROOT / name, copy / name)
    must_run("./build.sh", "new", "hello/say_hello", cwd=copy)
    yield copy
    shutil.rmtree(copy, ignore_errors=True)


@pytest.fixture(scope="module")
def built(tree):
    prefix = must_run("layer/deps/build.sh", cwd=tree, deadline_s=BUILD_DEADLINE_S).strip()
    must_run("meson", "setup", "build/meson", f"-Ddeps={prefix}", "-Doptimization=0", "-Ddebug=false", cwd=tree,
             deadline_s=BUILD_DEADLINE_S)
    must_run("ninja", "-C", "build/meson", "functions/hello/say_hello.so", "runtime/bootstrap", "layer/libnarae.so",
             "tests/unit/unit_tests", cwd=tree, deadline_s=BUILD_DEADLINE_S)
    return tree / "build" / "meson"


def bootstrap(built: Path, *words, stdin: str = "") -> subprocess.CompletedProcess:
    return run(built / "runtime" / "bootstrap", *words, cwd=built, input=stdin,
               env={"LAMBDA_TASK_ROOT": str(built / "functions" / "hello")})


def test_it_runs_and_would_run_on_lambda(tree, built):
    event = tree / "tests" / "events" / "say_hello" / "direct-hello.json"

    invoked = bootstrap(built, "--invoke", "say_hello.handler", event)
    checked = bootstrap(built, "--check", "say_hello.handler")

    assert (invoked.returncode, invoked.stdout, invoked.stderr) == (0, '{"greeting":"Hello, Narae"}\n', "")
    assert checked.returncode == 0, checked.stderr
    assert "handler    say_hello: ABI" in checked.stdout


def test_its_unit_tests_pass(built):
    done = must_run(built / "tests" / "unit" / "unit_tests", "--filter", "say_hello/*", "--tap", cwd=built)

    assert "ok - say_hello::greets" in done
    assert "ok - say_hello::names_the_field_that_is_wrong" in done


def test_template_has_it_and_is_valid(tree, tmp_path):
    resources = yaml_parse((tree / "template.yaml").read_text())["Resources"]
    lint = run(Path(sys.executable).parent / "cfn-lint", "--include-checks", "I", "--template", tree / "template.yaml",
               cwd=tree, deadline_s=120, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_DEFAULT_REGION": "us-east-1"})

    assert resources["SayHello"]["Properties"]["CodeUri"] == "build/package/functions/say_hello"
    assert resources["SayHello"]["Properties"]["Handler"] == "say_hello.handler"
    assert (lint.returncode, lint.stdout) == (0, "")


def test_its_resources_are_wired_as_all_others(tree):
    must_run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--noconftest", "tests/e2e/test_template_wiring.py", cwd=tree)


def test_what_it_writes_is_filled_in_and_keeps_the_include_rule(tree):
    written = ["functions/hello/say_hello.c", "tests/unit/functions/hello/say_hello_test.c"]

    assert (tree / "tests/e2e/test_say_hello.py").is_file()
    assert "@" not in "".join((tree / name).read_text() for name in written)
    must_run("git", "init", "-q", cwd=tree)
    must_run("tools/check_includes.sh", cwd=tree)


@pytest.mark.parametrize("name, complaint", [
    ("hello/say_hello", 'there is a "say_hello" already: functions/hello/say_hello.c'),
    ("other/say_hello", 'there is a "say_hello" already: functions/hello/say_hello.c'),
    ("push/push_send", 'there is a "push_send" already: functions/push/push_send.c'),
    ("hello/echo", 'there is a "echo" already: tests/functions/echo.c'),
    ("hello/narae_layer", 'template.yaml has a resource "NaraeLayer" already'),
    ("hello", "usage: ./build.sh new DOMAIN/FUNCTION"),
    ("Hello/World", "usage: ./build.sh new DOMAIN/FUNCTION"),
    ("../etc/x", "usage: ./build.sh new DOMAIN/FUNCTION"),
])
def test_it_refuses_what_it_cannot_make_and_writes_nothing(tree, name, complaint):
    before = {file: file.read_bytes() for file in tree.rglob("*") if file.is_file() and "build" not in file.parts}

    done = run("./build.sh", "new", name, cwd=tree)

    assert done.returncode == 1
    assert complaint in done.stderr
    assert {file: file.read_bytes() for file in tree.rglob("*") if file.is_file() and "build" not in file.parts} == before
