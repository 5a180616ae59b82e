"""What became of a pair, for a run's summary."""

from typing import TYPE_CHECKING

import msgspec

from sim.pair.standby import LOGGED_ON, RECONCILED, SUSPECTED

if TYPE_CHECKING:
    from scenarios.build import Assembly
    from scenarios.pairs import Pair


class PairSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One host and its stand-by; spans are 0 where nothing was taken over.

    Attributes:
        epoch: In force at the end.
        in_charge: Name of the host that speaks at the end.
        copied: Records that the stand-by has taken.
        lag_records: The most that were ever unconfirmed at once.
        degraded: How often the primary went on without waiting for the copy.
        withheld: Commands that it did not let out because its lease had run out.
        fenced: Commands and logons of an old epoch that the venue's door refused.
        suspected_ns: When the stand-by suspected the primary, from the start of the run.
        logged_on_ns: How long after that it had logged on.
        ready_ns: How long after that suspicion it was ready to trade.
        recovery_point_records: Records that were durable at the primary, and are not in the stand-by's.
        recovery_point_orders: Orders at the venue that the stand-by had not heard of, and has adopted.
        recovery_time_ns: From the primary's death, or where it did not die from the suspicion, until ready.
        handover_digest: Of the desk's state when it was handed over.
    """

    host: str
    standby: str
    mode: str
    epoch: int
    in_charge: str
    copied: int
    lag_records: int
    degraded: int
    withheld: int
    fenced: int
    suspected_ns: int = 0
    logged_on_ns: int = 0
    ready_ns: int = 0
    recovery_point_records: int = 0
    recovery_point_orders: int = 0
    recovery_time_ns: int = 0
    handover_digest: str = ""


def summary_of(assembly: "Assembly", pair: "Pair") -> PairSummary:
    """What became of a pair."""
    head, understudy, store = pair.head, pair.understudy, pair.store
    assert head is not None
    assert understudy is not None
    assert store is not None
    names = [host.name for host in assembly.scenario.hosts]
    steps = understudy.steps_ns
    begun_ns = steps.get(SUSPECTED, 0)
    ready_ns = steps.get(RECONCILED, 0)
    took = LOGGED_ON in steps
    died_ns = assembly.hosts[pair.primary].died_ns or begun_ns
    return PairSummary(
        host=names[pair.primary],
        standby=names[pair.number],
        mode=pair.section.mode,
        epoch=pair.door.epoch,
        in_charge=names[pair.number if took else pair.primary],
        copied=understudy.incoming.taken,
        lag_records=head.outgoing.lag_max,
        degraded=head.degraded_count,
        withheld=head.withheld,
        fenced=pair.door.fenced,
        suspected_ns=begun_ns - assembly.start_ns if begun_ns else 0,
        logged_on_ns=steps[LOGGED_ON] - begun_ns if took else 0,
        ready_ns=ready_ns - begun_ns if ready_ns else 0,
        recovery_point_records=store.durable_count - understudy.handover[0] if begun_ns else 0,
        recovery_point_orders=len(understudy.adopted),
        recovery_time_ns=ready_ns - died_ns if ready_ns else 0,
        handover_digest=understudy.handover[1],
    )
