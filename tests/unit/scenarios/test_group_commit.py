import pytest

from market.errors import InputError
from market.messages import Cancel, Command, Inbound, LinkStatus
from scenarios.group_commit import GroupCommit

UP = LinkStatus(book_id=0, up=True)


class Echo:
    """A desk that answers every message with one command, numbered."""

    def __init__(self) -> None:
        self.count = 0

    def start(self, _now_ns: int) -> list[Command]:
        return []

    def on(self, _message: Inbound, _now_ns: int) -> list[Command]:
        self.count += 1
        return [Cancel(book_id=0, order_id=self.count)]


class Disk:
    """Counts commits, and refuses when it is told to."""

    def __init__(self) -> None:
        self.commits = 0
        self.refuses = False

    def commit(self) -> None:
        if self.refuses:
            raise InputError("the disk is full")
        self.commits += 1


def test_a_commit_is_due_when_a_group_waits_and_serves_all_of_it() -> None:
    disk = Disk()
    desk = GroupCommit(Echo(), disk, group=3)
    desk.start(0)

    assert [desk.take(UP, 0) for _ in range(3)] == [False, False, True]
    assert disk.commits == 0
    assert [one.order_id for one in desk.release()] == [1, 2, 3]  # type: ignore[union-attr]
    assert disk.commits == desk.commits == 1


def test_nothing_is_committed_while_nothing_waits() -> None:
    disk = Disk()
    desk = GroupCommit(Echo(), disk)

    assert desk.release() == ()
    assert disk.commits == desk.commits == 0


def test_what_could_not_be_made_durable_does_not_leave_and_is_not_lost() -> None:
    disk = Disk()
    desk = GroupCommit(Echo(), disk, group=1)
    disk.refuses = True
    assert desk.take(UP, 0)
    with pytest.raises(InputError, match="the disk is full"):
        desk.release()
    disk.refuses = False
    desk.take(UP, 1)

    assert [one.order_id for one in desk.release()] == [1, 2]  # type: ignore[union-attr]


def test_a_group_of_none_is_refused() -> None:
    with pytest.raises(InputError, match="group is 0 commands, allowed is 1 or more"):
        GroupCommit(Echo(), Disk(), group=0)
