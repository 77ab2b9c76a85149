"""What the page on security promises has a test that is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()


def test_each_promise_names_tests_that_exist() -> None:
    rows = [row for row in PAGE.splitlines() if row.startswith("| ") and row.count("|") == 4]
    promises = [row for row in rows if "proved by" not in row and not row.startswith("| **")]
    named = {row: re.findall(r"`(tests/[\w/]+\.py)`", row) for row in promises if "`tests/" in row}
    assert len(named) > 15
    # The table of who trusts whom names none.
    assert not [row for row in promises if "not yet |" in row]
    assert {
        path for paths in named.values() for path in paths if not (ROOT / path).exists()
    } == set()
