"""Tells an exception as data. Imported only when there is one."""

import json
import traceback

from .values import dumps

USER_FILE = "main.py"
LONGEST = 65536


def described(error):
    told = {"name": type(error).__name__, "message": message_of(error), "stack": stack_of(error)}
    for key, value in getattr(error, "__dict__", {}).items():
        if key in told or key.startswith("_"):
            continue
        try:
            text = dumps(value)
            if len(text) <= LONGEST:
                told[key] = json.loads(text)
        except Exception:
            pass
    return told


def message_of(error):
    try:
        return str(error)
    except Exception:
        return "(its message cannot be shown)"


def stack_of(error):
    """The traceback as Python prints it, from the user's first line on: the frames above it are ours."""
    if type(error).__name__ == "NoMain":
        return ""
    seen = set()
    link = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        link.__traceback__ = from_user(link.__traceback__)
        link = link.__cause__ or link.__context__
    try:
        return "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip("\n")
    except Exception:
        return ""


def from_user(trace):
    at = trace
    while at is not None and at.tb_frame.f_code.co_filename != USER_FILE:
        at = at.tb_next
    return at
