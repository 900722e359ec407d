"""What of the original's SDK its command line does not use. Run by its venv's Python, see `odahuflowctl`.

  client_odahu.py URL [TOKEN]     one line of JSON: what the API told
"""

import json
import sys

from odahuflow.sdk.clients.configuration import ConfigurationClient
from odahuflow.sdk.clients.deployment import ModelDeploymentClient
from odahuflow.sdk.clients.feedback import FeedbackClient
from odahuflow.sdk.clients.user_info import UserInfoClient


def main(url, token=""):
    deployments = ModelDeploymentClient(url, token)
    told = {
        "feedback": FeedbackClient(url, token).post({"quality": 6}, "wine-quality", "1.0", "sdk-1").to_dict(),
        "user": UserInfoClient(url, token).get().to_dict(),
        "configuration": ConfigurationClient(url, token).get().to_dict(),
        "tasters": [each.id for each in deployments.get_all({"roleName": "tasters"})],
        "nobodys": [each.id for each in deployments.get_all({"roleName": "nobody"})],
    }
    print(json.dumps(told))


main(*sys.argv[1:])
