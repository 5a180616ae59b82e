"""Writing reports: a page and a JUnit file beside each result, and an index over many."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chaos.hunt import Kill
from chaos.report.junit import junit_xml
from chaos.report.page import LIBRARY_NAME, drill_page, plotting_library
from chaos.report.suite import REPORT_NAME, suite_page
from chaos.result import SuiteResult
from chaos.run import Drilled, read_result
from market.errors import InputError

INDEX_NAME: Final = "index.html"
JUNIT_NAME: Final = "junit.xml"


def write_report(drilled: Drilled, folder: Path, *, shared: bool = False) -> Path:
    """Write a drill's page and its JUnit file.

    Args:
        folder: The drill's own, beside its result.
        shared: Whether the plotting library lies beside the folder, once for many pages; otherwise it
            is in the page, which then is one file that can be sent.

    Returns:
        The page.

    Raises:
        InputError: The folder cannot be written.
    """
    page = folder / REPORT_NAME
    _write(page, drill_page(drilled, f"../{LIBRARY_NAME}" if shared else "").encode())
    library = folder.parent / LIBRARY_NAME
    if shared and not library.exists():
        _write(library, plotting_library().encode())
    _write(folder / JUNIT_NAME, junit_xml(drilled.result.name, [drilled.result]))
    return page


def write_suite(suite: SuiteResult, out: Path, kills: Sequence[Kill] = ()) -> Path:
    """Write a suite's page and its JUnit file.

    Args:
        out: The folder that has the drills' folders in it.
        kills: What became of planted bugs, where they were looked for.

    Returns:
        The page.

    Raises:
        InputError: A drill is not there, or the folder cannot be written.
    """
    results = [read_result(out / row.run_id) for row in suite.rows]
    page = out / INDEX_NAME
    _write(page, suite_page(suite, results, kills).encode())
    _write(out / JUNIT_NAME, junit_xml(suite.name, results))
    return page


def _write(path: Path, data: bytes) -> None:
    """Write a file whole."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}); allowed is a folder that can"
        ) from None
