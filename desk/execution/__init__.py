"""How: a size becomes children, immediately or passively (`Executor`)."""

from desk.execution.executor import Executor
from desk.execution.parent import ExecutionConfig, ExecutionData, Parent, ParentStatus

__all__ = ["ExecutionConfig", "ExecutionData", "Executor", "Parent", "ParentStatus"]
