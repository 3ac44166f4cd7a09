"""What a generator gives that `main` returned. Imported only when there is one."""

import sys

from .values import dumps


def drained(items):
    """Streams the items as they come when the first one is text, and returns None; other items make a list."""
    stream = Stream()
    for item in items:
        stream.take(item)
    return stream.items


async def drained_async(items):
    stream = Stream()
    async for item in items:
        stream.take(item)
    return stream.items


class Stream:
    """`items` is a list when they are not streamed. No items at all are a stream without text."""

    def __init__(self):
        self.items = None
        self.begun = False

    def take(self, item):
        if not self.begun:
            self.begun = True
            self.items = None if isinstance(item, str) else []
        if self.items is None:
            tell(item if isinstance(item, str) else dumps(item))
        else:
            self.items.append(item)


def tell(text):
    """One write, so that no other thread's output comes in between."""
    sys.stdout.write("WM_STREAM: " + text.replace("\n", "\\n") + "\n")
    sys.stdout.flush()
