"""AWS Certificate Manager: certificates, and the wait until one is issued."""

import time
from typing import Any

from .cloud import Cloud
from .failures import ProviderError
from .hosted_zones import bare_name
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import changed_tags
from .tags import read_tags
from .tags import tag_list
from .tags import tags_of
from .values import Properties


def create_certificate(cloud: Cloud, inputs: Properties) -> str:
    """Request a certificate, or import one."""
    acm, tags = cloud.client("acm"), tag_list(tags_of(inputs))
    more: dict[str, Any] = {"Tags": tags} if tags else {}
    if inputs.get("certificateBody"):
        chain = inputs.get("certificateChain")
        return str(
            acm.import_certificate(
                Certificate=inputs["certificateBody"].encode(),
                PrivateKey=inputs["privateKey"].encode(),
                **({"CertificateChain": chain.encode()} if chain else {}),
                **more,
            )["CertificateArn"]
        )
    if others := inputs.get("subjectAlternativeNames"):
        more["SubjectAlternativeNames"] = others
    answer = acm.request_certificate(
        DomainName=inputs["domainName"],
        ValidationMethod=inputs.get("validationMethod", "DNS"),
        IdempotencyToken=f"pulumi{time.time_ns()}"[:32],
        **more,
    )
    return str(answer["CertificateArn"])


def read_certificate(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a certificate."""
    acm = cloud.client("acm")
    found = acm.describe_certificate(CertificateArn=identifier)["Certificate"]
    domain = found["DomainName"]
    tags = acm.list_tags_for_certificate(CertificateArn=identifier)["Tags"]
    # AWS names the domain among the alternatives, too; a program need not.
    named = state.get("subjectAlternativeNames") or []
    others = [name for name in found.get("SubjectAlternativeNames") or [] if name in named]
    return {
        "arn": identifier,
        "domainName": domain,
        "subjectAlternativeNames": sorted(others) if named else None,
        "domainValidationOptions": _options(found.get("DomainValidationOptions") or []),
        "notAfter": str(found.get("NotAfter", "")),
        "notBefore": str(found.get("NotBefore", "")),
        "pendingRenewal": False,
        "renewalEligibility": found.get("RenewalEligibility"),
        "renewalSummaries": [],
        "status": found["Status"],
        "type": found["Type"],
        "validationEmails": [],
        **read_tags(cloud, tags, state),
    }


def _options(options: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return the records that prove whose a domain is; those of a name and its wildcard are one."""
    return [
        {
            "domainName": each["DomainName"],
            "resourceRecordName": each["ResourceRecord"]["Name"],
            "resourceRecordType": each["ResourceRecord"]["Type"],
            "resourceRecordValue": each["ResourceRecord"]["Value"],
        }
        for each in sorted(options, key=lambda each: str(each["DomainName"]))
        if "ResourceRecord" in each
    ]


def update_certificate(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a certificate's tags."""
    acm = cloud.client("acm")
    removed, added = changed_tags(change)
    if removed:
        gone = [{"Key": key} for key in removed]
        acm.remove_tags_from_certificate(CertificateArn=identifier, Tags=gone)
    if added:
        acm.add_tags_to_certificate(CertificateArn=identifier, Tags=tag_list(added))


def delete_certificate(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a certificate."""
    cloud.client("acm").delete_certificate(CertificateArn=identifier)


def await_certificate(cloud: Cloud, inputs: Properties) -> str:
    """Wait until a certificate is issued: nothing is made. The id is the certificate's time."""
    arn = inputs["certificateArn"]
    acm = cloud.client("acm")
    _check_names(acm.describe_certificate(CertificateArn=arn)["Certificate"], inputs)

    def is_issued() -> bool:
        status = acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"]
        return bool(status == "ISSUED")

    cloud.wait(f"the certificate {arn} to be issued", is_issued)
    return f"{arn} {int(time.time())}"


def _check_names(certificate: dict[str, Any], inputs: Properties) -> None:
    """Refuse records that aren't those of the certificate, as the official plugin does."""
    wanted = {
        bare_name(each["ResourceRecord"]["Name"])
        for each in certificate.get("DomainValidationOptions") or []
    }
    given = {bare_name(name) for name in inputs.get("validationRecordFqdns") or wanted}
    if missing := sorted(wanted - given):
        raise ProviderError(
            f"The certificate needs the record {missing[0]}, which validationRecordFqdns lacks.",
            "Make a record for each of the certificate's domainValidationOptions.",
        )


def read_validation(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read whether a certificate is issued."""
    found = cloud.client("acm").describe_certificate(CertificateArn=state["certificateArn"])
    return {} if found["Certificate"]["Status"] == "ISSUED" else None


def forget_validation(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Do nothing: there is nothing of it in AWS."""


CERTIFICATE = ResourceType(
    type="aws:acm/certificate:Certificate",
    calls=Calls(create_certificate, read_certificate, delete_certificate, update_certificate),
    inputs=names(
        "certificateBody certificateChain domainName privateKey subjectAlternativeNames"
        " validationMethod"
    ),
    computed=names(
        "arn domainValidationOptions notAfter notBefore pendingRenewal renewalEligibility"
        " renewalSummaries status type validationEmails"
    ),
    chosen=names("domainName"),
    replaces=names(
        "certificateBody certificateChain domainName privateKey subjectAlternativeNames"
        " validationMethod"
    ),
    normalise={"subjectAlternativeNames": sorted},
    tags=True,
)
VALIDATION = ResourceType(
    type="aws:acm/certificateValidation:CertificateValidation",
    calls=Calls(await_certificate, read_validation, forget_validation),
    inputs=names("certificateArn validationRecordFqdns"),
    required=names("certificateArn"),
    # The official plugin waits 75 minutes; a rehearsal's are issued when their records are there.
    limit=300.0,
)
ROWS = (CERTIFICATE, VALIDATION)
