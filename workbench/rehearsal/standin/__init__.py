"""Stand-ins for Posit's packages, where Posit's downloads can't be reached.

RStudio Server's: same package and unit name, same sign-in by PAM, same redirects behind a proxy.
R's: same package name and folders; it runs the operating system's R. Their versions end in
``+standin``, and what people see of them says what they are.
"""

from workbench.rehearsal.standin.package import FILE_NAME
from workbench.rehearsal.standin.package import VERSION
from workbench.rehearsal.standin.package import build_package
from workbench.rehearsal.standin.r_package import BUILDS
from workbench.rehearsal.standin.r_package import R_VERSIONS
from workbench.rehearsal.standin.r_package import build_r_packages
from workbench.rehearsal.standin.r_package import r_path

__all__ = [
    "BUILDS",
    "FILE_NAME",
    "R_VERSIONS",
    "VERSION",
    "build_package",
    "build_r_packages",
    "r_path",
]
