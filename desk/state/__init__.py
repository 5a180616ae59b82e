"""The single picture on which every stage of the desk decides (`State`)."""

from desk.state.data import StateConfig, StateData
from desk.state.state import State, account_key

__all__ = ["State", "StateConfig", "StateData", "account_key"]
