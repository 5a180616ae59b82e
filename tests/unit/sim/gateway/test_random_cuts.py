"""Over any cuts and impairments: no answer lost or delivered twice, no command taken twice or out of turn."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sim.gateway.states import SessionState
from sim.wire import ImpairmentKind
from tests.unit.sim.gateway.rig import MS, Rig

PPM = 1_000_000


class Cuts(RuleBasedStateMachine):
    """A host that sends, a venue that answers, and everything that can go wrong between them."""

    def __init__(self) -> None:
        super().__init__()
        self.rig = Rig()
        self.may_send: set[int] = set()

    @rule()
    def send(self) -> None:
        """The host sends; only what leaves an open session may ever reach the venue."""
        is_up = self.rig.connection.state is SessionState.UP
        number = self.rig.send()
        if is_up:
            self.may_send.add(number)

    @rule()
    def answer(self) -> None:
        """The venue says something of its own accord."""
        self.rig.answer()

    @rule(ms=st.integers(1, 400))
    def wait(self, ms: int) -> None:
        """Time passes."""
        self.rig.run(ms)

    @rule(hold_ms=st.integers(0, 500), host=st.booleans(), edge=st.booleans())
    def cut(self, hold_ms: int, host: bool, edge: bool) -> None:
        """The connection is gone, and one end, both or none knows at once."""
        rig = self.rig
        rig.connection.hold(rig.clock.now_ns + hold_ms * MS)
        if edge:
            rig.edge.cut()
        if host:
            rig.connection.cut()

    @rule(
        way=st.sampled_from(["orders", "reports"]),
        kind=st.sampled_from(ImpairmentKind),
        ms=st.integers(1, 1_000),
    )
    def impair(self, way: str, kind: ImpairmentKind, ms: int) -> None:
        """One direction goes bad for a while."""
        amounts = {
            ImpairmentKind.LOSS: PPM // 2,
            ImpairmentKind.PARTITION: 0,
            ImpairmentKind.DUPLICATE: PPM // 2,
            ImpairmentKind.REORDER: 2,
        }
        self.rig.impair(getattr(self.rig, way), kind, ms, amounts[kind])

    @invariant()
    def once_and_in_order(self) -> None:
        """Answers are the first so many, in order; commands rise, each was sent while the session was up."""
        rig = self.rig
        assert rig.delivered == list(range(1, len(rig.delivered) + 1))
        assert rig.taken == sorted(set(rig.taken))
        assert set(rig.taken) <= self.may_send

    def teardown(self) -> None:
        """Left alone, the session comes back with every answer, and carries commands again."""
        rig = self.rig
        rig.run(6_000)
        assert rig.connection.state is rig.edge.state is SessionState.UP
        assert rig.delivered == list(range(1, rig.number + 1))
        assert rig.told.count("0 up") == rig.told.count("0 down")
        number = rig.send()
        rig.run(10)
        assert rig.taken[-1] == number


Cuts.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestCuts = Cuts.TestCase
