"""Results of drills as JUnit XML, which every build server reads: a suite for each drill.

A drill is a test case of its own, and so is each of its invariants. VACUOUS is a failure here, because
what has shown nothing must not look like what has passed; an invariant that had nothing to check is
skipped.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from chaos.result import DrillResult, InvariantRow, Verdict


def junit_xml(name: str, results: Sequence[DrillResult]) -> bytes:
    """The file's bytes.

    Args:
        name: Of all of them together.
    """
    root = Element("testsuites", name=name)
    for one in results:
        _suite(root, one)
    for count in ("tests", "failures", "skipped"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("time", f"{sum(one.wall_s for one in results):.3f}")
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(root: Element, one: DrillResult) -> None:
    """A drill with its invariants."""
    suite = SubElement(root, "testsuite", name=one.name, time=f"{one.wall_s:.3f}")
    case = SubElement(
        suite, "testcase", classname=one.name, name="verdict", time=f"{one.wall_s:.3f}"
    )
    violated = {row.id for row in one.invariants if row.state == "violated"}
    as_it_must = bool(one.canary) and set(one.canary) <= violated
    if one.verdict is not Verdict.PASS and not as_it_must:
        first = _plain(one.reasons[0] if one.reasons else one.verdict.value)
        failure = SubElement(case, "failure", type=one.verdict.value, message=first)
        failure.text = _plain("\n".join(one.reasons))
    for row in one.invariants:
        _invariant(suite, one.name, row, as_it_must=as_it_must)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))


def _invariant(suite: Element, drill: str, row: InvariantRow, *, as_it_must: bool) -> None:
    """An invariant of a drill; a canary that fails as it must has no failures."""
    case = SubElement(suite, "testcase", classname=drill, name=row.id, time="0")
    if row.state == "idle":
        SubElement(case, "skipped", message="had nothing to check")
    elif row.state == "violated" and not as_it_must:
        failure = SubElement(
            case, "failure", type="violated", message=_plain(row.violations[0].text)
        )
        failure.text = _plain("\n".join(each.text for each in row.violations))


def _plain(text: str) -> str:
    """A text without what XML cannot hold."""
    return "".join(one for one in text if one in "\t\n" or ord(one) >= 0x20)
