"""What a drill changes in a scenario's table."""

import pytest

from chaos.changes import merged, without
from market.errors import InputError

TABLE = {
    "run": {"name": "a", "seed": 1},
    "hosts": [
        {"name": "one", "books": ["A", "B"], "stack": {"stale": "1s"}},
        {"name": "two", "stack": {"stale": "2s"}},
    ],
    "flows": [{"book": "A", "decay": 1}, {"book": "B", "decay": 2}],
    "faults": [],
}


def test_items_are_added_beside_changes_of_others() -> None:
    table = {"hosts": [{"name": "a", "x": 1}]}
    changes = {"hosts": {"a": {"x": 2}, "+": [{"name": "b"}]}}

    assert merged(table, changes, "drill") == {"hosts": [{"name": "a", "x": 2}, {"name": "b"}]}


def test_tables_merge_and_items_are_addressed_by_name() -> None:
    found = merged(
        TABLE,
        {
            "run": {"seed": 2},
            "hosts": {"two": {"stack": {"stale": "3s"}}},
            "flows": {"B": {"decay": 9}},
        },
        "here",
    )

    assert found["run"] == {"name": "a", "seed": 2}
    assert [host["stack"]["stale"] for host in found["hosts"]] == ["1s", "3s"]
    assert [flow["decay"] for flow in found["flows"]] == [1, 9]
    assert TABLE["run"] == {"name": "a", "seed": 1}


def test_a_star_means_every_item_and_a_list_of_tables_is_added() -> None:
    every = merged(TABLE, {"hosts": {"*": {"stack": {"stale": "0s"}}}}, "here")
    more = merged(TABLE, {"hosts": [{"name": "three"}]}, "here")

    assert [host["stack"]["stale"] for host in every["hosts"]] == ["0s", "0s"]
    assert [host["name"] for host in more["hosts"]] == ["one", "two", "three"]


def test_other_values_take_the_place_of_what_was_there() -> None:
    found = merged(TABLE, {"hosts": {"one": {"books": ["C"]}}, "new": {"a": 1}}, "here")

    assert found["hosts"][0]["books"] == ["C"]
    assert found["new"] == {"a": 1}


def test_what_is_taken_out_is_gone_and_nothing_else() -> None:
    assert without(TABLE, "hosts.two.stack", "here")["hosts"] == [
        TABLE["hosts"][0],
        {"name": "two"},
    ]
    assert without(TABLE, "hosts.one", "here")["hosts"] == [TABLE["hosts"][1]]
    assert "run" not in without(TABLE, "run", "here")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"hosts": {"three": {}}}, "found 'three', allowed is one, two or"),
        ({"hosts": {"one": 3}}, "found 3, allowed is a table"),
    ],
)
def test_a_change_of_what_is_not_there_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        merged(TABLE, changes, "here")


@pytest.mark.parametrize("path", ["hosts.one.nothing", "hosts.three", "nothing", "run.seed.more"])
def test_taking_out_what_is_not_there_is_refused(path: str) -> None:
    with pytest.raises(InputError, match="found"):
        without(TABLE, path, "here")
