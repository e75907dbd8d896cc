"""What is made once for all checkouts (~/.cache/narae): two that miss it at the same time take turns, and both have it."""

import os
import shutil
import subprocess

from harness import paths


def test_two_checkouts_make_an_environment_once(tmp_path):
    checkouts = [tmp_path / "one", tmp_path / "two"]
    for checkout in checkouts:
        (checkout / "tests/e2e").mkdir(parents=True)
        (checkout / "tests/e2e/nothing.txt").touch()
        shutil.copytree(paths.ROOT / "tools", checkout / "tools")

    making = [subprocess.Popen(["bash", "-euc", ". tools/lib.sh; python_environment nothing"], cwd=checkout, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NARAE_CACHE": str(tmp_path / "cache")})
              for checkout in checkouts]
    said = [process.communicate(timeout=120) for process in making]

    assert [process.returncode for process in making] == [0, 0], said
    ((environment, again), talk) = zip(*said)
    assert environment == again and os.access(f"{environment.strip()}/bin/python", os.X_OK)
    assert "".join(talk).count("installing the Python tools") == 1
