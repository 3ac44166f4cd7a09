"""Runs the user's main.py: started in the job's folder, reads args.json, leaves .outcome.

Every import here costs each job its time, so what only some jobs need is imported where it is needed.
"""

import os
import sys


class NoMain(Exception):
    pass


def run(entrypoint, inside, packages):
    """Never returns: ends the process with 0 on success and 1 on failure, after the user's threads and exit handlers."""
    folder = os.getcwd()
    sys.path[0] = folder
    if packages:
        provide(packages)
    sys.argv = ["main.py"]
    code = 1
    try:
        value = call(folder, entrypoint, inside)
        from .values import dumps

        leave(folder, "success", dumps(value))
        code = 0
    except SystemExit as error:
        code = exited(folder, error)
    except BaseException as error:
        leave(folder, "failure", failed(error))
    finish(code)


def provide(packages):
    """Behind the standard library, which no package may take the place of, and before what the machine has installed."""
    installed = (at for at, path in enumerate(sys.path) if path.endswith(("site-packages", "dist-packages")))
    at = next(installed, len(sys.path))
    sys.path[at:at] = packages
    theirs = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([*packages, theirs] if theirs else packages)


def call(folder, entrypoint, inside):
    with open(os.path.join(folder, "args.json"), encoding="utf-8") as file:
        args = loads(file.read())
    path = os.path.join(folder, "main.py")
    with open(path, "rb") as file:
        source = file.read()
    module = type(sys)("main")
    module.__file__ = path
    if inside:
        module.__package__ = inside
    sys.modules["main"] = module
    exec(compile(source, "main.py", "exec", dont_inherit=True), module.__dict__)
    main = getattr(module, entrypoint, None)
    if not callable(main):
        raise NoMain(f'The script defines no function named "{entrypoint}". Add `def {entrypoint}(): ...`.')
    from .values import arguments

    positional, named = arguments(main, args)
    value = main(*positional, **named)
    if hasattr(value, "__await__") or hasattr(value, "__aiter__"):
        value = awaited(value)
    if hasattr(value, "__next__"):
        from .streams import drained

        return drained(value)
    return value


def awaited(value):
    """In one event loop: what is streamed may belong to the one that it was made in."""
    import asyncio

    async def whole():
        given = await value if hasattr(value, "__await__") else value
        if not hasattr(given, "__aiter__"):
            return given
        from .streams import drained_async

        return await drained_async(given)

    return asyncio.run(whole())


def loads(text):
    """json.loads, by its C part alone: importing the json package costs more than most jobs run."""
    try:
        from _json import make_scanner

        return make_scanner(Decoder)(text, 0)[0]
    except (ImportError, AttributeError, TypeError):
        import json

        return json.loads(text)


class Decoder:
    strict = False
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def exited(folder, error):
    """sys.exit() and sys.exit(0) are success; a text is an error, as Python has it."""
    if error.code is None or error.code == 0:
        leave(folder, "success", "null")
        return 0
    message = f"exit code {error.code}" if isinstance(error.code, int) else str(error.code)
    from .values import dumps

    leave(folder, "failure", dumps({"name": "SystemExit", "message": message}))
    return error.code & 255 or 1 if isinstance(error.code, int) else 1


def failed(error):
    from .errors import described
    from .values import dumps

    told = described(error)
    print(told["stack"] or f"{told['name']}: {told['message']}", file=sys.stderr)
    return dumps(told)


def leave(folder, kind, json):
    part = os.path.join(folder, ".outcome.part")
    data = f"{kind} {peak_kb()}\n{json}".encode("utf-8", "surrogatepass")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(fd, "wb") as file:
        file.write(data)
    os.rename(part, os.path.join(folder, ".outcome"))


def peak_kb():
    try:
        with open("/proc/self/status", "rb") as file:
            return int(file.read().split(b"VmHWM:", 1)[1].split(None, 1)[0])
    except (OSError, LookupError, ValueError):
        return 0


def finish(code):
    """What an interpreter does at its end that users can notice, without taking the interpreter apart."""
    try:
        threading = sys.modules.get("threading")
        if threading is not None:
            threading._shutdown()
        import atexit

        atexit._run_exitfuncs()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass
    os._exit(code)
