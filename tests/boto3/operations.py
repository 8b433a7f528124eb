"""What operators do with AWS Step Functions: versions, aliases, redrives, validation and settings, done to a server at ENDPOINT by boto3."""

import json
import os
import unittest
import uuid

from botocore.exceptions import ClientError

from client import PASS, WAIT, Case

def one(text):
    return {"StartAt": "Say", "States": {"Say": {"Type": "Pass", "Result": text, "End": True}}}


class Versions(Case):
    def refused(self, code, call, **parameters):
        with self.assertRaises(ClientError) as caught:
            call(**parameters)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception.response

    def test_a_version_is_published_once_and_runs_what_it_was(self):
        name = f"machine-{uuid.uuid4().hex[:12]}"
        created = self.sfn.create_state_machine(
            name=name, definition=json.dumps(one("one")), roleArn="arn:aws:iam::000000000000:role/tests",
            publish=True, versionDescription="the first",
        )
        machine, first = created["stateMachineArn"], created["stateMachineVersionArn"]
        self.assertEqual(first, f"{machine}:1")
        again = self.sfn.publish_state_machine_version(stateMachineArn=machine)
        self.assertEqual(again["stateMachineVersionArn"], first)
        updated = self.sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(one("two")), publish=True)
        second = updated["stateMachineVersionArn"]
        self.assertEqual(second, f"{machine}:2")
        listed = self.sfn.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
        self.assertEqual([item["stateMachineVersionArn"] for item in listed], [second, first])
        page = self.sfn.list_state_machine_versions(stateMachineArn=machine, maxResults=1)
        self.assertEqual(page["stateMachineVersions"][0]["stateMachineVersionArn"], second)
        page = self.sfn.list_state_machine_versions(stateMachineArn=machine, maxResults=1, nextToken=page["nextToken"])
        self.assertEqual(page["stateMachineVersions"][0]["stateMachineVersionArn"], first)
        self.assertNotIn("nextToken", page)

        described = self.sfn.describe_state_machine(stateMachineArn=first)
        self.assertEqual(described["stateMachineArn"], first)
        self.assertEqual(described["description"], "the first")
        self.assertEqual(json.loads(described["definition"]), one("one"))

        execution = self.start(first)
        ended = self.wait(execution)
        self.assertEqual(ended["output"], '"one"')
        self.assertEqual(ended["stateMachineArn"], machine)
        self.assertEqual(ended["stateMachineVersionArn"], first)
        self.assertNotIn("stateMachineAliasArn", ended)
        events = self.sfn.get_execution_history(executionArn=execution)["events"]
        self.assertEqual(events[0]["executionStartedEventDetails"]["stateMachineVersionArn"], first)
        self.assertEqual(self.wait(self.start(machine))["output"], '"two"')
        listed = self.sfn.list_executions(stateMachineArn=first)["executions"]
        self.assertEqual([item["executionArn"] for item in listed], [execution])
        self.assertEqual(listed[0]["stateMachineVersionArn"], first)

        self.sfn.delete_state_machine_version(stateMachineVersionArn=first)
        self.sfn.delete_state_machine_version(stateMachineVersionArn=first)
        self.refused("StateMachineDoesNotExist", self.sfn.start_execution, stateMachineArn=first)
        self.assertEqual(self.wait(execution)["output"], '"one"')

    def test_only_the_wanted_revision_is_published(self):
        machine = self.create(PASS)
        self.refused("ConflictException", self.sfn.publish_state_machine_version, stateMachineArn=machine, revisionId="other")
        published = self.sfn.publish_state_machine_version(stateMachineArn=machine, revisionId="INITIAL")
        self.assertEqual(published["stateMachineVersionArn"], f"{machine}:1")
        missing = machine + "x"
        self.refused("StateMachineDoesNotExist", self.sfn.publish_state_machine_version, stateMachineArn=missing)
        self.refused(
            "ValidationException", self.sfn.update_state_machine, stateMachineArn=machine,
            definition=json.dumps(WAIT), versionDescription="without publish",
        )

    def test_an_alias_leads_to_one_version_or_two(self):
        machine = self.create(one("one"), publish=True)
        self.sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(one("two")), publish=True)
        first, second = f"{machine}:1", f"{machine}:2"

        def routes(*parts):
            return [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in parts]

        created = self.sfn.create_state_machine_alias(name="LIVE", description="d", routingConfiguration=routes((first, 100)))
        alias = created["stateMachineAliasArn"]
        self.assertEqual(alias, f"{machine}:LIVE")
        again = self.sfn.create_state_machine_alias(name="LIVE", description="d", routingConfiguration=routes((first, 100)))
        self.assertEqual(again, {**created, "ResponseMetadata": again["ResponseMetadata"]})
        create = self.sfn.create_state_machine_alias
        self.refused("ConflictException", create, name="LIVE", routingConfiguration=routes((second, 100)))
        for wrong in [routes((first, 99)), routes((first, 50), (first, 50)), routes((first, 50), (second, 60))]:
            answer = self.refused("ValidationException", create, name="OTHER", routingConfiguration=wrong)
            self.assertEqual(answer["reason"], "INVALID_ROUTING_CONFIGURATION")
        self.refused("ValidationException", create, name="123", routingConfiguration=routes((first, 100)))
        self.refused("ValidationException", create, name="with space", routingConfiguration=routes((first, 100)))
        self.refused("ResourceNotFound", create, name="OTHER", routingConfiguration=routes((f"{machine}:9", 100)))

        execution = self.start(alias)
        ended = self.wait(execution)
        self.assertEqual(ended["output"], '"one"')
        self.assertEqual(ended["stateMachineAliasArn"], alias)
        self.assertEqual(ended["stateMachineVersionArn"], first)
        started = self.sfn.get_execution_history(executionArn=execution)["events"][0]["executionStartedEventDetails"]
        self.assertEqual((started["stateMachineAliasArn"], started["stateMachineVersionArn"]), (alias, first))
        listed = self.sfn.list_executions(stateMachineArn=alias)["executions"]
        self.assertEqual([item["stateMachineAliasArn"] for item in listed], [alias])

        self.sfn.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=routes((first, 50), (second, 50)))
        described = self.sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
        self.assertEqual(described["routingConfiguration"], routes((first, 50), (second, 50)))
        self.assertEqual((described["name"], described["description"]), ("LIVE", "d"))
        self.assertGreaterEqual(described["updateDate"], described["creationDate"])
        drawn = {self.wait(self.start(alias))["output"] for _ in range(40)}
        self.assertEqual(drawn, {'"one"', '"two"'})

        conflict = self.refused("ConflictException", self.sfn.delete_state_machine_version, stateMachineVersionArn=second)
        self.assertIn("LIVE", conflict["Error"]["Message"])
        listed = self.sfn.list_state_machine_aliases(stateMachineArn=machine)["stateMachineAliases"]
        self.assertEqual([item["stateMachineAliasArn"] for item in listed], [alias])
        listed = self.sfn.list_state_machine_aliases(stateMachineArn=second)["stateMachineAliases"]
        self.assertEqual(len(listed), 1)
        self.refused("ValidationException", self.sfn.update_state_machine_alias, stateMachineAliasArn=alias)

        self.sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
        self.refused("ResourceNotFound", self.sfn.delete_state_machine_alias, stateMachineAliasArn=alias)
        self.refused("ResourceNotFound", self.sfn.describe_state_machine_alias, stateMachineAliasArn=alias)
        self.refused("StateMachineDoesNotExist", self.sfn.start_execution, stateMachineArn=alias)
        self.sfn.delete_state_machine_version(stateMachineVersionArn=second)

    def test_an_express_alias_answers_in_its_start(self):
        machine = self.create(one("one"), type="EXPRESS", publish=True)
        alias = self.sfn.create_state_machine_alias(
            name="LIVE", routingConfiguration=[{"stateMachineVersionArn": f"{machine}:1", "weight": 100}]
        )["stateMachineAliasArn"]
        self.sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(one("two")))
        self.assertEqual(self.sfn.start_sync_execution(stateMachineArn=alias)["output"], '"one"')
        self.assertEqual(self.sfn.start_sync_execution(stateMachineArn=machine)["output"], '"two"')


