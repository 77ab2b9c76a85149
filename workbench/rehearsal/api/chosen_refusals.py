"""Calls of EC2 that this rehearsal refuses, by a parameter anyone may set.

On AWS a quota, a Free plan, a missing right or a new account's verification refuses a first
server. In a rehearsal that is had by ``aws ssm put-parameter --name /rehearsal/refused
--type StringList --value RunInstances=VcpuLimitExceeded,AllocateAddress=AddressLimitExceeded``,
and ends with ``aws ssm delete-parameter``. What AWS says is in its own words.
"""

import uuid
from xml.sax.saxutils import escape

from workbench.rehearsal.api.parameters import read_parameter
from workbench.rehearsal.iam.refusals import EC2_ERROR

PARAMETER = "/rehearsal/refused"
# By EC2's code, and for some by a name of ours, as EC2 has one code for several refusals.
_MESSAGES = {
    "VcpuLimitExceeded": (
        "You have requested more vCPU capacity than your current vCPU limit of 1 allows for the"
        " instance bucket that the specified instance type belongs to. Please visit"
        " http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
    ),
    "FreeTier": (
        "The specified instance type is not eligible for Free Tier. For a list of Free Tier"
        " instance types, run 'describe-instance-types' with the filter 'free-tier-eligible=true'."
    ),
    "UnauthorizedOperation": (
        "You are not authorized to perform this operation. User:"
        " arn:aws:iam::123456789012:user/ada is not authorized to perform: ec2:{action} on"
        " resource: arn:aws:ec2:us-east-1:123456789012:* because no identity-based policy allows"
        " the ec2:{action} action."
    ),
    "AddressLimitExceeded": "The maximum number of addresses has been reached.",
    "VpcLimitExceeded": "The maximum number of VPCs has been reached.",
    "InternetGatewayLimitExceeded": "The maximum number of internet gateways has been reached.",
    "VolumeLimitExceeded": "You have exceeded your maximum gp3 storage limit in this region.",
    "PendingVerification": (
        "Your request for accessing resources in this region is being validated, and you will not"
        " be able to launch additional resources in this region until the validation is complete."
        " We will notify you by email once your request has been validated."
    ),
    "OptInRequired": "You are not subscribed to this service. Please go to http://aws.amazon.com.",
    "Blocked": "This account is currently blocked and not recognized as a valid account.",
}
_CODES = {"FreeTier": "InvalidParameterCombination"}


def refusal(region: str, action: str) -> bytes | None:
    """Return EC2's answer to a call that is refused; None where it isn't."""
    pairs = (each.partition("=") for each in read_parameter(region, PARAMETER))
    wanted = {name.strip(): code.strip() for name, _, code in pairs}.get(action)
    if wanted is None:
        return None
    message = _MESSAGES.get(wanted, "Refused by this rehearsal.").replace("{action}", action)
    code, id_ = _CODES.get(wanted, wanted), str(uuid.uuid4())
    return EC2_ERROR.format(code=escape(code), message=escape(message), id=id_).encode()
