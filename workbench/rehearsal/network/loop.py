"""Run an asyncio event loop in a thread of its own."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any
from typing import TypeVar

Result = TypeVar("Result")


class LoopThread:
    """An event loop that runs in a daemon thread until ``stop``."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result], seconds: float = 30.0) -> Result:
        """Run ``work`` on the loop, wait for it, and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(seconds)

    def stop(self, seconds: float = 10.0) -> None:
        """Cancel what still runs, wait for its end, and close the loop. Twice is fine."""
        if self.loop.is_closed():
            return
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(seconds)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            self.loop.run_until_complete(_cancel_all())
        finally:
            self.loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # One more turn, so that closed transports have told their protocols.
    await asyncio.sleep(0)