class Redrives(Case):
    def failing(self):
        """Waits for a token, which a test ends as it likes."""
        return self.create({
            "StartAt": "First",
            "States": {
                "First": {"Type": "Pass", "Result": {"kept": True}, "Next": "Work"},
                "Work": {"Type": "Task", "Resource": self.activity, "TimeoutSeconds": 60, "Next": "Last"},
                "Last": {"Type": "Pass", "Parameters": {"n.$": "$$.Execution.RedriveCount", "result.$": "$"}, "End": True},
            },
        })

    def setUp(self):
        name = f"activity-{uuid.uuid4().hex[:12]}"
        self.activity = self.sfn.create_activity(name=name)["activityArn"]

    def fail_once(self, execution):
        task = self.sfn.get_activity_task(activityArn=self.activity)
        self.sfn.send_task_failure(taskToken=task["taskToken"], error="Broken", cause="it fell")
        return self.wait(execution)

    def test_an_execution_goes_on_from_the_state_that_failed(self):
        execution = self.start(self.failing(), {"a": 1}, name="one")
        ended = self.fail_once(execution)
        self.assertEqual((ended["status"], ended["redriveStatus"], ended["redriveCount"]), ("FAILED", "REDRIVABLE", 0))
        redriven = self.sfn.redrive_execution(executionArn=execution, clientToken="token-1")["redriveDate"]
        self.assertEqual(self.sfn.redrive_execution(executionArn=execution, clientToken="token-1")["redriveDate"], redriven)
        with self.assertRaises(self.sfn.exceptions.ExecutionNotRedrivable):
            self.sfn.redrive_execution(executionArn=execution, clientToken="token-2")
        described = self.sfn.describe_execution(executionArn=execution)
        self.assertEqual(described["status"], "RUNNING")
        self.assertNotIn("stopDate", described)
        self.assertEqual((described["redriveCount"], described["redriveDate"]), (1, redriven))
        self.assertEqual(described["redriveStatusReason"], "Execution is RUNNING and cannot be redriven")
        task = self.sfn.get_activity_task(activityArn=self.activity)
        self.assertEqual(json.loads(task["input"]), {"kept": True})
        self.sfn.send_task_success(taskToken=task["taskToken"], output='"well"')
        ended = self.wait(execution)
        self.assertEqual(json.loads(ended["output"]), {"n": 1, "result": "well"})
        self.assertEqual(ended["redriveStatusReason"], "Execution is SUCCEEDED and cannot be redriven")
        events = self.sfn.get_execution_history(executionArn=execution)["events"]
        self.assertEqual([event["id"] for event in events], list(range(1, len(events) + 1)))
        types = [event["type"] for event in events]
        self.assertEqual(types.count("ExecutionRedriven"), 1)
        at = types.index("ExecutionRedriven")
        self.assertEqual(types[at - 1], "ExecutionFailed")
        self.assertEqual(types[at + 1], "ActivityScheduled")
        self.assertEqual(events[at]["executionRedrivenEventDetails"], {"redriveCount": 1})
        self.assertEqual(types.count("PassStateEntered"), 2)
        machine = ended["stateMachineArn"]
        listed = self.sfn.list_executions(stateMachineArn=machine)["executions"]
        self.assertEqual((listed[0]["redriveCount"], listed[0]["redriveDate"]), (1, redriven))
        with self.assertRaises(ClientError) as caught:
            self.sfn.list_executions(stateMachineArn=machine, redriveFilter="REDRIVEN")
        self.assertEqual(caught.exception.response["Error"]["Code"], "ValidationException")

    def test_a_stopped_execution_goes_on_too(self):
        execution = self.start(self.failing())
        self.sfn.get_activity_task(activityArn=self.activity)
        self.sfn.stop_execution(executionArn=execution)
        self.sfn.redrive_execution(executionArn=execution)
        task = self.sfn.get_activity_task(activityArn=self.activity)
        self.sfn.send_task_success(taskToken=task["taskToken"], output="1")
        self.assertEqual(self.wait(execution)["status"], "SUCCEEDED")

    def test_what_is_not_there_is_not_redriven(self):
        execution = self.start(self.create(PASS))
        self.wait(execution)
        with self.assertRaises(self.sfn.exceptions.ExecutionNotRedrivable):
            self.sfn.redrive_execution(executionArn=execution)
        with self.assertRaises(self.sfn.exceptions.ExecutionDoesNotExist):
            self.sfn.redrive_execution(executionArn=execution + "x")
        with self.assertRaises(self.sfn.exceptions.InvalidArn):
            self.sfn.redrive_execution(executionArn="nonsense")


