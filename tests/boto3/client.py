"""What code written for AWS Step Functions does, done to a server at ENDPOINT by boto3."""

import json
import os
import time
import unittest
import uuid

import boto3
from botocore.config import Config

ROLE = "arn:aws:iam::000000000000:role/tests"
PASS = {"StartAt": "Greet", "States": {"Greet": {"Type": "Pass", "Result": {"greeting": "hello"}, "End": True}}}
WAIT = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
LOOP = {
    "StartAt": "Count",
    "States": {
        "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough"},
        "Enough": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThan": 100, "Next": "Count"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sfn = boto3.client(
            "stepfunctions",
            endpoint_url=os.environ["ENDPOINT"],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            # StartSyncExecution goes to a host of its own at AWS: `sync-…`.
            config=Config(inject_host_prefix=False, retries={"max_attempts": 1}, read_timeout=70),
        )

    def create(self, definition, **more):
        name = f"machine-{uuid.uuid4().hex[:12]}"
        created = self.sfn.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE, **more)
        return created["stateMachineArn"]

    def start(self, machine, payload=None, **more):
        text = json.dumps({} if payload is None else payload)
        return self.sfn.start_execution(stateMachineArn=machine, input=text, **more)["executionArn"]

    def wait(self, execution):
        for _ in range(600):
            described = self.sfn.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return described
            time.sleep(0.05)
        self.fail(f"{execution} does not end")


class Executions(Case):
    def test_a_machine_is_created_started_awaited_and_described(self):
        machine = self.create(PASS)
        execution = self.start(machine, {"a": 1}, name="first")
        ended = self.wait(execution)
        self.assertEqual(ended["status"], "SUCCEEDED")
        self.assertEqual(json.loads(ended["output"]), {"greeting": "hello"})
        self.assertEqual(ended["name"], "first")
        self.assertEqual(ended["stateMachineArn"], machine)
        self.assertLessEqual(ended["startDate"], ended["stopDate"])
        listed = self.sfn.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")["executions"]
        self.assertEqual([item["executionArn"] for item in listed], [execution])
        about = self.sfn.describe_state_machine_for_execution(executionArn=execution)
        self.assertEqual(json.loads(about["definition"]), PASS)

    def test_a_history_is_paged_forwards_and_backwards(self):
        execution = self.start(self.create(LOOP), {"n": 0})
        self.wait(execution)
        pages = self.sfn.get_paginator("get_execution_history")
        forwards = []
        count = 0
        for page in pages.paginate(executionArn=execution, PaginationConfig={"PageSize": 50}):
            self.assertLessEqual(len(page["events"]), 50)
            forwards += page["events"]
            count += 1
        self.assertGreater(count, 5)
        self.assertEqual([event["id"] for event in forwards], list(range(1, len(forwards) + 1)))
        self.assertEqual(forwards[-1]["type"], "ExecutionSucceeded")
        backwards = []
        for page in pages.paginate(executionArn=execution, reverseOrder=True, PaginationConfig={"PageSize": 77}):
            backwards += page["events"]
        self.assertEqual(backwards, forwards[::-1])
        without = self.sfn.get_execution_history(executionArn=execution, includeExecutionData=False, maxResults=1)
        self.assertNotIn("input", without["events"][0]["executionStartedEventDetails"])

    def test_a_start_is_idempotent_while_it_runs(self):
        machine = self.create(WAIT)
        execution = self.start(machine, {"a": 1}, name="once")
        self.assertEqual(self.start(machine, {"a": 1}, name="once"), execution)
        with self.assertRaises(self.sfn.exceptions.ExecutionAlreadyExists):
            self.start(machine, {"a": 2}, name="once")
        self.sfn.stop_execution(executionArn=execution, error="Enough", cause="seen it")
        with self.assertRaises(self.sfn.exceptions.ExecutionAlreadyExists):
            self.start(machine, {"a": 1}, name="once")

    def test_a_stopped_execution_says_why(self):
        execution = self.start(self.create(WAIT))
        self.assertEqual(self.sfn.describe_execution(executionArn=execution)["status"], "RUNNING")
        self.sfn.stop_execution(executionArn=execution, error="Enough", cause="seen it")
        ended = self.wait(execution)
        self.assertEqual((ended["status"], ended["error"], ended["cause"]), ("ABORTED", "Enough", "seen it"))
        last = self.sfn.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=1)["events"][0]
        self.assertEqual(last["type"], "ExecutionAborted")

    def test_functions_of_the_operator_are_called(self):
        call = {
            "StartAt": "Call",
            "States": {
                "Call": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke",
                    "Parameters": {"FunctionName": "double", "Payload": {"n": 21}},
                    "OutputPath": "$.Payload",
                    "End": True,
                }
            },
        }
        self.assertEqual(json.loads(self.wait(self.start(self.create(call)))["output"]), {"n": 21})

    def test_errors_have_their_classes(self):
        errors = self.sfn.exceptions
        nothing = "arn:aws:states:us-east-1:000000000000:{}"
        with self.assertRaises(errors.ExecutionDoesNotExist):
            self.sfn.describe_execution(executionArn=nothing.format("execution:none:none"))
        with self.assertRaises(errors.StateMachineDoesNotExist):
            self.start(nothing.format("stateMachine:none"))
        with self.assertRaises(errors.InvalidArn):
            self.sfn.describe_execution(executionArn="none")
        with self.assertRaises(errors.InvalidExecutionInput):
            self.sfn.start_execution(stateMachineArn=self.create(PASS), input="{")
        with self.assertRaises(errors.InvalidDefinition):
            self.create({"StartAt": "Nowhere", "States": {}})
        with self.assertRaises(errors.InvalidName):
            self.sfn.create_state_machine(name="a b", definition=json.dumps(PASS), roleArn=ROLE)
        with self.assertRaises(errors.InvalidToken):
            self.sfn.list_state_machines(nextToken="none")
        with self.assertRaises(errors.ResourceNotFound):
            self.sfn.list_tags_for_resource(resourceArn=nothing.format("stateMachine:none"))


