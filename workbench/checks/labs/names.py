"""What the labs' walkthroughs name: by these names all that belongs to a lab is found again."""

# Of the instance, the security group, and of what else has a name in AWS.
NAME = "do4ds-lab"
KEY_PAIR = f"{NAME}-key"
KEY_FILE = f"{KEY_PAIR}.pem"
DATA_VOLUME = f"{NAME}-data"
# The reader's own account on the server.
USER = "test-user"
# Where the reader's JupyterHub is installed.
HUB = "/opt/jupyterhub"
# Its password, where a lab made it: in the reader's folder, which nobody else can read.
PASSWORD_FILE = "password.txt"  # noqa: S105
