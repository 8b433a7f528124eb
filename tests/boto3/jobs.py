"""What code written for AWS Batch and CloudWatch Logs does, done to a server at ENDPOINT by boto3."""

import json
import os
import time
import unittest
import uuid

import boto3
from botocore.config import Config

ROLE = "arn:aws:iam::000000000000:role/tests"
GROUP = "/aws/batch/job"
SMALL = [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "32"}]


def client(service):
    return boto3.client(
        service,
        endpoint_url=os.environ["ENDPOINT"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 1}),
    )


def name(kind):
    return f"{kind}-{uuid.uuid4().hex[:12]}"


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.batch = client("batch")
        cls.logs = client("logs")
        cls.definition = cls.define("echo hello; echo again")

    @classmethod
    def define(cls, script, **more):
        command = ["sh", "-c", script]
        properties = {"image": "none", "command": command, "resourceRequirements": SMALL, **more.pop("container", {})}
        registered = cls.batch.register_job_definition(
            jobDefinitionName=name("definition"), type="container", containerProperties=properties, **more
        )
        return registered["jobDefinitionArn"]

    def submit(self, definition=None, **more):
        more = {"jobName": name("job"), "jobQueue": "default", **more}
        return self.batch.submit_job(jobDefinition=definition or self.definition, **more)["jobId"]

    def describe(self, job):
        (described,) = self.batch.describe_jobs(jobs=[job])["jobs"]
        return described

    def wait(self, job, *statuses):
        statuses = statuses or ("SUCCEEDED", "FAILED")
        for _ in range(600):
            described = self.describe(job)
            if described["status"] in statuses:
                return described
            time.sleep(0.05)
        self.fail(f"{job} is still {described['status']}: {described.get('statusReason')}")

    def refused(self, text, call, **request):
        """A ClientException that says so, in AWS's wrapping."""
        with self.assertRaises(self.batch.exceptions.ClientException) as raised:
            call(**request)
        error = raised.exception.response["Error"]
        self.assertEqual(error["Code"], "ClientException")
        self.assertRegex(error["Message"], "^Error executing request, Exception : .*, RequestId: [0-9a-f-]{36}$")
        self.assertIn(text, error["Message"])

    def printed(self, job):
        stream = self.describe(job)["container"]["logStreamName"]
        events = self.logs.get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True)["events"]
        return [event["message"] for event in events]