class Activities(Case):
    def activity(self):
        name = f"activity-{uuid.uuid4().hex[:12]}"
        return self.sfn.create_activity(name=name)["activityArn"]

    def machine(self, activity, **more):
        task = {"Type": "Task", "Resource": activity, "End": True, **more}
        return self.create({"StartAt": "Do", "States": {"Do": task}})

    def test_a_worker_does_a_task(self):
        activity = self.activity()
        execution = self.start(self.machine(activity), {"n": 4})
        task = self.sfn.get_activity_task(activityArn=activity, workerName="worker")
        self.assertEqual(json.loads(task["input"]), {"n": 4})
        self.sfn.send_task_heartbeat(taskToken=task["taskToken"])
        self.sfn.send_task_success(taskToken=task["taskToken"], output=json.dumps({"square": 16}))
        self.assertEqual(json.loads(self.wait(execution)["output"]), {"square": 16})
        types = [event["type"] for event in self.sfn.get_execution_history(executionArn=execution)["events"]]
        self.assertEqual(types[2:5], ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"])
        with self.assertRaises(self.sfn.exceptions.TaskTimedOut):
            self.sfn.send_task_success(taskToken=task["taskToken"], output="{}")

    def test_a_worker_fails_a_task(self):
        activity = self.activity()
        execution = self.start(self.machine(activity))
        task = self.sfn.get_activity_task(activityArn=activity)
        self.sfn.send_task_failure(taskToken=task["taskToken"], error="Broken", cause="it fell")
        ended = self.wait(execution)
        self.assertEqual((ended["status"], ended["error"], ended["cause"]), ("FAILED", "Broken", "it fell"))

    def test_a_worker_that_falls_silent_times_out(self):
        activity = self.activity()
        execution = self.start(self.machine(activity, HeartbeatSeconds=1))
        self.sfn.get_activity_task(activityArn=activity)
        self.assertEqual(self.wait(execution)["error"], "States.Timeout")

    def test_a_poll_without_a_task_ends(self):
        self.assertIsNone(self.sfn.get_activity_task(activityArn=self.activity()).get("taskToken"))

    def test_activities_are_listed_described_and_deleted(self):
        activity = self.activity()
        self.assertEqual(self.sfn.describe_activity(activityArn=activity)["activityArn"], activity)
        pages = self.sfn.get_paginator("list_activities").paginate(PaginationConfig={"PageSize": 1})
        self.assertIn(activity, [item["activityArn"] for page in pages for item in page["activities"]])
        self.sfn.delete_activity(activityArn=activity)
        with self.assertRaises(self.sfn.exceptions.ActivityDoesNotExist):
            self.sfn.describe_activity(activityArn=activity)


class StateMachines(Case):
    def test_machines_are_listed_and_deleted(self):
        machine = self.create(PASS)
        pages = self.sfn.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 1})
        self.assertIn(machine, [item["stateMachineArn"] for page in pages for item in page["stateMachines"]])
        self.sfn.delete_state_machine(stateMachineArn=machine)
        for _ in range(100):
            try:
                self.sfn.describe_state_machine(stateMachineArn=machine)
            except self.sfn.exceptions.StateMachineDoesNotExist:
                return
            time.sleep(0.05)
        self.fail("it is not deleted")

    def test_a_create_is_idempotent(self):
        definition = json.dumps(PASS)
        first = self.sfn.create_state_machine(name="same", definition=definition, roleArn=ROLE)
        second = self.sfn.create_state_machine(name="same", definition=definition, roleArn=ROLE)
        self.assertEqual(first["stateMachineArn"], second["stateMachineArn"])
        self.assertEqual(first["creationDate"], second["creationDate"])
        with self.assertRaises(self.sfn.exceptions.StateMachineAlreadyExists):
            self.sfn.create_state_machine(name="same", definition=json.dumps(WAIT), roleArn=ROLE)

    def test_an_update_holds_for_later_executions(self):
        machine = self.create(PASS)
        other = {"StartAt": "Bye", "States": {"Bye": {"Type": "Pass", "Result": "bye", "End": True}}}
        updated = self.sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(other))
        self.assertIn("revisionId", updated)
        self.assertEqual(self.wait(self.start(machine))["output"], '"bye"')
        with self.assertRaises(self.sfn.exceptions.MissingRequiredParameter):
            self.sfn.update_state_machine(stateMachineArn=machine)

    def test_tags_are_set_listed_and_removed(self):
        machine = self.create(PASS, tags=[{"key": "team", "value": "data"}])
        self.sfn.tag_resource(resourceArn=machine, tags=[{"key": "cost", "value": "42"}])
        tags = self.sfn.list_tags_for_resource(resourceArn=machine)["tags"]
        self.assertEqual({tag["key"]: tag["value"] for tag in tags}, {"team": "data", "cost": "42"})
        self.sfn.untag_resource(resourceArn=machine, tagKeys=["team"])
        self.assertEqual([tag["key"] for tag in self.sfn.list_tags_for_resource(resourceArn=machine)["tags"]], ["cost"])


