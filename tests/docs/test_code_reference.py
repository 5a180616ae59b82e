"""The pages of codes are what the tables say, and the tables are whole."""

import pytest

from desk.gate import VETOES, VetoCode
from desk.gate import explain as explain_veto
from desk.limits import LIMITS, LimitCode
from desk.limits import explain as explain_limit
from tests.docs.code_reference import PAGES, REFERENCE


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_codes_is_what_its_table_says(name: str) -> None:
    written = (REFERENCE / name).read_text("utf-8")

    assert written == PAGES[name](), "say python -m tests.docs.code_reference --write"


def test_every_code_has_its_row_in_the_order_of_its_number() -> None:
    assert list(VetoCode) == list(VETOES)
    assert list(LimitCode) == list(LIMITS)


def test_every_code_explains_itself_with_both_figures() -> None:
    for explain, codes in ((explain_veto, VetoCode), (explain_limit, LimitCode)):
        for code in codes:
            sentence = explain(code, 41, 40)
            assert sentence.startswith(code.name)
            assert "41" in sentence
            assert "40" in sentence