class Jobs(Case):
    def test_a_job_is_defined_submitted_awaited_and_its_log_read(self):
        before = int(time.time() * 1000)
        job = self.submit(jobName="first", tags={"team": "ledger"})
        ended = self.wait(job)
        self.assertEqual(ended["status"], "SUCCEEDED")
        self.assertEqual(ended["statusReason"], "Essential container in task exited")
        self.assertEqual(ended["jobName"], "first")
        self.assertEqual(ended["jobDefinition"], self.definition)
        self.assertEqual(ended["jobQueue"], "arn:aws:batch:us-east-1:000000000000:job-queue/default")
        self.assertEqual(ended["jobArn"], f"arn:aws:batch:us-east-1:000000000000:job/{job}")
        self.assertEqual(ended["container"]["exitCode"], 0)
        self.assertEqual(ended["tags"], {"team": "ledger"})
        self.assertEqual(len(ended["attempts"]), 1)
        moments = [before, ended["createdAt"], ended["startedAt"], ended["stoppedAt"]]
        self.assertEqual(moments, sorted(moments))
        self.assertEqual(self.printed(job), ["hello", "again"])

    def test_a_job_that_fails_says_its_code_and_is_tried_again(self):
        definition = self.define("echo $AWS_BATCH_JOB_ATTEMPT; exit 7")
        job = self.submit(definition, retryStrategy={"attempts": 3})
        ended = self.wait(job)
        self.assertEqual((ended["status"], ended["container"]["exitCode"], len(ended["attempts"])), ("FAILED", 7, 3))
        streams = {attempt["container"]["logStreamName"] for attempt in ended["attempts"]}
        self.assertEqual(len(streams), 3)
        self.assertEqual(self.printed(job), ["3"])
        rules = [{"onExitCode": "7", "action": "EXIT"}]
        job = self.submit(definition, retryStrategy={"attempts": 3, "evaluateOnExit": rules})
        self.assertEqual(len(self.wait(job)["attempts"]), 1)

    def test_parameters_and_overrides_reach_the_command(self):
        definition = self.define("echo $0 $COLOUR $SIZE", parameters={"day": "monday"})
        container = self.batch.describe_job_definitions(jobDefinitions=[definition])["jobDefinitions"][0]
        command = container["containerProperties"]["command"] + ["Ref::day"]
        job = self.submit(
            definition,
            parameters={"day": "friday"},
            containerOverrides={
                "command": command,
                "environment": [{"name": "COLOUR", "value": "red"}, {"name": "SIZE", "value": "9"}],
                "resourceRequirements": [{"type": "MEMORY", "value": "64"}],
            },
        )
        ended = self.wait(job)
        self.assertEqual(self.printed(job), ["friday red 9"])
        self.assertIn({"type": "MEMORY", "value": "64"}, ended["container"]["resourceRequirements"])

    def test_an_array_has_children_with_indexes(self):
        definition = self.define("echo $AWS_BATCH_JOB_ARRAY_INDEX; test $AWS_BATCH_JOB_ARRAY_INDEX != 2")
        job = self.submit(definition, arrayProperties={"size": 4})
        ended = self.wait(job)
        self.assertEqual(ended["status"], "FAILED")
        self.assertEqual(ended["arrayProperties"]["size"], 4)
        summary = ended["arrayProperties"]["statusSummary"]
        self.assertEqual((summary["SUCCEEDED"], summary["FAILED"]), (3, 1))
        listed = self.batch.list_jobs(arrayJobId=job, jobStatus="SUCCEEDED")["jobSummaryList"]
        indexes = sorted(child["arrayProperties"]["index"] for child in listed)
        self.assertEqual(indexes, [0, 1, 3])
        self.assertEqual(self.printed(f"{job}:3"), ["3"])
        self.assertEqual(self.describe(f"{job}:2")["container"]["exitCode"], 1)

    def test_dependencies_are_waited_for_and_their_failures_spread(self):
        first = self.submit(self.define("sleep 0.3"))
        second = self.submit(dependsOn=[{"jobId": first}])
        self.assertIn(self.describe(second)["status"], ("SUBMITTED", "PENDING"))
        self.assertEqual(self.wait(second)["status"], "SUCCEEDED")
        self.assertGreaterEqual(self.describe(second)["startedAt"], self.describe(first)["stoppedAt"])
        broken = self.submit(self.define("exit 1"))
        ended = self.wait(self.submit(dependsOn=[{"jobId": broken}]))
        self.assertEqual((ended["status"], ended["attempts"]), ("FAILED", []))

    def test_a_waiting_job_is_cancelled_and_a_running_one_terminated(self):
        running = self.submit(self.define("echo on; sleep 600"))
        waiting = self.submit(dependsOn=[{"jobId": running}])
        self.batch.cancel_job(jobId=waiting, reason="not today")
        ended = self.wait(waiting)
        self.assertEqual((ended["status"], ended["statusReason"], ended["isCancelled"]), ("FAILED", "not today", True))
        self.wait(running, "RUNNING")
        self.batch.cancel_job(jobId=running, reason="it runs, so nothing happens")
        self.assertEqual(self.describe(running)["status"], "RUNNING")
        self.batch.terminate_job(jobId=running, reason="enough")
        ended = self.wait(running)
        self.assertEqual((ended["status"], ended["statusReason"], ended["isTerminated"]), ("FAILED", "enough", True))
        self.assertEqual(len(ended["attempts"]), 1)

    def test_many_are_ended_at_once(self):
        long = self.define("sleep 600")
        jobs = [self.submit(long) for _ in range(3)]
        told = self.batch.terminate_jobs(jobs=jobs + ["no-such-job"], reason="all of them")
        self.assertEqual(sorted(told["successful"]), sorted(jobs))
        (error,) = told["errors"]
        self.assertEqual((error["job"], error["code"]), ("no-such-job", "ClientException"))
        for job in jobs:
            self.assertEqual(self.wait(job)["statusReason"], "all of them")
        self.assertEqual(self.batch.cancel_jobs(jobs=jobs, reason="again")["errors"], [])

    def test_a_job_that_is_too_large_says_why_it_waits(self):
        requirements = [{"type": "VCPU", "value": "4096"}, {"type": "MEMORY", "value": "32"}]
        job = self.submit(containerOverrides={"resourceRequirements": requirements})
        self.assertIn("4096", self.wait(job, "RUNNABLE")["statusReason"])
        self.batch.terminate_job(jobId=job, reason="no machine is that large")
        self.assertEqual(self.wait(job)["status"], "FAILED")


