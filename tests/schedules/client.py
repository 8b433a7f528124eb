"""What code written for EventBridge Scheduler does, done to a server at ENDPOINT by boto3."""

import datetime
import json
import os
import time
import unittest
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/tests"
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:"
QUEUE = "arn:aws:batch:us-east-1:000000000000:job-queue/default"
OFF = {"Mode": "OFF"}
ECHO = {"StartAt": "Echo", "States": {"Echo": {"Type": "Pass", "End": True}}}


def client(service):
    return boto3.client(
        service,
        endpoint_url=os.environ["ENDPOINT"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 1}),
    )


def soon(seconds=2):
    """A local time in UTC for `at`, some seconds from now."""
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return f"at({now.strftime('%Y-%m-%dT%H:%M:%S')})"


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scheduler = client("scheduler")
        cls.sfn = client("stepfunctions")
        cls.batch = client("batch")

    def name(self, beginning="s"):
        return f"{beginning}-{uuid.uuid4().hex[:12]}"

    def machine(self):
        name = self.name("machine")
        return self.sfn.create_state_machine(name=name, definition=json.dumps(ECHO), roleArn=ROLE)["stateMachineArn"]

    def create(self, name=None, **more):
        name = name or self.name()
        request = {
            "Name": name,
            "ScheduleExpression": "rate(1 hours)",
            "StartDate": datetime.datetime(2099, 1, 1),
            "FlexibleTimeWindow": OFF,
            "Target": {"Arn": MACHINE + "any", "RoleArn": ROLE},
        }
        request.update(more)
        request = {key: value for key, value in request.items() if value is not None}
        return name, self.scheduler.create_schedule(**request)["ScheduleArn"]

    def refused(self, code, status, call, **request):
        with self.assertRaises(ClientError) as raised:
            call(**request)
        error = raised.exception.response
        self.assertEqual(error["Error"]["Code"], code, error)
        self.assertEqual(error["ResponseMetadata"]["HTTPStatusCode"], status)
        return error.get("Message") or error["Error"]["Message"]

    def until(self, look, seconds=20):
        for _ in range(seconds * 20):
            found = look()
            if found:
                return found
            time.sleep(0.05)
        self.fail("it does not come")


