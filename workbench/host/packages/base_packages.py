"""What anyone expects to be there, installed for everyone after the services are up.

The Python part is in ``requirements/everyone.txt``. Names are of real packages, the same in Debian
12 and Ubuntu 24.04: what a virtual name stands for is never "installed".
"""

# For the distribution's own R, as the distribution builds them.
R = (
    "r-cran-data.table",
    "r-cran-dbplyr",
    "r-cran-devtools",
    "r-cran-dplyr",
    "r-cran-dt",
    "r-cran-ggplot2",
    "r-cran-haven",
    "r-cran-httr2",
    "r-cran-jsonlite",
    "r-cran-knitr",
    "r-cran-lubridate",
    "r-cran-palmerpenguins",
    "r-cran-plumber",
    "r-cran-purrr",
    "r-cran-readr",
    "r-cran-readxl",
    "r-cran-reticulate",
    "r-cran-rmarkdown",
    "r-cran-rsqlite",
    "r-cran-shiny",
    "r-cran-stringr",
    "r-cran-svglite",
    "r-cran-tidyr",
    "r-cran-tidyverse",
    "r-cran-usethis",
)
# For an R of Posit's, as binaries from CRAN's snapshot.
CRAN = (
    *("DBI", "DT", "RSQLite", "data.table", "dbplyr", "devtools", "duckdb", "httr2", "log4r"),
    *("palmerpenguins", "pins", "plumber", "renv", "reticulate", "rmarkdown", "shiny", "svglite"),
    *("tidymodels", "tidyverse", "usethis", "vetiver"),
)
# What R's packages are built with, and their binaries run with: databases, images, PDF, text.
LIBRARIES = (
    "cmake",
    "libarchive-dev",
    "libcairo2-dev",
    "libcurl4-openssl-dev",
    "libfftw3-dev",
    "libfontconfig-dev",
    "libfreetype-dev",
    "libfribidi-dev",
    "libgit2-dev",
    "libglpk-dev",
    "libgmp-dev",
    "libgsl-dev",
    "libharfbuzz-dev",
    "libhunspell-dev",
    "libjpeg-dev",
    "libjq-dev",
    "libmagick++-dev",
    "libmpfr-dev",
    "libnlopt-dev",
    "libpng-dev",
    "libpoppler-cpp-dev",
    "libpq-dev",
    "libprotobuf-dev",
    "libsecret-1-dev",
    "libsodium-dev",
    "libsqlite3-dev",
    "libssl-dev",
    "libtiff-dev",
    "libudunits2-dev",
    "libuv1-dev",
    "libwebp-dev",
    "libxml2-dev",
    "libxslt1-dev",
    "libzmq3-dev",
    "unixodbc-dev",
)
# The same for maps; the largest part.
GEOSPATIAL = ("libgdal-dev", "libgeos-dev", "libproj-dev")
APT = {"r": R, "libraries": LIBRARIES, "geospatial": GEOSPATIAL}
