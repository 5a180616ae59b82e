"""The page of schedules says what the tables of the code say."""

import pytest

from tests.docs.schedule_tables import PAGE, TABLES


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_the_page_is_what_the_code_says(name: str) -> None:
    expected = TABLES[name]()

    assert f"\n{expected}\n" in PAGE.read_text("utf-8"), expected