class Schedules(Case):
    def test_created_and_shown(self):
        name, arn = self.create(
            ScheduleExpression="cron(0 2 ? * MON-FRI *)",
            ScheduleExpressionTimezone="Europe/Berlin",
            StartDate=None,
            Description="every night",
            FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
            Target={
                "Arn": MACHINE + "any",
                "RoleArn": ROLE,
                "Input": '{"a": 1}',
                "RetryPolicy": {"MaximumRetryAttempts": 3},
                "SqsParameters": {"MessageGroupId": "g"},
            },
        )
        self.assertEqual(arn, f"arn:aws:scheduler:us-east-1:000000000000:schedule/default/{name}")
        shown = self.scheduler.get_schedule(Name=name)
        self.assertEqual(shown["Arn"], arn)
        self.assertEqual(shown["GroupName"], "default")
        self.assertEqual(shown["State"], "ENABLED")
        self.assertEqual(shown["ActionAfterCompletion"], "NONE")
        self.assertEqual(shown["ScheduleExpressionTimezone"], "Europe/Berlin")
        self.assertEqual(shown["FlexibleTimeWindow"], {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15})
        retry = {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 3}
        self.assertEqual(shown["Target"]["RetryPolicy"], retry)
        self.assertEqual(shown["Target"]["SqsParameters"], {"MessageGroupId": "g"})
        self.assertIsInstance(shown["CreationDate"], datetime.datetime)
        self.assertLess(abs(time.time() - shown["CreationDate"].timestamp()), 60)

    def test_replaced_as_a_whole(self):
        name, _ = self.create(Description="first")
        self.scheduler.update_schedule(
            Name=name,
            ScheduleExpression="rate(2 days)",
            FlexibleTimeWindow=OFF,
            State="DISABLED",
            Target={"Arn": MACHINE + "other", "RoleArn": ROLE},
        )
        shown = self.scheduler.get_schedule(Name=name)
        self.assertNotIn("Description", shown)
        self.assertNotIn("StartDate", shown)
        self.assertEqual(shown["State"], "DISABLED")
        self.assertEqual(shown["Target"]["Arn"], MACHINE + "other")
        self.assertGreater(shown["LastModificationDate"], shown["CreationDate"])

    def test_created_once_by_token(self):
        name = self.name()
        token = uuid.uuid4().hex
        first = self.create(name, ClientToken=token)
        self.assertEqual(self.create(name, ClientToken=token), first)
        self.refused("ConflictException", 409, lambda: self.create(name))
        self.refused("ConflictException", 409, lambda: self.create(name, ClientToken=token, Description="other"))
        for _ in range(2):
            self.scheduler.delete_schedule(Name=name, ClientToken=token)
        self.refused("ResourceNotFoundException", 404, self.scheduler.delete_schedule, Name=name)
        message = self.refused("ResourceNotFoundException", 404, self.scheduler.get_schedule, Name=name)
        self.assertEqual(message, f"Schedule {name} does not exist.")

    def test_refused(self):
        for more, said in [
            ({"ScheduleExpression": "cron(61 * * * ? *)"}, "Invalid Schedule Expression cron(61 * * * ? *). minutes `61`"),
            ({"ScheduleExpression": "rate(0 minutes)"}, "value `0`"),
            ({"ScheduleExpressionTimezone": "Mars/Base"}, "Invalid ScheduleExpressionTimezone Mars/Base"),
            ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "flexibleTimeWindow.maximumWindowInMinutes"),
            ({"EndDate": datetime.datetime(2098, 1, 1)}, "'endDate' failed to satisfy constraint: it is not after StartDate"),
            ({"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:s3", "RoleArn": ROLE}}, "aws-sdk:s3 names no operation"),
            ({"Target": {"Arn": "arn:aws:ec2:us-east-1:000000000000:instance/i-1", "RoleArn": ROLE}}, "'target.arn'"),
            (
                {"Target": {"Arn": "arn:aws:kinesis:us-east-1:000000000000:stream/one", "RoleArn": ROLE}},
                "'target.kinesisParameters'",
            ),
        ]:
            with self.subTest(said):
                message = self.refused("ValidationException", 400, lambda: self.create(**more))
                self.assertIn(said, message)
        missing = {"GroupName": "nobody"}
        message = self.refused("ResourceNotFoundException", 404, lambda: self.create(**missing))
        self.assertEqual(message, "Schedule group nobody does not exist.")

    def test_listed_in_pages(self):
        group = self.name("group")
        self.scheduler.create_schedule_group(Name=group)
        names = [f"page-{number}" for number in range(7)]
        for name in names:
            self.create(name, GroupName=group, State="DISABLED" if name == "page-3" else "ENABLED")
        pages = self.scheduler.get_paginator("list_schedules").paginate(
            GroupName=group, PaginationConfig={"PageSize": 3}
        )
        found = [[item["Name"] for item in page["Schedules"]] for page in pages]
        self.assertEqual(found, [names[:3], names[3:6], names[6:]])
        disabled = self.scheduler.list_schedules(GroupName=group, State="DISABLED")["Schedules"]
        self.assertEqual([item["Name"] for item in disabled], ["page-3"])
        self.assertEqual(disabled[0]["Target"], {"Arn": MACHINE + "any"})
        begun = self.scheduler.list_schedules(GroupName=group, NamePrefix="page-1")["Schedules"]
        self.assertEqual([item["Name"] for item in begun], ["page-1"])