class Lists(Case):
    def queue(self, **more):
        made = self.batch.create_job_queue(
            jobQueueName=name("queue"),
            priority=1,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "default"}],
            **more,
        )
        return made["jobQueueArn"]

    def test_jobs_are_listed_by_status_and_filter_page_by_page(self):
        queue = self.queue()
        jobs = [self.submit(jobQueue=queue, jobName=f"number-{number}") for number in range(7)]
        for job in jobs:
            self.wait(job)
        pages = list(
            self.batch.get_paginator("list_jobs").paginate(
                jobQueue=queue, jobStatus="SUCCEEDED", PaginationConfig={"PageSize": 3}
            )
        )
        self.assertEqual([len(page["jobSummaryList"]) for page in pages], [3, 3, 1])
        listed = [job["jobId"] for page in pages for job in page["jobSummaryList"]]
        self.assertEqual(sorted(listed), sorted(jobs))
        self.assertEqual(self.batch.list_jobs(jobQueue=queue)["jobSummaryList"], [])
        filters = [{"name": "JOB_NAME", "values": ["number-4"]}]
        (found,) = self.batch.list_jobs(jobQueue=queue, filters=filters)["jobSummaryList"]
        self.assertEqual((found["jobId"], found["status"]), (jobs[4], "SUCCEEDED"))
        self.refused("", self.batch.list_jobs, jobQueue=queue, arrayJobId=jobs[0])
        self.refused("", self.batch.list_jobs)

    def test_definitions_are_paged_and_have_revisions(self):
        known = name("revised")
        properties = {"image": "none", "command": ["true"], "resourceRequirements": SMALL}
        for revision in range(1, 6):
            made = self.batch.register_job_definition(
                jobDefinitionName=known, type="container", containerProperties=properties
            )
            self.assertEqual(made["revision"], revision)
        self.batch.deregister_job_definition(jobDefinition=f"{known}:5")
        pages = self.batch.get_paginator("describe_job_definitions").paginate(
            jobDefinitionName=known, status="ACTIVE", PaginationConfig={"PageSize": 2}
        )
        revisions = [one["revision"] for page in pages for one in page["jobDefinitions"]]
        self.assertEqual(sorted(revisions), [1, 2, 3, 4])
        job = self.submit(known)
        self.assertTrue(self.wait(job)["jobDefinition"].endswith(f"{known}:4"))

    def test_queues_environments_policies_and_resources_are_paged(self):
        for _ in range(3):
            self.queue()
            self.batch.create_scheduling_policy(name=name("policy"))
            self.batch.create_consumable_resource(consumableResourceName=name("licence"), totalQuantity=2)
            self.batch.create_compute_environment(computeEnvironmentName=name("environment"), type="UNMANAGED")
        for operation, member in [
            ("describe_job_queues", "jobQueues"),
            ("describe_compute_environments", "computeEnvironments"),
            ("list_scheduling_policies", "schedulingPolicies"),
            ("list_consumable_resources", "consumableResources"),
        ]:
            with self.subTest(operation):
                pages = list(self.batch.get_paginator(operation).paginate(PaginationConfig={"PageSize": 1}))
                self.assertGreaterEqual(len(pages), 3)
                self.assertEqual({len(page[member]) for page in pages}, {1})
                items = [json.dumps(page[member], sort_keys=True, default=str) for page in pages]
                self.assertEqual(len(set(items)), len(items))


