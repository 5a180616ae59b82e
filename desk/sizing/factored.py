"""Sizes by factors: what the desk knows of a market and of itself, put into `desk.sizing_models`.

Model: for a `Target` the product of the base, the signal's strength and confidence, drawdown, regime,
correlation, the stop and the gate's own scale, then the smallest cap. `Quotes` are shown as wished,
times drawdown, regime and scale, at most `lots_max`; a stop leaves the side that reduces. Every factor goes into `Sized.factors` with
the figures behind it (`told_pairs`), so that `twin explain` needs nothing but the journal.

What a stop has closed is remembered, by strategy and book, until the strategy wants something else.

Limits: estimates (returns, volumes, edges) are the configuration's; the desk does not learn them.
Volumes over a horizon are an average day's, in proportion to the signal's `horizon_ns`.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Final

import msgspec

from desk.picture import Picture
from desk.sizing.config import SizingConfig
from desk.sizing_models import Factor, FactorKind, SizingInputs, size_of, told_pairs
from desk.sizing_models.correlation import portfolio_ppm
from desk.sizing_models.drawdown import drawdown_factor
from desk.sizing_models.regime import mean_regime_factor, regime_factor
from desk.sizing_models.stop import loss_ppm, stop_factor
from desk.state import account_key
from desk.state.hmm_params import STATE_REGIMES
from market.codes import Regime
from market.decisions import PPM, Permit, Quotes, Signal, Sized, Target
from market.instruments import Instrument
from market.messages import View

DAYS_A_YEAR: Final = 252
S: Final = 1_000_000_000
VALUE_LOTS: Final = 1_000
"""One lot may be worth little, so the worth of many is what is divided by."""

NOTHING: Final = Sized()


class SizingData(msgspec.Struct):
    """What sizing remembers.

    Attributes:
        stopped: 1 or −1, the direction in which a strategy was stopped, by `strategy << 16 | book_id`.
    """

    stopped: dict[int, int] = {}


class FactorSizer:
    """Sizes one strategy.

    Args:
        config: With `factors`.
        strategy: Its number.
        picture: What the desk knows.
        instruments: By book.
        data: Of the whole desk.
    """

    def __init__(
        self,
        config: SizingConfig,
        strategy: int,
        picture: Picture,
        instruments: Sequence[Instrument],
        data: SizingData,
    ) -> None:
        told = config.factors
        assert isinstance(told, msgspec.Struct)
        self._config = config
        self._told = told
        self._model = config.full_model()
        self._strategy = strategy
        self._state = picture.state
        self._ledger = picture.ledger
        self._data = data
        self._estimates = [told.estimates.get(one.symbol, told.estimate) for one in instruments]
        self._per_year = sqrt(config.seconds_per_year)
        self._day_ns = config.seconds_per_year * S // DAYS_A_YEAR

    def size(self, signal: Signal, permit: Permit, view: View) -> Sized:
        """How much of a permitted signal to work."""
        if isinstance(signal, Target):
            return self._size_target(signal, permit, view)
        if isinstance(signal, Quotes):
            return self._size_quotes(signal, permit)
        self._data.stopped.pop(account_key(self._strategy, signal.book_id), None)
        return NOTHING

    def _size_target(self, signal: Target, permit: Permit, view: View) -> Sized:
        """A position to reach."""
        strength_ppm = signal.strength_ppm
        direction = (strength_ppm > 0) - (strength_ppm < 0)
        found = size_of(
            self._model,
            self._inputs(signal, view),
            (*self._stop(signal.book_id, direction), _permitted(permit)),
        )
        return Sized(position_lots=found.position_lots, factors=found.pairs_in_full())

    def _size_quotes(self, signal: Quotes, permit: Permit) -> Sized:
        """Quantities to show: what was wished for, scaled, at most the cap."""
        told, book_id = self._told, signal.book_id
        regimes = self._regime_ppm(book_id)
        factors = [
            drawdown_factor(told.drawdown, self._drawdown_ppm()),
            mean_regime_factor(told.regime, regimes)
            if regimes
            else regime_factor(told.regime, self._state.regime(book_id)),
            _permitted(permit),
        ]
        part, whole = 1, 1
        for factor in factors:
            part, whole = part * factor.ppm, whole * PPM
        lots_max = self._config.lots_max
        bid_lots = min(signal.bid_lots * part // whole, lots_max)
        ask_lots = min(signal.ask_lots * part // whole, lots_max)
        for stop in self._stop(book_id, 0):
            factors.append(stop)
            if stop.ppm == 0:
                # The side that brings the position nearer to zero is the way out, and goes on.
                held = self._state.data.positions.get(account_key(self._strategy, book_id), 0)
                bid_lots, ask_lots = (0, ask_lots) if held > 0 else (bid_lots, 0)
        return Sized(bid_lots=bid_lots, ask_lots=ask_lots, factors=told_pairs(factors))

    def _inputs(self, signal: Target, view: View) -> SizingInputs:
        """What is known, in the model's units."""
        state, book_id = self._state, signal.book_id
        estimate = self._estimates[book_id]
        volatility_ppm = self._yearly_ppm(book_id)
        is_buy = signal.strength_ppm >= 0
        rest_ppm, rho_ppm = 0, 0
        if self._model.correlation_ppm_max:
            rest_ppm, rho_ppm = self._rest(book_id)
        volume_lots = estimate.daily_volume_lots
        return SizingInputs(
            strength_ppm=signal.strength_ppm,
            confidence_ppm=signal.confidence_ppm,
            equity=state.equity,
            value=state.value(book_id, VALUE_LOTS),
            value_lots=VALUE_LOTS,
            volatility_ppm=volatility_ppm,
            excess_ppm=estimate.excess_ppm,
            years_ppm=estimate.years_ppm,
            win_ppm=estimate.win_ppm,
            gain_ppm=estimate.gain_ppm,
            loss_ppm=estimate.loss_ppm,
            win_error_ppm=estimate.win_error_ppm,
            drawdown_ppm=self._drawdown_ppm(),
            regime=state.regime(book_id),
            regime_ppm=self._regime_ppm(book_id),
            rest_ppm=rest_ppm,
            correlation_ppm=rho_ppm if is_buy else -rho_ppm,
            daily_volume_lots=volume_lots,
            depth_lots=depth_lots(view, buying=is_buy),
            horizon_volume_lots=volume_lots * signal.horizon_ns // self._day_ns,
            edge_ppm=estimate.edge_ppm,
        )

    def _yearly_ppm(self, book_id: int) -> int:
        return int(self._state.volatility(book_id) * self._per_year * PPM)

    def _drawdown_ppm(self) -> int:
        """How far equity lies below its highest; all of it where there was nothing to lose."""
        drawdown = self._state.data.drawdown
        if drawdown.peak <= 0:
            return PPM
        return min((drawdown.peak - drawdown.equity) * PPM // drawdown.peak, PPM)

    def _regime_ppm(self, book_id: int) -> tuple[tuple[Regime, int], ...]:
        """Probabilities of a fitted model, where they are asked for and there is one."""
        found = self._state.data.regimes[book_id].hmm.probabilities
        if not self._told.regime_mean or not found:
            return ()
        names = STATE_REGIMES[len(found)]
        return tuple((name, int(share * PPM)) for name, share in zip(names, found, strict=True))

    def _rest(self, book_id: int) -> tuple[int, int]:
        """Volatility of all other positions together, and a long position's correlation with them."""
        state, equity = self._state, self._state.equity
        if equity <= 0:
            return 0, 0
        own_lots = state.data.positions.get(account_key(self._strategy, book_id), 0)
        held, books = [], []
        for other in state.books:
            lots = state.data.position_lots[other] - (own_lots if other == book_id else 0)
            if lots == 0:
                continue
            weight_ppm = state.value(other, lots) * self._yearly_ppm(other) // equity
            held.append(weight_ppm if lots > 0 else -weight_ppm)
            books.append(other)
        rows = [[self._rho_ppm(one, other) for other in books] for one in (*books, book_id)]
        rest_ppm, rho_ppm = portfolio_ppm(held, rows)
        return rest_ppm, rho_ppm

    def _rho_ppm(self, one: int, other: int) -> int:
        return PPM if one == other else int(self._state.rho(one, other) * PPM)

    def _stop(self, book_id: int, direction: int) -> list[Factor]:
        """The stop, where there is a rule; what it closes is remembered.

        Args:
            book_id: Where.
            direction: 1 or −1 of a target; 0 for quotes, which are shown again once nothing is held.
        """
        rule, stopped = self._told.stops, self._data.stopped
        if not rule.on:
            return []
        key = account_key(self._strategy, book_id)
        account = self._ledger.account(self._strategy, book_id)
        lots = 0 if account is None else account.position_lots
        lost_ppm = 0
        if account is not None:
            unrealised_x2 = self._ledger.unrealised_x2(self._strategy, book_id)
            lost_ppm = loss_ppm(unrealised_x2, 2 * account.cost)
        was = stopped.get(key, 0)
        if was and was != direction and (direction or not lots):
            del stopped[key]
            was = 0
        # A position that the wish turns round is closed anyway, and its loss says nothing of the new one.
        if direction * lots < 0:
            lost_ppm = 0
        factor = stop_factor(rule, self._state.regime(book_id), lost_ppm, stopped=bool(was))
        if factor.ppm == 0 and not was:
            stopped[key] = direction or (1 if lots > 0 else -1)
        return [factor]


def _permitted(permit: Permit) -> Factor:
    return Factor(FactorKind.PERMIT, permit.scale_ppm)


def depth_lots(view: View, *, buying: bool) -> int:
    """Displayed on the side that would be traded against: all levels seen, or the best one."""
    if buying:
        return sum([lots for _, lots in view.asks]) or view.ask_lots
    return sum([lots for _, lots in view.bids]) or view.bid_lots
