"""How: a size becomes children, immediately or passively (`Executor`)."""

from desk.execution.executor import ExecutionConfig, ExecutionData, Executor, Parent, ParentStatus

__all__ = ["ExecutionConfig", "ExecutionData", "Executor", "Parent", "ParentStatus"]
