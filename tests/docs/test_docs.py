"""No page can promise what the program does not do: every block of it is run."""

import os
import re
from pathlib import Path

import pytest

from console import config
from tests.docs import cli_reference
from tests.docs.blocks import KINDS, ROOT, Block, blocks, commands, matches, pages, run_command


def run_block(block: Block, folder: Path, names: dict[str, object]) -> None:
    if block.kind.startswith("console"):
        for command in commands(block.body):
            run_command(command, folder)
    elif block.kind == "python":
        exec(compile(block.body, f"line {block.line}", "exec"), names)
    elif block.kind == "toml config":
        path = folder / "checked.toml"
        path.write_text(block.body, encoding="utf-8")
        config.load({}, config_path=path, environ={})
    elif block.kind == "toml scenario":
        from scenarios.schema import parse_scenario

        parse_scenario(block.body, f"line {block.line}")
        (folder / "scenario.toml").write_text(block.body, encoding="utf-8")
    elif block.kind == "toml venue":
        from scenarios.venue_preset import parse_preset

        parse_preset(block.body, f"line {block.line}")
        (folder / "venue.toml").write_text(block.body, encoding="utf-8")
    elif block.kind == "toml drill":
        from chaos.drill import plan_drill

        plan_drill(block.body, f"line {block.line}")
        (folder / "drill.toml").write_text(block.body, encoding="utf-8")
    elif block.kind == "text ladder":
        from console.play.ladder import play

        path = folder / "ladder.txt"
        path.write_text(block.body, encoding="utf-8")
        assert list(play(block.body, str(path)))


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def has_data_blocks(page: Path) -> bool:
    return any(block.kind == "console data" for block in blocks(page.read_text("utf-8")))


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_block_of_a_page_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for block in blocks(page.read_text("utf-8")):
        assert block.kind in KINDS, f"{page}:{block.line}: a block of kind {block.kind!r}"
        if block.kind != "console data":
            run_block(block, tmp_path, names)


@pytest.mark.truth
@pytest.mark.parametrize("page", [page for page in pages() if has_data_blocks(page)], ids=name_of)
def test_every_block_on_real_data_runs(page: Path, tmp_path: Path, data_dir: Path) -> None:
    for file in (data_dir / "lobster").iterdir():
        os.symlink(file.resolve(), tmp_path / file.name)
    for block in blocks(page.read_text("utf-8")):
        if block.kind == "console data":
            run_block(block, tmp_path, {})


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text)

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_command_line_reference_is_what_the_program_says() -> None:
    assert cli_reference.PAGE.read_text("utf-8") == cli_reference.render(), "say make fix"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) < 150


def test_every_proof_that_the_readme_names_exists() -> None:
    proofs = re.findall(
        r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / "README.md").read_text("utf-8")
    )
    missing = [
        f"{path}::{name}"
        for path, name in proofs
        if not (ROOT / path).exists()
        or (name and f"def {name}(" not in (ROOT / path).read_text("utf-8"))
    ]

    assert len(proofs) > 5
    assert missing == []


@pytest.mark.parametrize(
    ("expected", "said", "same"),
    [
        (["a  b"], "a b\n", True),
        (["a …"], "a whole lot\n", True),
        (["…", "c"], "a\nb\nc\n", True),
        (["a", "…"], "a\n", True),
        (["a"], "a\nb\n", False),
        (["a …"], "b\n", False),
        (["a.c"], "abc\n", False),
    ],
)
def test_expected_output_is_compared_and_can_differ(
    expected: list[str], said: str, *, same: bool
) -> None:
    assert matches(expected, said) is same


@pytest.mark.parametrize(
    "body", ["$ twin config nonsense\n", "$ twin config show\nsomething else\n", "$ rm x\n"]
)
def test_a_page_that_is_wrong_is_found(body: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        run_block(Block("console", body, 1), tmp_path, {})


def test_a_make_target_that_is_not_there_is_found(tmp_path: Path) -> None:
    run_block(Block("console", "$ make help\n", 1), tmp_path, {})
    with pytest.raises(AssertionError):
        run_block(Block("console", "$ make nonsense\n", 1), tmp_path, {})