class Settings(Case):
    GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:states:*"

    def test_a_definition_is_validated_without_being_kept(self):
        good = self.sfn.validate_state_machine_definition(definition=json.dumps(PASS))
        self.assertEqual((good["result"], good["diagnostics"], good["truncated"]), ("OK", [], False))
        bad = {"StartAt": "Nowhere", "States": {"A": {"Type": "Pass"}, "B": {"Type": "Nothing", "End": True}}}
        found = self.sfn.validate_state_machine_definition(definition=json.dumps(bad))
        self.assertEqual(found["result"], "FAIL")
        self.assertGreater(len(found["diagnostics"]), 1)
        for one_found in found["diagnostics"]:
            self.assertEqual(one_found["severity"], "ERROR")
            self.assertTrue(one_found["code"] and one_found["message"])
        cut = self.sfn.validate_state_machine_definition(definition=json.dumps(bad), maxResults=1)
        self.assertEqual((len(cut["diagnostics"]), cut["truncated"]), (1, True))

    def test_settings_are_kept_and_shown(self):
        logging = {"level": "ERROR", "includeExecutionData": True, "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": self.GROUP}}]}
        machine = self.create(PASS, loggingConfiguration=logging, tracingConfiguration={"enabled": True},
                              encryptionConfiguration={"type": "AWS_OWNED_KEY"})
        described = self.sfn.describe_state_machine(stateMachineArn=machine)
        self.assertEqual(described["loggingConfiguration"], logging)
        self.assertEqual(described["tracingConfiguration"], {"enabled": True})
        self.assertEqual(described["encryptionConfiguration"], {"type": "AWS_OWNED_KEY"})
        self.sfn.update_state_machine(stateMachineArn=machine, loggingConfiguration={"level": "OFF", "includeExecutionData": False})
        described = self.sfn.describe_state_machine(stateMachineArn=machine)
        self.assertEqual(described["loggingConfiguration"]["level"], "OFF")
        self.assertEqual(described["tracingConfiguration"], {"enabled": True})
        for wrong in [{"level": "ALL"}, {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": "nonsense"}}]}]:
            with self.assertRaises(self.sfn.exceptions.InvalidLoggingConfiguration):
                self.create(PASS, loggingConfiguration=wrong)

    def test_executions_are_logged_as_the_machine_says(self):
        path = os.environ.get("EXECUTION_LOG")
        if path is None:
            self.fail("EXECUTION_LOG must name the server's execution log")
        destination = [{"cloudWatchLogsLogGroup": {"logGroupArn": self.GROUP}}]
        fail = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Broken"}}}
        every = self.create(one("said"), loggingConfiguration={"level": "ALL", "includeExecutionData": True, "destinations": destination})
        fatal = self.create(fail, loggingConfiguration={"level": "FATAL", "destinations": destination})
        express = self.create(one("quick"), type="EXPRESS", loggingConfiguration={"level": "ALL", "destinations": destination})
        executions = [self.start(every), self.start(fatal), self.start(self.create(PASS))]
        for execution in executions:
            self.wait(execution)
        executions.append(self.sfn.start_sync_execution(stateMachineArn=express)["executionArn"])

        def logged(execution, count):
            for _ in range(200):
                with open(path, encoding="utf-8") as lines:
                    records = [json.loads(line) for line in lines if line.endswith("\n")]
                records = [record for record in records if record["execution_arn"] == execution]
                if len(records) >= count:
                    break
            return records

        records = logged(executions[0], 4)
        self.assertEqual([record["type"] for record in records],
                         ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"])
        self.assertEqual(list(records[0]), ["id", "type", "details", "previous_event_id", "event_timestamp", "execution_arn", "redrive_count"])
        self.assertEqual(records[3]["details"]["output"], '"said"')
        self.assertEqual((records[3]["id"], records[3]["redrive_count"]), ("4", "0"))
        self.assertEqual([record["type"] for record in logged(executions[1], 1)], ["ExecutionFailed"])
        self.assertEqual(logged(executions[2], 0), [])
        quick = logged(executions[3], 4)
        self.assertEqual(len(quick), 4)
        self.assertNotIn("output", quick[3]["details"])


if __name__ == "__main__":
    unittest.main()
