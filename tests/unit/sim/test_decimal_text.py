"""Decimal text to exact integers."""

import pytest

from sim.ingest.decimal_text import decimals_of, scaled, unit_text


@pytest.mark.parametrize(
    ("text", "decimals", "units"),
    [("0", 0, 0), ("61800.20", 1, 618_002), ("61800.20", 8, 6_180_020_000_000), ("7", 2, 700)],
)
def test_number_is_exact(text: str, decimals: int, units: int) -> None:
    assert scaled(text, decimals) == units
    assert decimals_of(text) <= decimals


@pytest.mark.parametrize(
    "text", ["", ".", "1.", ".5", "-1", "+1", "1e5", " 1", "1_0", "٣", "nan", "1" * 19, "1\n"]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="allowed a plain decimal number"):
        scaled(text, 2)


def test_finer_number_names_the_unit() -> None:
    with pytest.raises(ValueError, match=r"found '1\.005', allowed multiples of 0\.01$"):
        scaled("1.005", 2)
    assert unit_text(0) == "1"
