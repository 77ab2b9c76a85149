"""A stand-in for RStudio Server's package, where Posit's downloads can't be reached.

Same package and unit name, same sign-in by PAM, same redirects behind a proxy; its version
ends in ``+standin``, and its pages say what it is.
"""

from workbench.rehearsal.standin.package import FILE_NAME
from workbench.rehearsal.standin.package import VERSION
from workbench.rehearsal.standin.package import build_package

__all__ = ["FILE_NAME", "VERSION", "build_package"]
