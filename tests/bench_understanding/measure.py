"""Running programs and counting what they take."""

import os
import subprocess


def measured(command, **options):
    """Standard output, and CPU seconds (user and system) of a command and its children."""
    child = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, **options)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{command[0]} failed with {child.returncode}")
    return output, usage.ru_utime + usage.ru_stime
