import pytest

from workbench.components.errors import ArgumentError
from workbench.components.lookups import look_up

OFFICIAL = (
    "invoke of aws:ec2/getSubnet:getSubnet failed: invocation of aws:ec2/getSubnet:getSubnet "
    "returned an error: invoking aws:ec2/getSubnet:getSubnet: 1 error occurred:\n"
    "\t* reading EC2 Subnet: operation error EC2: DescribeSubnets, https response error "
    "StatusCode: 400, RequestID: 1, api error InvalidSubnetID.NotFound: The subnet ID "
    "'subnet-1' does not exist\n\n"
)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (OFFICIAL, "InvalidSubnetID.NotFound: The subnet ID 'subnet-1' does not exist"),
        ("invoke of x failed: invocation of x returned an error: No such thing.", "No such thing"),
        ("", "RuntimeError"),
    ],
)
def test_a_refusal_is_told_in_awss_own_words_alone(said, reason):
    def ask():
        raise RuntimeError(said)

    with pytest.raises(ArgumentError) as refused:
        look_up(ask, "AWS does not show the subnet", "List yours.")

    assert refused.value.message == f"AWS does not show the subnet ({reason})."
    assert refused.value.hint == "List yours."


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "invoke failed: Can't look up x: the rehearsal's AWS API does not answer (refused).\n"
            "  Start it: workbench rehearsal.start",
            "AWS can't be asked: invoke failed: Can't look up x: the rehearsal's AWS API does not"
            " answer (refused).",
        ),
        (
            "1 error:\n\t* No valid credential sources found.\n",
            "No valid credential sources found.",
        ),
    ],
)
def test_no_answer_is_not_taken_for_a_no(said, told):
    def ask():
        raise RuntimeError(said)

    with pytest.raises(ArgumentError) as failed:
        look_up(ask, "AWS has no such thing", "Take another.")

    assert failed.value.message.endswith(told)
    assert "no such thing" not in failed.value.message


def test_an_answer_is_passed_on():
    assert look_up(lambda: 7, "never said") == 7
