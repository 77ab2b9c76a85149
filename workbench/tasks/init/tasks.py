"""``workbench init``: a stack on AWS, configured by answering questions."""

from invoke.context import Context

from workbench.remote.selection import YES_HELP
from workbench.tasks.task import task

_HELP = {
    "stack": "Name of the stack to create or change, for example prod.",
    "region": "AWS region. Default: the one of your AWS profile.",
    "profile": "AWS profile to use, now and later. Default: AWS's own choice.",
    "availability-zone": "Zone of the region, or any. Default: any.",
    "instance-type": "Instance type, for example t3.medium.",
    "domain": "Domain name, or none.",
    "zone": "Hosted zone of the domain: its id, create, or elsewhere.",
    "users": "Who gets an account: names separated by commas.",
    "administrators": "Which of them may use sudo, or none.",
    "ssh-from": "Addresses that may use SSH, or none. Default: yours.",
    "public-key": "Your SSH public key, a file. Default: the one in ~/.ssh.",
    "make-key": "Make a key pair with ssh-keygen if there is none.",
    "backend": "Where Pulumi keeps its state: a URL for `pulumi login`, or local.",
    "here": "Make a separate project in this folder.",
    "rights": "Print the AWS permissions you need as an IAM policy, and exit.",
    "yes": YES_HELP,
    "dry-run": "Show what would be written, without writing it.",
}


@task(help=_HELP)
def init(
    context: Context,
    stack: str | None = None,
    region: str | None = None,
    profile: str | None = None,
    instance_type: str | None = None,
    domain: str | None = None,
    zone: str | None = None,
    users: str | None = None,
    administrators: str | None = None,
    ssh_from: str | None = None,
    public_key: str | None = None,
    make_key: bool = False,
    availability_zone: str | None = None,
    backend: str | None = None,
    here: bool = False,
    rights: bool = False,
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Configure a workbench on AWS.

    Asks what it can't find out, checks your answers with AWS, shows the price per
    month, and writes the stack's configuration. Nothing is created on AWS:
    `workbench up` does that. Run it again to change an answer; the others stay.
    """
    from workbench.tasks.init.answers import Options
    from workbench.tasks.init.stack import init_stack
    from workbench.tasks.rights.policy import print_policy

    if rights:
        print_policy()
        return
    options = Options(
        stack,
        profile,
        region,
        instance_type,
        domain,
        zone,
        users,
        administrators,
        ssh_from,
        public_key,
        make_key,
        availability_zone,
    )
    init_stack(options, backend, here=here, yes=yes, dry_run=dry_run)
