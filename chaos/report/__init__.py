"""What a drill came to, for people and for machines: pages, JUnit XML, and JSON beside them.

`steps` says what a timeline could show, `moments` what it shows, `diagram` draws it; `series` and `plots`
are lines over time, `parts` words and tables, `page` the page of a drill, `suite` that of many.
"""

from chaos.report.write import write_report, write_suite

__all__ = ["write_report", "write_suite"]
