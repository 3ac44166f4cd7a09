"""A prepared interpreter: one per environment, forked for each job, so that a job does not pay for starting Python.

A request is a line of JSON {"folder", "env", "pipe", "entrypoint", "inside", "packages"} on stdin. Answers are lines on stdout: `ready` once, then
for each job `started <pid>` (said by the job itself, when its session and its output are its own) and
`ended <code> <signal> <peak KiB> <processes killed>`. One job at a time. The end of stdin ends the server.
"""

import os
import signal
import sys

PR_SET_CHILD_SUBREAPER = 36
SWEEP_ROUNDS = 1000


def serve():
    adopt_orphans()
    preload()
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    os.close(nothing)
    os.write(answers, b"ready\n")
    for line in open(requests, "rb", closefd=False):
        pid = os.fork()
        if pid == 0:
            become_job(line, requests, answers)
        _, status, usage = os.wait4(pid, 0)
        died_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1
        os.write(answers, f"ended {code} {died_by} {usage.ru_maxrss} {sweep()}\n".encode())


def become_job(line, requests, answers):
    try:
        import json

        job = json.loads(line)
        os.setsid()
        output = os.open(job["pipe"], os.O_WRONLY)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        os.chdir(job["folder"])
        os.environ.clear()
        os.environ.update(job["env"])
        if "time" in sys.modules:
            sys.modules["time"].tzset()
        os.write(answers, f"started {os.getpid()}\n".encode())
        os.close(requests)
        os.close(answers)
    except BaseException:
        os._exit(255)
    import millrace_job

    millrace_job.run(job["entrypoint"], job["inside"], job["packages"])


def preload():
    """What many scripts import. None of it starts threads or reads the environment."""
    import asyncio, base64, collections, dataclasses, datetime, functools, json, random, re, subprocess, tempfile  # noqa: E401, F401
    import traceback, typing, urllib.request, uuid  # noqa: E401, F401

    import millrace_job.errors, millrace_job.values  # noqa: E401, F401
    import gc

    gc.collect()
    gc.freeze()


def adopt_orphans():
    """Processes whose parents died become children of this one, so none of a job's can get away, whatever it changed."""
    import ctypes

    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("prctl refused")


def sweep():
    """Kills and buries everything a finished job left; answers how many were alive."""
    killed = set()
    for _ in range(SWEEP_ROUNDS):
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                for child in children():
                    os.kill(child, signal.SIGKILL)
                    killed.add(child)
                os.waitpid(-1, 0)
        except ChildProcessError:
            return len(killed)
    sys.exit("the job forks faster than it can be killed")


def children():
    me = str(os.getpid()).encode()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    state, parent = file.read().rpartition(b")")[2].split()[:2]
            except OSError:
                continue
            if parent == me and state != b"Z":
                yield int(name)


if __name__ == "__main__":
    serve()
