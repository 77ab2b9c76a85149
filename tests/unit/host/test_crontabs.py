"""Which tables of cron jobs get the PATH that people have elsewhere."""

import pytest

from workbench.host.system.crontabs import is_without_path


@pytest.mark.parametrize(
    ("table", "is_without"),
    [
        ("* * * * * job\n", True),
        ("SHELL=/bin/bash\n@daily job\n", True),
        ("MYPATH=/x\n@daily job\n", True),
        ("#PATH=/x\n@daily job\n", True),
        ("PATH=/x\n@daily job\n", False),
        (' "PATH" = /x\n@daily job\n', False),
        ("# nothing yet\n\n", False),
        ("", False),
    ],
)
def test_a_table_with_jobs_and_no_path_gets_one(table: str, is_without: bool) -> None:
    assert is_without_path(table) is is_without
