"""The vocabulary of desired values: each resource writes its check and its apply from one. None knows Kubernetes."""

from kubeboot.resources.base import Phase, Resource, Risk, Secret, Step, step
from kubeboot.resources.files import Block, File
from kubeboot.resources.look import Look
from kubeboot.resources.packages import AptRepository, Package, PackageHold, Packages
from kubeboot.resources.shell import Emit, Shell, WaitFor
from kubeboot.resources.system import Hostname, KernelModules, Service, SwapOff, Sysctls

__all__ = [
    "AptRepository",
    "Block",
    "Emit",
    "File",
    "Hostname",
    "KernelModules",
    "Look",
    "Package",
    "PackageHold",
    "Packages",
    "Phase",
    "Resource",
    "Risk",
    "Secret",
    "Service",
    "Shell",
    "Step",
    "SwapOff",
    "Sysctls",
    "WaitFor",
    "step",
]
