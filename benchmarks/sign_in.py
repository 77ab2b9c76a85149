"""Time right sign-ins at JupyterHub, first alone, then while 50 wrong ones a second come in.

In one rehearsal and one run. The right ones are of a person whose browser has signed in before; the
wrong ones come from the same address, for that name and for others.
"""

import argparse
import asyncio
import re
import ssl
import statistics
import time
from collections import Counter

import httpx
from rehearsed import rehearsed

from workbench.checks.http import site
from workbench.checks.http import tls_context
from workbench.checks.target import Target

WRONG_A_SECOND = 50


class Visitor:
    """Someone at the sign-in page, with or without the cookies of an earlier visit."""

    def __init__(self, target: Target, context: ssl.SSLContext) -> None:
        self._where, self._context, self._url = target.where, context, site(target)

    async def sign_in(self, user: str, password: str, known: httpx.Cookies) -> tuple[int, float]:
        """Return the status and how long the answer to the form took, in seconds."""
        name = httpx.URL(self._url).host
        login = f"https://{self._where.ip}:{self._where.port(443)}/jupyter/hub/login"
        options = {"headers": {"Host": name}, "extensions": {"sni_hostname": name}}
        async with httpx.AsyncClient(verify=self._context, timeout=60, trust_env=False) as http:
            http.cookies.update(known)
            page = await http.get(login, **options)  # type: ignore[arg-type]
            found = re.search(r'name="_xsrf"\s+value="([^"]+)"', page.text)
            form = {"username": user, "password": password, "_xsrf": found[1] if found else ""}
            begun = time.monotonic()
            answer = await http.post(login, data=form, **options)  # type: ignore[arg-type]
            seconds = time.monotonic() - begun
            kept = (c for c in http.cookies.jar if c.name.startswith("workbench-known"))
            for cookie in kept:
                known.jar.set_cookie(cookie)
            return answer.status_code, seconds


async def measure(
    target: Target, user: str, password: str, count: int
) -> tuple[list[float], list[float], Counter[int]]:
    """Return seconds of right sign-ins alone and in the flood, and what the flood was told."""
    visitor, known = Visitor(target, tls_context(target)), httpx.Cookies()
    alone = [await right(visitor, user, password, known) for _ in range(count)]
    said: Counter[int] = Counter()
    names = [user, "nobody", "root", "someone"]

    async def wrong(number: int) -> None:
        status, _ = await visitor.sign_in(names[number % 4], f"wrong-{number}", httpx.Cookies())
        said[status] += 1

    async def flood() -> None:
        async with asyncio.TaskGroup() as group:
            number = 0
            while not done.is_set():
                group.create_task(wrong(number))
                number += 1
                await asyncio.sleep(1 / WRONG_A_SECOND)

    done = asyncio.Event()
    flooding = asyncio.create_task(flood())
    attacked = [await right(visitor, user, password, known) for _ in range(count)]
    done.set()
    await flooding
    return alone, attacked, said


async def right(visitor: Visitor, user: str, password: str, known: httpx.Cookies) -> float:
    """Sign in; return the seconds."""
    status, seconds = await visitor.sign_in(user, password, known)
    if status != httpx.codes.FOUND:
        raise SystemExit(f"A right password was answered with {status}.")
    return seconds


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40, help="right sign-ins each (default 40)")
    count = parser.parse_args().count
    with rehearsed("signin") as (stack, progress):
        from workbench.remote.passwords import read_password
        from workbench.tasks.up.bring_up import bring_up

        (outcome,) = bring_up(stack, progress, agree=lambda _: True, password_stdin=False)
        target = outcome.state.target()
        user = target.users[0]
        password = read_password(outcome.state.password_folder, user) or ""
        alone, attacked, said = asyncio.run(measure(target, user, password, count))
        outcome.state.close()
    print("| right sign-ins | median | slowest |\n|---|---|---|")
    for what, figures in (("alone", alone), ("while 50 wrong ones a second come in", attacked)):
        print(f"| {what} | {statistics.median(figures):.2f} s | {max(figures):.2f} s |")
    told = ", ".join(f"{number} with {status}" for status, number in sorted(said.items()))
    print(f"\nThe wrong ones were answered: {told}.")


if __name__ == "__main__":
    main()
