"""Key pairs: the public half only."""

from .cloud import Cloud
from .resource import AutoName
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import read_tags
from .tags import tag_specifications
from .tags import update_ec2_tags
from .values import Properties


def create_key_pair(cloud: Cloud, inputs: Properties) -> str:
    """Import a public key."""
    answer = cloud.client("ec2").import_key_pair(
        KeyName=inputs["keyName"],
        PublicKeyMaterial=inputs["publicKey"].strip().encode(),
        TagSpecifications=tag_specifications("key-pair", inputs),
    )
    return str(answer["KeyName"])


def read_key_pair(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a key pair; AWS tells its fingerprint, and the key itself stays as it was given."""
    pair = cloud.client("ec2").describe_key_pairs(KeyNames=[identifier])["KeyPairs"][0]
    return {
        "arn": cloud.arn("ec2", f"key-pair/{identifier}"),
        "keyName": pair["KeyName"],
        "keyPairId": pair.get("KeyPairId"),
        "fingerprint": pair.get("KeyFingerprint"),
        "keyType": pair.get("KeyType"),
        **read_tags(cloud, pair.get("Tags"), state),
    }


def update_key_pair(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a key pair's tags."""
    update_ec2_tags(cloud, change.state["keyPairId"], change)


def delete_key_pair(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a key pair."""
    cloud.client("ec2").delete_key_pair(KeyName=identifier)


def same_key(key: str) -> str:
    """Return a public key without what doesn't matter to AWS: space around it and its comment."""
    return " ".join(key.split()[:2])


KEY_PAIR = ResourceType(
    type="aws:ec2/keyPair:KeyPair",
    calls=Calls(create_key_pair, read_key_pair, delete_key_pair, update_key_pair),
    inputs=names("keyName keyNamePrefix publicKey"),
    required=names("publicKey"),
    computed=names("arn fingerprint keyPairId keyType"),
    replaces=names("keyName keyNamePrefix publicKey"),
    normalise={"publicKey": same_key},
    name=AutoName("keyName"),
    tags=True,
)
ROWS = (KEY_PAIR,)
