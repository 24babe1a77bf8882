"""A system-call filter for untrusted commands, as a classic BPF program that ``bwrap --seccomp`` loads.

Ordinary programs notice nothing. Refused are the calls that a build, a test run or a web server never makes and that open the
kernel: namespaces, mounts, tracing, keys, modules, BPF, io_uring, and sockets other than unix, IPv4, IPv6 and netlink (a virtual
machine's vsock is not held back by a network namespace).
"""

from __future__ import annotations

import errno
import struct
from itertools import chain
from typing import NamedTuple

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _ARGUMENT = 0, 4, 16  #: offsets in ``struct seccomp_data``: call, architecture, low half of the first argument
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NEW_NAMESPACE = 0x7E020000  #: every CLONE_NEW* flag
_FAMILIES = (1, 2, 10, 16)  #: AF_UNIX, AF_INET, AF_INET6, AF_NETLINK
_X32 = 0x40000000  #: first number of the x32 variant of the x86-64 calls


class _Machine(NamedTuple):
    arch: int  #: AUDIT_ARCH_*
    clone: int
    socket: int
    refused: tuple[int, ...]


#: In this order: ptrace pivot_root chroot acct mount umount2 swapon swapoff reboot /
#: init_module delete_module quotactl kexec_load add_key request_key keyctl /
#: unshare perf_event_open name_to_handle_at open_by_handle_at setns process_vm_readv process_vm_writev /
#: finit_module kexec_file_load bpf userfaultfd
_MACHINES = {
    "x86_64": _Machine(
        0xC000003E, 56, 41,
        (101, 155, 161, 163, 165, 166, 167, 168, 169,
         175, 176, 179, 246, 248, 249, 250,
         272, 298, 303, 304, 308, 310, 311,
         313, 320, 321, 323),
    ),
    "aarch64": _Machine(
        0xC00000B7, 220, 198,
        (117, 41, 51, 89, 40, 39, 224, 225, 142,
         105, 106, 60, 104, 217, 218, 219,
         97, 241, 264, 265, 268, 270, 271,
         273, 294, 280, 282),
    ),
}  # fmt: skip
_CLONE3 = 435  #: from here on the numbers are the same everywhere
#: io_uring_setup io_uring_enter io_uring_register open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr
_COMMON = (425, 426, 427, 428, 429, 430, 431, 432, 433, 442)


def program(machine: str) -> bytes | None:
    """The filter for ``platform.machine()``, ready to be loaded; None when the machine is not known."""
    if machine not in _MACHINES:
        return None
    arch, clone, socket, refused = _MACHINES[machine]
    refuse, missing = _ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS
    steps = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        *_answer(_AT_LEAST, _X32, missing),
        # clone3 hides its flags behind a pointer: C libraries fall back to clone when it is missing
        *_answer(_EQUAL, _CLONE3, missing),
        *chain.from_iterable(_answer(_EQUAL, number, refuse) for number in refused + _COMMON),
        (_EQUAL, 0, 4, clone),
        (_LOAD, 0, 0, _ARGUMENT),
        *_answer(_ANY_BIT, _NEW_NAMESPACE, refuse),
        (_RETURN, 0, 0, _ALLOW),
        (_EQUAL, 1, 0, socket),
        (_RETURN, 0, 0, _ALLOW),
        (_LOAD, 0, 0, _ARGUMENT),
        *chain.from_iterable(_answer(_EQUAL, family, _ALLOW) for family in _FAMILIES),
        (_RETURN, 0, 0, _ERRNO | errno.EAFNOSUPPORT),
    ]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


def _answer(test: int, value: int, answer: int) -> list[tuple[int, int, int, int]]:
    """``if <test> value: return answer``."""
    return [(test, 0, 1, value), (_RETURN, 0, 0, answer)]