class Groups(Case):
    def test_a_life(self):
        group = self.name("group")
        arn = self.scheduler.create_schedule_group(Name=group, Tags=[{"Key": "team", "Value": "x"}])["ScheduleGroupArn"]
        self.assertEqual(arn, f"arn:aws:scheduler:us-east-1:000000000000:schedule-group/{group}")
        self.refused("ConflictException", 409, self.scheduler.create_schedule_group, Name=group)
        shown = self.scheduler.get_schedule_group(Name=group)
        self.assertEqual((shown["State"], shown["Arn"]), ("ACTIVE", arn))
        self.scheduler.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "y"}, {"Key": "a/b", "Value": "1"}])
        tags = self.scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"]
        self.assertEqual(tags, [{"Key": "team", "Value": "y"}, {"Key": "a/b", "Value": "1"}])
        self.scheduler.untag_resource(ResourceArn=arn, TagKeys=["a/b", "none"])
        self.assertEqual(len(self.scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"]), 1)
        name, _ = self.create(GroupName=group)
        self.scheduler.delete_schedule_group(Name=group)
        self.refused("ResourceNotFoundException", 404, self.scheduler.get_schedule_group, Name=group)
        self.refused("ResourceNotFoundException", 404, self.scheduler.get_schedule, Name=name, GroupName=group)
        self.refused("ResourceNotFoundException", 404, self.scheduler.list_tags_for_resource, ResourceArn=arn)

    def test_the_default_group(self):
        names = [group["Name"] for group in self.scheduler.list_schedule_groups()["ScheduleGroups"]]
        self.assertIn("default", names)
        self.refused("ValidationException", 400, self.scheduler.delete_schedule_group, Name="default")


class Targets(Case):
    def executions(self, machine):
        return self.sfn.list_executions(stateMachineArn=machine)["executions"]

    def test_an_execution_once_and_then_no_schedule(self):
        machine = self.machine()
        name, arn = self.create(
            ScheduleExpression=soon(),
            StartDate=None,
            ActionAfterCompletion="DELETE",
            Target={
                "Arn": machine,
                "RoleArn": ROLE,
                "Input": '{"time": "<aws.scheduler.scheduled-time>", "schedule": "<aws.scheduler.schedule-arn>"}',
            },
        )
        [started] = self.until(lambda: self.executions(machine))
        self.assertTrue(started["name"].startswith(name + "-"), started)
        payload = json.loads(self.sfn.describe_execution(executionArn=started["executionArn"])["input"])
        self.assertEqual(payload["schedule"], arn)
        datetime.datetime.strptime(payload["time"], "%Y-%m-%dT%H:%M:%SZ")
        self.until(lambda: not self.scheduler.list_schedules(NamePrefix=name)["Schedules"])

    def test_an_execution_by_the_sdk_call(self):
        machine = self.machine()
        parameters = {"StateMachineArn": machine, "Input": '{"a": "<aws.scheduler.attempt-number>"}'}
        self.create(
            ScheduleExpression=soon(),
            StartDate=None,
            Target={"Arn": "arn:aws:scheduler:::aws-sdk:sfn:startExecution", "RoleArn": ROLE, "Input": json.dumps(parameters)},
        )
        [started] = self.until(lambda: self.executions(machine))
        shown = self.sfn.describe_execution(executionArn=started["executionArn"])
        self.assertEqual(json.loads(shown["input"]), {"a": "1"})

    def test_an_execution_without_an_input(self):
        machine = self.machine()
        _, arn = self.create(ScheduleExpression=soon(), StartDate=None, Target={"Arn": machine, "RoleArn": ROLE})
        [started] = self.until(lambda: self.executions(machine))
        event = json.loads(self.sfn.describe_execution(executionArn=started["executionArn"])["input"])
        self.assertEqual((event["source"], event["resources"]), ("aws.scheduler", [arn]))

    def test_jobs(self):
        definition = self.batch.register_job_definition(
            jobDefinitionName=self.name("definition"),
            type="container",
            containerProperties={
                "image": "none",
                "command": ["true"],
                "resourceRequirements": [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "64"}],
            },
        )["jobDefinitionArn"]
        name = self.name("job")
        targets = [
            (QUEUE, {"JobName": name, "JobDefinition": definition}),
            (
                "arn:aws:scheduler:::aws-sdk:batch:submitJob",
                {"JobName": name, "JobQueue": "default", "JobDefinition": definition},
            ),
        ]
        for arn, parameters in targets:
            self.create(
                ScheduleExpression=soon(),
                StartDate=None,
                Target={"Arn": arn, "RoleArn": ROLE, "Input": json.dumps(parameters)},
            )
        filters = [{"name": "JOB_NAME", "values": [name]}]
        jobs = self.until(
            lambda: len(found := self.batch.list_jobs(jobQueue="default", filters=filters)["jobSummaryList"]) == 2 and found
        )
        self.assertEqual({job["jobName"] for job in jobs}, {name})

    def test_functions(self):
        path = os.path.join(os.environ["OUTBOX"], uuid.uuid4().hex)
        self.create(
            ScheduleExpression=soon(),
            StartDate=None,
            Target={
                "Arn": "arn:aws:lambda:us-east-1:000000000000:function:write",
                "RoleArn": ROLE,
                "Input": json.dumps({"path": path}),
            },
        )
        self.until(lambda: os.path.exists(path))
