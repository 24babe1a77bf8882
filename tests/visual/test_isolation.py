"""The browser starts wherever temporary files are kept."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from synergy.core import tools
from visual.isolation import isolated


@pytest.mark.browser
def test_it_starts_where_the_folder_of_temporary_files_is_somebody_elses(tmp_path):
    """TMPDIR below a folder that only its owner may enter: bubblewrap makes the folders above a mount for its own user alone."""
    profile = tmp_path / "a folder" / "profile"
    profile.mkdir(parents=True)
    tmp_path.chmod(0o700)
    with isolated(tools.browser()) as box, ThreadPoolExecutor(1) as pool:
        listening = pool.submit(box.listener)
        argv = [str(box.executable), f"--user-data-dir={profile}", "--headless", "--dump-dom", "about:blank"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
        listening.result(timeout=5).close()
    assert (done.returncode, done.stdout.strip()) == (0, "<html><head></head><body></body></html>"), done.stderr