class Logs(Case):
    def test_a_log_is_read_in_parts_both_ways(self):
        job = self.submit(self.define("for i in 1 2 3 4 5 6 7; do echo line $i; done"))
        stream = self.wait(job)["container"]["logStreamName"]
        place = {"logGroupName": GROUP, "logStreamName": stream}
        seen, token = [], None
        while True:
            more = {"nextToken": token} if token else {"startFromHead": True}
            part = self.logs.get_log_events(**place, limit=3, **more)
            if part["nextForwardToken"] == token:
                break
            seen += [event["message"] for event in part["events"]]
            token = part["nextForwardToken"]
        self.assertEqual(seen, [f"line {number}" for number in range(1, 8)])
        last = self.logs.get_log_events(**place, limit=2)
        self.assertEqual([event["message"] for event in last["events"]], ["line 6", "line 7"])
        earlier = self.logs.get_log_events(**place, limit=2, nextToken=last["nextBackwardToken"])
        self.assertEqual([event["message"] for event in earlier["events"]], ["line 4", "line 5"])

    def test_streams_are_described_and_events_filtered(self):
        jobs = [self.submit(self.define(f"echo apple {number}; echo pear")) for number in range(3)]
        streams = sorted(self.wait(job)["container"]["logStreamName"] for job in jobs)
        described = self.logs.get_paginator("describe_log_streams").paginate(
            logGroupName=GROUP, PaginationConfig={"PageSize": 2}
        )
        names = [stream["logStreamName"] for page in described for stream in page["logStreams"]]
        self.assertEqual(names, sorted(names))
        self.assertTrue(set(streams) <= set(names))
        one = self.logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=streams[0])["logStreams"]
        self.assertEqual([stream["logStreamName"] for stream in one], streams[:1])
        filtered = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=GROUP, logStreamNames=streams, filterPattern="apple", PaginationConfig={"PageSize": 1}
        )
        messages = sorted(event["message"] for page in filtered for event in page["events"])
        self.assertEqual(messages, ["apple 0", "apple 1", "apple 2"])

    def test_what_is_not_there_has_its_exception(self):
        missing = self.logs.exceptions.ResourceNotFoundException
        with self.assertRaises(missing):
            self.logs.get_log_events(logGroupName=GROUP, logStreamName="none")
        with self.assertRaises(missing):
            self.logs.describe_log_streams(logGroupName="/none")
        with self.assertRaises(self.logs.exceptions.InvalidParameterException):
            self.logs.get_log_events(logGroupName=GROUP, logStreamName="none", nextToken="none")


