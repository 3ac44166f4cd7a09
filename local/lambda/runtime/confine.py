"""Plays the virtual machine that Lambda gives a tenant: `confine.py <spec> <program> <argument>...` runs the program in
namespaces of its own, without any privilege, and ends as it ended. Nothing of it needs root.

The program and all that it starts see only their own processes and IPC; every file system read-only, but /tmp, empty and of
limited size, and the folders in `share`; the folders in `hide` empty, with those in `keep` put back. They hold no file of this machine's open. What is
over the limits of Lambda is killed: the largest process when memory is used up, everything at more than 1,024 processes and
threads (exit code 199). All of it dies with the program, with this process, and when the stdin of this process ends.
"""

import ctypes
import json
import os
import resource
import select
import signal
import sys

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x8000000, 0x10000000, 0x20000000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
SYS_MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE = 442, -100, 0x8000
ATTR_RDONLY, ATTR_NOSUID = 1, 2
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
MAX_TASKS = 1024
TOO_MANY_TASKS = 199
LOOK_EVERY_S = 0.2

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source, target, kind=None, flags=0, options=None):
    given = [None if text is None else os.fsencode(text) for text in (source, target, kind, options)]
    check(libc.mount(given[0], given[1], given[2], ctypes.c_ulong(flags), given[3]), f"mount {target}")


def set_attributes(target, add=0, clear=0, recursive=False):
    attributes = (ctypes.c_uint64 * 4)(add, clear, 0, 0)
    flags = AT_RECURSIVE if recursive else 0
    arguments = [ctypes.c_long(number) for number in (SYS_MOUNT_SETATTR, AT_FDCWD)]
    result = libc.syscall(*arguments, os.fsencode(target), ctypes.c_long(flags), attributes, ctypes.c_long(32))
    check(result, f"mount_setattr {target}")


def enter_namespaces():
    uid, gid = os.getuid(), os.getgid()
    check(libc.unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def make_place(path, like):
    if os.path.isdir(f"/proc/self/fd/{like}"):
        os.makedirs(path, exist_ok=True)
    elif not os.path.lexists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def put_back(path, fd):
    make_place(path, fd)
    mount(f"/proc/self/fd/{fd}", path, flags=MS_BIND | MS_REC)
    os.close(fd)


def seal_files(spec):
    """Outer folders first: what is kept in a hidden folder may hold a hidden one again."""
    mount(None, "/", flags=MS_REC | MS_PRIVATE)
    shared = [path for path in spec["share"] if os.path.isdir(path)]
    kept = {path: os.open(path, os.O_PATH) for path in spec["keep"] + shared if os.path.exists(path)}
    devices = {f"/dev/{name}": os.open(f"/dev/{name}", os.O_PATH) for name in DEVICES}
    sizes = {"/tmp": f"size={spec['tmpMb']}m,mode=1777", "/dev": "size=64k,mode=755"}
    hidden = {path for path in spec["hide"] if os.path.isdir(path)} | {"/tmp", "/dev"}
    for path in sorted(hidden | set(kept), key=len):
        if path in hidden:
            os.makedirs(path, exist_ok=True)
            mount("private", path, "tmpfs", MS_NOSUID | MS_NODEV, sizes.get(path, "size=1m,mode=755"))
        if path in kept:
            put_back(path, kept[path])
    for path, fd in devices.items():
        put_back(path, fd)
    for name, to in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink(f"/proc/self/fd{to}", f"/dev/{name}")
    os.mkdir("/dev/shm")
    mount("private", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "size=64m,mode=1777")
    mount("/tmp", "/var/tmp", flags=MS_BIND)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV)
    with open("/proc/sys/user/max_user_namespaces", "w") as file:
        file.write("0")
    set_attributes("/", add=ATTR_RDONLY | ATTR_NOSUID, recursive=True)
    for path in ["/tmp", "/var/tmp", "/dev/shm"] + shared:
        set_attributes(path, clear=ATTR_RDONLY)


def become_program(command):
    """Without capabilities, now and after any exec, whatever the user's number is."""
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.environ.update(HOME="/tmp", TMPDIR="/tmp", MILLRACE_ALONE="1")
    os.chdir("/tmp")
    os.execv(command[0], command)


def be_init(spec, command):
    """Process 1: nothing in the namespace can stop it, trace it or end it, and its end ends everything."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        seal_files(spec)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        program = os.fork()
        if program == 0:
            become_program(command)
    except OSError as error:
        os.write(2, f"confine: {error}\n".encode())
        os._exit(126)
    while True:
        signal.sigtimedwait([signal.SIGCHLD], LOOK_EVERY_S)
        bury(program)
        keep_limits(spec["memoryMb"] * 1024)


def bury(program):
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid == program:
            os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


def keep_limits(limit_kb):
    tasks, memory = 0, {}
    for name in os.listdir("/proc"):
        if name.isdigit() and name != "1":
            fields = read(f"/proc/{name}/stat").rpartition(")")[2].split()
            if len(fields) > 21:
                tasks += int(fields[17])
                memory[int(name)] = int(fields[21]) * 4
    if tasks > MAX_TASKS:
        os.write(2, f"killed: {tasks} processes and threads, more than {MAX_TASKS}\n".encode())
        os._exit(TOO_MANY_TASKS)
    # what processes share counts once, which is dearer to ask
    if sum(memory.values()) > limit_kb and sum(own_kb(pid) for pid in memory) > limit_kb:
        largest = max(memory, key=memory.get)
        os.write(2, f"killed: out of memory, {sum(memory.values())} of {limit_kb} KB, {memory[largest]} in one\n".encode())
        os.kill(largest, signal.SIGKILL)


def own_kb(pid):
    shares = [line.split()[1] for line in read(f"/proc/{pid}/smaps_rollup").splitlines() if line.startswith("Pss:")]
    return int(shares[0]) if shares else 0


def read(file):
    try:
        with open(file, encoding="latin1") as opened:
            return opened.read()
    except OSError:
        return ""


def main(spec, command):
    enter_namespaces()
    lifeline, output = os.pipe(), os.pipe()
    init = os.fork()
    if init == 0:
        os.dup2(lifeline[0], 0)
        os.dup2(output[1], 1)
        os.dup2(output[1], 2)
        os.closerange(3, 1024)
        be_init(spec, command)
    os.close(lifeline[0])
    os.close(output[1])
    poll = select.poll()
    poll.register(0, 0)
    poll.register(output[0], select.POLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd == 0:
                os.kill(init, signal.SIGKILL)
                poll.unregister(0)
            elif not pass_on(output[0]):
                end_like(os.waitpid(init, 0)[1])


def pass_on(output):
    """The output ends when process 1 and all others are gone."""
    said = os.read(output, 65536)
    if said:
        os.write(1, said)
    return said


def end_like(status):
    code = os.WTERMSIG(status) + 128 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    if 128 < code < 128 + signal.NSIG:
        if code != 128 + signal.SIGKILL:
            signal.signal(code - 128, signal.SIG_DFL)
        os.kill(os.getpid(), code - 128)
    os._exit(code)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
