"""Hosts that a scenario does not write out: the machines that stand by for others."""

import msgspec
from msgspec import UNSET

from market.errors import InputError
from scenarios.sections import HostSection
from scenarios.written import Place


def with_standbys(hosts: tuple[HostSection, ...], where: Place) -> tuple[HostSection, ...]:
    """Hosts as they are written, and behind them the stand-bys that they ask for.

    Raises:
        InputError: Somebody wrote what only this may say, or a host has no desk to stand by for.
    """
    more = []
    for number, host in enumerate(hosts):
        section, at = host.standby, where.item(number)
        if host.standby_of is not UNSET:
            raise InputError(f"{at}: found unknown key 'standby_of', allowed is [hosts.standby]")
        if section is UNSET:
            continue
        if host.stack is None:
            raise InputError(
                f"{at}.standby: found no [hosts.stack], allowed is with a desk to copy"
            )
        if host.session is not UNSET:
            raise InputError(
                f"{at}: found [hosts.session] and [hosts.standby], allowed is one of them"
            )
        more.append(
            msgspec.structs.replace(
                host,
                name=section.name,
                standby=UNSET,
                standby_of=host.name,
                compute=section.compute or host.compute,
                feed=section.feed or host.feed,
                orders=section.orders or host.orders,
                reports=section.reports or host.reports,
            )
        )
    return (*hosts, *more)