class Workflows(Case):
    """Jobs as tasks of state machines."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sfn = client("stepfunctions")

    def execute(self, resource, parameters, **state):
        parameters = {"JobName": name("job"), "JobQueue": "default", **parameters}
        resource = f"arn:aws:states:::{resource}"
        task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True, **state}
        definition = json.dumps({"StartAt": "Job", "States": {"Job": task}})
        machine = self.sfn.create_state_machine(name=name("machine"), definition=definition, roleArn=ROLE)
        execution = self.sfn.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
        for _ in range(600):
            ended = self.sfn.describe_execution(executionArn=execution)
            if ended["status"] != "RUNNING":
                events = self.sfn.get_execution_history(executionArn=execution)["events"]
                return ended, [event["type"] for event in events]
            time.sleep(0.05)
        self.fail(f"{execution} does not end")

    def test_a_state_waits_for_its_job_and_has_what_became_of_it(self):
        ended, events = self.execute("batch:submitJob.sync", {"JobDefinition": self.definition})
        job = json.loads(ended["output"])
        self.assertEqual((job["Status"], job["Container"]["ExitCode"]), ("SUCCEEDED", 0))
        managed = {"Name": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"}
        self.assertIn(managed, job["Container"]["Environment"])
        self.assertEqual(events[2:6], ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"])
        self.assertEqual(self.describe(job["JobId"])["status"], "SUCCEEDED")

    def test_a_job_that_fails_is_the_cause_as_json(self):
        ended, events = self.execute("batch:submitJob.sync", {"JobDefinition": self.define("echo oh; exit 3")})
        self.assertEqual((ended["status"], ended["error"]), ("FAILED", "States.TaskFailed"))
        job = json.loads(ended["cause"])
        self.assertEqual((job["Status"], job["Attempts"][0]["Container"]["ExitCode"]), ("FAILED", 3))
        self.assertEqual(events[-3:], ["TaskSubmitted", "TaskFailed", "ExecutionFailed"])

    def test_a_state_whose_time_is_up_terminates_its_job(self):
        parameters = {"JobName": name("late"), "JobDefinition": self.define("sleep 600")}
        ended, _ = self.execute("batch:submitJob.sync", parameters, TimeoutSeconds=1)
        self.assertEqual(ended["error"], "States.Timeout")
        filters = [{"name": "JOB_NAME", "values": [parameters["JobName"]]}]
        (job,) = self.batch.list_jobs(jobQueue="default", filters=filters)["jobSummaryList"]
        self.assertTrue(self.wait(job["jobId"])["isTerminated"])

    def test_a_container_answers_by_its_token(self):
        answer = "import os, urllib.request as r; " + "; ".join([
            "address = os.environ['SERVER'] + '/api/v1/tasks/' + os.environ['TaskToken'] + '/succeed'",
            "headers = {'content-type': 'application/json'}",
            "r.urlopen(r.Request(address, data=b'{\"output\": {\"answer\": 42}}', headers=headers, method='POST'))",
        ])
        overrides = {
            "Command": ["python3", "-c", answer],
            "Environment": [{"Name": "SERVER", "Value": os.environ["ENDPOINT"]}],
        }
        for bound in [{}, {"TaskToken.$": "$$.Task.Token"}]:
            with self.subTest(bound):
                ended, events = self.execute(
                    "batch:submitJob.waitForTaskToken",
                    {"JobDefinition": self.definition, "ContainerOverrides": overrides, **bound},
                )
                self.assertEqual(ended["status"], "SUCCEEDED", ended.get("cause"))
                self.assertEqual(json.loads(ended["output"]), {"answer": 42})
                self.assertIn("TaskSubmitted", events)

    def test_a_container_that_dies_without_an_answer_fails_its_task(self):
        token = {"Environment": [{"Name": "MINE", "Value.$": "$$.Task.Token"}]}
        broken = {"JobDefinition": self.define("exit 9"), "ContainerOverrides": token}
        ended, _ = self.execute("batch:submitJob.waitForTaskToken", broken)
        self.assertEqual(ended["error"], "States.TaskFailed")
        self.assertEqual(json.loads(ended["cause"])["Container"]["ExitCode"], 9)
        silent = {"JobDefinition": self.definition, "TaskToken.$": "$$.Task.Token"}
        ended, _ = self.execute("batch:submitJob.waitForTaskToken", silent)
        self.assertEqual(ended["error"], "States.TaskFailed")
        self.assertIn("ended without an answer", ended["cause"])


class Errors(Case):
    def test_errors_are_client_exceptions(self):
        batch = self.batch
        submit = {"jobName": "a", "jobQueue": "default", "jobDefinition": self.definition}
        for text, call, request in [
            ("JobQueue nope not found", batch.submit_job, {**submit, "jobQueue": "nope"}),
            ("nope", batch.submit_job, {**submit, "jobDefinition": "nope"}),
            ("jobName", batch.submit_job, {**submit, "jobName": "a b"}),
            ("size", batch.submit_job, {**submit, "arrayProperties": {"size": 1}}),
            ("dependsOn", batch.submit_job, {**submit, "dependsOn": [{"jobId": "nope"}]}),
            ("RetryAttempts must be provided", batch.submit_job,
             {**submit, "retryStrategy": {"evaluateOnExit": [{"onExitCode": "1", "action": "EXIT"}]}}),
            ("timeout", batch.submit_job, {**submit, "timeout": {"attemptDurationSeconds": 59}}),
            ("AWS_BATCH", batch.submit_job,
             {**submit, "containerOverrides": {"environment": [{"name": "AWS_BATCH_X", "value": "1"}]}}),
            ("shareIdentifier", batch.submit_job, {**submit, "shareIdentifier": "a"}),
            ("nope", batch.cancel_job, {"jobId": "nope", "reason": "r"}),
            ("nope", batch.terminate_job, {"jobId": "nope", "reason": "r"}),
            ("1024", batch.terminate_job, {"jobId": "nope", "reason": "r" * 1025}),
            ("100", batch.describe_jobs, {"jobs": ["a"] * 101}),
            ("Object already exists", batch.create_job_queue,
             {"jobQueueName": "default", "priority": 1,
              "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "default"}]}),
            ("MEMORY", batch.register_job_definition,
             {"jobDefinitionName": "a", "type": "container",
              "containerProperties": {"image": "i", "resourceRequirements": [
                  {"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "3"}]}}),
            ("nextToken", batch.list_jobs, {"jobQueue": "default", "nextToken": "none"}),
        ]:
            with self.subTest(text):
                self.refused(text, call, **request)
        self.assertEqual(batch.describe_jobs(jobs=["nope"])["jobs"], [])


class Operations(Case):
    """Every operation of the model, once."""

    def test_every_operation_is_answered(self):
        batch, called = self.batch, set()

        def do(method, /, **request):
            called.add(method)
            return getattr(batch, method)(**request)

        environment = do(
            "create_compute_environment",
            computeEnvironmentName=name("environment"),
            type="MANAGED",
            computeResources={"type": "EC2", "maxvCpus": 4, "subnets": ["subnet-1"], "instanceTypes": ["optimal"],
                              "instanceRole": ROLE, "minvCpus": 0, "securityGroupIds": []},
            tags={"ratchet:engine": "process", "ratchet:memory": "512"},
        )["computeEnvironmentArn"]
        do("update_compute_environment", computeEnvironment=environment, computeResources={"maxvCpus": 2})
        (described,) = do("describe_compute_environments", computeEnvironments=[environment])["computeEnvironments"]
        self.assertEqual((described["status"], described["computeResources"]["maxvCpus"]), ("VALID", 2))
        policy = do(
            "create_scheduling_policy",
            name=name("policy"),
            fairsharePolicy={"shareDecaySeconds": 600, "shareDistribution": [{"shareIdentifier": "a", "weightFactor": 2}]},
        )["arn"]
        do("update_scheduling_policy", arn=policy, fairsharePolicy={"computeReservation": 10})
        (described,) = do("describe_scheduling_policies", arns=[policy])["schedulingPolicies"]
        self.assertEqual(described["fairsharePolicy"]["computeReservation"], 10)
        self.assertIn({"arn": policy}, do("list_scheduling_policies")["schedulingPolicies"])
        queue = do(
            "create_job_queue",
            jobQueueName=name("queue"),
            priority=5,
            schedulingPolicyArn=policy,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
        )["jobQueueArn"]
        do("update_job_queue", jobQueue=queue, priority=6)
        (described,) = do("describe_job_queues", jobQueues=[queue])["jobQueues"]
        self.assertEqual((described["priority"], described["schedulingPolicyArn"]), (6, policy))
        licence = do(
            "create_consumable_resource", consumableResourceName=name("licence"), totalQuantity=1, resourceType="REPLENISHABLE"
        )["consumableResourceArn"]
        do("update_consumable_resource", consumableResource=licence, operation="ADD", quantity=1, clientToken="once")
        do("update_consumable_resource", consumableResource=licence, operation="ADD", quantity=1, clientToken="once")
        self.assertEqual(do("describe_consumable_resource", consumableResource=licence)["totalQuantity"], 2)
        listed = do("list_consumable_resources")["consumableResources"]
        self.assertIn(licence, [resource["consumableResourceArn"] for resource in listed])
        definition = do(
            "register_job_definition",
            jobDefinitionName=name("definition"),
            type="container",
            containerProperties={"image": "none", "command": ["sleep", "600"], "resourceRequirements": SMALL},
            consumableResourceProperties={"consumableResourceList": [{"consumableResource": licence, "quantity": 2}]},
        )["jobDefinitionArn"]
        (described,) = do("describe_job_definitions", jobDefinitions=[definition])["jobDefinitions"]
        self.assertEqual(described["status"], "ACTIVE")
        jobs = [
            do("submit_job", jobName=f"job-{number}", jobQueue=queue, jobDefinition=definition, shareIdentifier="a")["jobId"]
            for number in range(5)
        ]
        self.wait(jobs[0], "RUNNING")
        self.assertEqual(self.wait(jobs[1], "RUNNABLE")["status"], "RUNNABLE")
        consumers = do("list_jobs_by_consumable_resource", consumableResource=licence)["jobs"]
        self.assertEqual(len(consumers), 5)
        front = do("get_job_queue_snapshot", jobQueue=queue)["frontOfQueue"]["jobs"]
        self.assertEqual([job["jobArn"].rsplit("/")[-1] for job in front], jobs[1:])
        self.assertEqual(len(do("list_jobs", jobQueue=queue)["jobSummaryList"]), 1)
        do("tag_resource", resourceArn=queue, tags={"a": "1", "b": "2"})
        do("untag_resource", resourceArn=queue, tagKeys=["a"])
        self.assertEqual(do("list_tags_for_resource", resourceArn=queue)["tags"], {"b": "2"})
        do("cancel_job", jobId=jobs[1], reason="one")
        do("cancel_jobs", jobs=jobs[2:4], reason="two")
        do("terminate_job", jobId=jobs[4], reason="one more")
        do("terminate_jobs", jobs=jobs[:1], reason="the last")
        ended = [self.wait(job)["statusReason"] for job in jobs]
        self.assertEqual(ended, ["the last", "one", "two", "two", "one more"])
        self.assertEqual(len(do("describe_jobs", jobs=jobs)["jobs"]), 5)
        do("deregister_job_definition", jobDefinition=definition)
        self.refused("ENABLED", batch.delete_job_queue, jobQueue=queue)
        batch.update_job_queue(jobQueue=queue, state="DISABLED")
        do("delete_job_queue", jobQueue=queue)
        do("delete_scheduling_policy", arn=policy)
        do("delete_consumable_resource", consumableResource=licence)
        batch.update_compute_environment(computeEnvironment=environment, state="DISABLED")
        do("delete_compute_environment", computeEnvironment=environment)
        self.assertEqual(batch.describe_job_queues(jobQueues=[queue])["jobQueues"], [])

        model = batch.meta.service_model
        for operation in set(batch.meta.method_to_api_mapping) - called:
            with self.subTest(operation):
                shape = model.operation_model(batch.meta.method_to_api_mapping[operation]).input_shape
                request = {member: some(shape.members[member]) for member in shape.required_members}
                self.refused("SageMaker", getattr(batch, operation), **request)
                called.add(operation)
        self.assertEqual(len(called), len(model.operation_names))


def some(shape):
    """A value of a shape, with what it must have."""
    match shape.type_name:
        case "structure":
            return {member: some(shape.members[member]) for member in shape.required_members}
        case "list":
            return [some(shape.member)]
        case "map":
            return {}
        case "string":
            return shape.enum[0] if shape.enum else "some"
        case "boolean":
            return False
        case _:
            return 1
