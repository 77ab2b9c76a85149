"""What an instance's console shows: as it is now, or on older types as EC2 posted it last."""

from typing import Any

# How EC2's codes begin that refuse the console of now. Instance types before the Nitro system, such
# as t2 and m4, don't have it.
# docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html
_REFUSED = ("Unsupported", "InvalidParameter")


class Console:
    """An instance's console; ``is_late`` once EC2 is known to show it only some time after."""

    def __init__(self, ec2: Any, instance_id: str) -> None:
        self._ec2, self._instance_id = ec2, instance_id
        self.is_late = False

    def read(self) -> str:
        """Return what it shows; empty where that is nothing yet."""
        from botocore.exceptions import ClientError

        if not self.is_late:
            try:
                return self._output(Latest=True)
            except ClientError as error:
                if not error.response.get("Error", {}).get("Code", "").startswith(_REFUSED):
                    raise
                self.is_late = True
        return self._output()

    def _output(self, **options: bool) -> str:
        shown = self._ec2.get_console_output(InstanceId=self._instance_id, **options)
        return str(shown.get("Output", ""))
