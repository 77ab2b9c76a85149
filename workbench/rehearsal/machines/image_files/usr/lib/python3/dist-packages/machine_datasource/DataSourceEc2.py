"""cloud-init's own Ec2 data source, told that it is on AWS.

It knows AWS by the firmware's UUID, which a container doesn't have, and without that it would
ask for metadata without a token, which IMDSv2 refuses.
"""

from cloudinit import sources
from cloudinit import url_helper
from cloudinit.sources import DataSourceEc2 as ec2


class DataSourceEc2Machine(ec2.DataSourceEc2):
    """Ec2 data source of a rehearsal's machine."""

    def _get_cloud_name(self):
        return ec2.CloudNames.AWS

    def check_instance_id(self, sys_cfg):
        """Boot as what it was at the last boot while nobody answers (the rehearsal has ended)."""
        url = f"{self.metadata_urls[0]}/{ec2.API_TOKEN_ROUTE}"
        headers = {ec2.AWS_TOKEN_REQ_HEADER: ec2.AWS_TOKEN_TTL_SECONDS}
        try:
            url_helper.readurl(url, request_method="PUT", headers=headers, timeout=5, retries=2)
        except url_helper.UrlError:
            return True
        return False


def get_datasource_list(depends):
    """Return the data sources for a stage: after the network is up, since Docker sets it up."""
    needs = (sources.DEP_FILESYSTEM, sources.DEP_NETWORK)
    return sources.list_from_depends(depends, [(DataSourceEc2Machine, needs)])
