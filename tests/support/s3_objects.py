"""Copies objects by boto3: s3_objects.py upload|download ENDPOINT BUCKET DIRECTORY. Keys are the files' paths in the directory."""

import sys
from pathlib import Path

import boto3
from botocore.config import Config

action, endpoint, bucket, directory = sys.argv[1:]
s3 = boto3.client(
    "s3",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id="test",
    aws_secret_access_key="test",
    config=Config(s3={"addressing_style": "path"}),
)
directory = Path(directory)
if action == "upload":
    if bucket not in [known["Name"] for known in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=bucket)
    for file in sorted(directory.rglob("*")):
        if file.is_file():
            s3.put_object(Bucket=bucket, Key=file.relative_to(directory).as_posix(), Body=file.read_bytes())
else:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for listed in page.get("Contents", []):
            file = directory / listed["Key"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(s3.get_object(Bucket=bucket, Key=listed["Key"])["Body"].read())
