"""Runs a server where nobody can reach it: `own-network.py <port> <program> <argument>...` gives it a loopback of its own.

The parent gets connections by asking: for each line it writes to its channel (Node's, NODE_CHANNEL_FD) one connected socket
comes back, or the reason why not. The server ends with this process, and this process with its parent or with the server.
"""

import array
import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import sys

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFFLAGS, IFF_UP, IFF_LOOPBACK = 0x8914, 1, 8
PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None, use_errno=True)


def enter_network():
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP | IFF_LOOPBACK))


def start(command):
    server = os.fork()
    if server == 0:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.execv(command[0], command)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(server, signal.SIGTERM))
    signal.signal(signal.SIGCHLD, lambda *_: end_with(server))
    return server


def end_with(server):
    pid, _ = os.waitpid(server, os.WNOHANG)
    if pid == server:
        os._exit(0)


def connect(port):
    made = socket.socket()
    try:
        made.connect(("127.0.0.1", port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made, {"cmd": "NODE_HANDLE", "type": "net.Socket", "msg": "connected", "options": {}}
    except OSError as error:
        return made, {"refused": str(error)}


def serve(channel, port):
    rest = b""
    while True:
        said = channel.recv(65536)
        if not said:
            os._exit(0)
        *lines, rest = (rest + said).split(b"\n")
        for _ in filter(lambda line: json.loads(line) == "connect", lines):
            made, answer = connect(port)
            files = [] if "refused" in answer else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [made.fileno()]))]
            channel.sendmsg([json.dumps(answer).encode() + b"\n"], files)
            made.close()


if __name__ == "__main__":
    channel = socket.socket(fileno=int(os.environ.pop("NODE_CHANNEL_FD")))
    channel.setblocking(True)
    channel.set_inheritable(False)
    enter_network()
    start(sys.argv[2:])
    serve(channel, int(sys.argv[1]))
