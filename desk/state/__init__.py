"""The single picture on which every stage of the desk decides (`State`)."""

from desk.state.state import State, StateConfig, StateData, account_key

__all__ = ["State", "StateConfig", "StateData", "account_key"]
