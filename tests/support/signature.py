"""Signs a request as botocore does, as of the time that it was signed before; prints the value of its Authorization header.

The input: {method, url, headers, body, access_key, secret_key, session_token, region, service}."""

import datetime
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

told = json.load(sys.stdin)
date = told["headers"].pop("x-amz-date")
signed_at = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ")
botocore.auth.get_current_datetime = lambda remove_tzinfo=True: (
    signed_at if remove_tzinfo else signed_at.replace(tzinfo=datetime.timezone.utc)
)
# Which headers are signed is the signer's choice.
names = told["headers"].pop("authorization").split("SignedHeaders=")[1].split(",")[0].split(";")
headers = {name: value for name, value in told["headers"].items() if name in names}
request = AWSRequest(method=told["method"], url=told["url"], headers=headers, data=told["body"].encode())
credentials = Credentials(told["access_key"], told["secret_key"], told["session_token"])
botocore.auth.SigV4Auth(credentials, told["service"], told["region"]).add_auth(request)
print(request.headers["Authorization"])
