"""The rehearsal's sample of AWS's price list, asked and read by the code that asks AWS."""

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from workbench.engine.aws import client
from workbench.prices import read_prices
from workbench.prices import table

TODAY = datetime.date.today().isoformat()


def test_the_rehearsals_sample_is_read_as_aws_list(
    api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path))
    config = {
        "aws:endpoints": json.dumps([{"pricing": api.url}]),
        "aws:accessKey": "a",
        "aws:secretKey": "b",
    }
    prices = read_prices(
        lambda region: client({**config, "aws:region": region}, "pricing", quick=True),
        "us-east-1",
        ["t3.medium", "m7i.large"],
    )
    assert prices.monthly("t3.medium", volumes_gib=10, snapshots_gib=1).total is not None
    assert prices.source == f"AWS's price list (a rehearsal's sample), asked {TODAY}"
    # What the sample doesn't have is the table's.
    assert prices.hourly("m7i.large") == table.hourly_price("m7i.large", "us-east-1")
