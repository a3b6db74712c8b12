"""A SLURM cluster of one node, on this machine and in a temporary folder, for as long as a test.

The daemons are Debian's (packages slurm-wlm and munge) and run as whoever runs the test, with
a key, ports and files of their own; nothing is installed, no service is started. The node
claims eight cores, 64 GB and one GPU, whatever the machine has, so that the committed profile
fits it and two runs must wait for each other.
"""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

COMMANDS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "sinfo")

CONFIGURATION = """\
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={control_port}
SlurmdPort={node_port}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
# No cgroups, no accounting: both need more rights than a test has.
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
# Seconds from SIGTERM to SIGKILL, and for which ended jobs are remembered.
KillWait=20
MinJobAge=3600
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=64000 Gres=gpu:1
PartitionName=gpu Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """Return the commands that are not installed; slurmd and munged hide in /usr/sbin."""
    return [name for name in COMMANDS if not _where(name)]


def _where(name):
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def cluster():
    """Start the cluster; yield the environment in which SLURM's commands find it.

    Raises
    ------
    RuntimeError
        A daemon ended, or the node is not idle after half a minute; with the end of the logs.
    """
    # A short name: a socket's path has 107 characters at most.
    with tempfile.TemporaryDirectory(prefix="slurm-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        for sub in ("state", "spool"):
            (folder / sub).mkdir()
        host = socket.gethostname().split(".")[0]
        (folder / "slurm.conf").write_text(
            CONFIGURATION.format(
                host=host,
                user=getpass.getuser(),
                folder=folder,
                control_port=_free_port(),
                node_port=_free_port(),
            )
        )
        # A file that is always there stands for the device of the GPU, which nobody opens.
        (folder / "gres.conf").write_text("Name=gpu File=/dev/zero\n")
        key = folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        environment = {
            **os.environ,
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PATH": f"{_srun(folder)}:{os.environ['PATH']}",
        }
        munge = [f"--{name}-file={folder / f'munge.{name}'}" for name in ("key", "pid", "seed")]
        munge.append(f"--socket={folder / 'munge.socket'}")

        daemons = []
        stack.callback(_stop, daemons, environment)
        for command in (
            ["munged", "--foreground", "--force", *munge],
            ["slurmctld", "-D", "-f", folder / "slurm.conf"],
            ["slurmd", "-D", "-f", folder / "slurm.conf"],
        ):
            log = stack.enter_context((folder / f"{command[0]}.log").open("wb"))
            daemons.append(
                subprocess.Popen(
                    [_where(command[0]), *map(str, command[1:])],
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment,
                )
            )
            time.sleep(0.5)
        _wait(folder, daemons, environment)
        yield environment


def _srun(folder):
    """Make a folder with a `srun` that knows its cluster; return it.

    Within a job the executor plugin calls srun without any of SLURM's variables, which is
    right where the configuration lies in its usual place.
    """
    script = folder / "bin" / "srun"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {_where("srun")} "$@"\n')
    script.chmod(0o755)
    return script.parent


def _wait(folder, daemons, environment):
    """Return when the node is idle."""
    for _ in range(60):
        asked = subprocess.run(
            ["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, env=environment
        )
        if asked.stdout.strip() == "idle":
            return
        if any(daemon.poll() is not None for daemon in daemons):
            break
        time.sleep(0.5)
    logs = [path.read_text(errors="replace")[-600:] for path in sorted(folder.glob("*.log"))]
    msg = "the cluster did not start:\n" + "\n".join(logs)
    raise RuntimeError(msg)


def _stop(daemons, environment):
    """End what still runs, then the daemons: without them nobody would end a job."""
    options = {"env": environment, "capture_output": True, "text": True, "check": False}
    subprocess.run(["scancel", "--user", getpass.getuser()], **options)
    for _ in range(60):
        if not subprocess.run(["squeue", "-h"], **options).stdout.strip():
            break
        time.sleep(0.5)
    for daemon in reversed(daemons):
        daemon.terminate()
    for daemon in daemons:
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