class Express(Case):
    def test_an_express_execution_answers_in_its_start(self):
        machine = self.create(PASS, type="EXPRESS")
        ended = self.sfn.start_sync_execution(stateMachineArn=machine, input="{}", name="quick")
        self.assertEqual(ended["status"], "SUCCEEDED")
        self.assertEqual(json.loads(ended["output"]), {"greeting": "hello"})
        self.assertIn(":express:", ended["executionArn"])
        self.assertEqual(ended["name"], "quick")
        self.assertGreater(ended["billingDetails"]["billedDurationInMilliseconds"], 0)

    def test_a_failure_is_an_answer(self):
        fail = {"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "Broken", "Cause": "it fell"}}}
        ended = self.sfn.start_sync_execution(stateMachineArn=self.create(fail, type="EXPRESS"))
        self.assertEqual((ended["status"], ended["error"], ended["cause"]), ("FAILED", "Broken", "it fell"))

    def test_a_standard_machine_has_no_synchronous_start(self):
        with self.assertRaises(self.sfn.exceptions.StateMachineTypeNotSupported):
            self.sfn.start_sync_execution(stateMachineArn=self.create(PASS))

    def test_an_express_execution_is_started_and_left_alone(self):
        started = self.sfn.start_execution(stateMachineArn=self.create(PASS, type="EXPRESS"))
        self.assertIn(":express:", started["executionArn"])


if __name__ == "__main__":
    unittest.main()
