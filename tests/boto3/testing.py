"""What people use for tests of their workflows: TestState, and the mock configuration file of Step Functions Local."""

import json
import os

from botocore.exceptions import ClientError
from client import Case, ROLE

CHARGE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::dynamodb:putItem",
    "Parameters": {"TableName": "orders", "Item.$": "$.item"},
    "ResultPath": "$.charged",
    "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 3, "BackoffRate": 2, "MaxAttempts": 2}],
    "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Refund"}],
    "Next": "Ship",
}
MACHINE = {
    "StartAt": "Charge",
    "States": {"Charge": CHARGE, "Ship": {"Type": "Succeed"}, "Refund": {"Type": "Fail", "Error": "Refunded"}},
}


class States(Case):
    def try_state(self, definition, **more):
        return self.sfn.test_state(definition=json.dumps(definition), **more)

    def test_a_state_of_a_machine_is_tried_with_a_mock(self):
        order = json.dumps({"item": {"id": {"S": "7"}}})
        tested = self.try_state(
            MACHINE, stateName="Charge", input=order, inspectionLevel="DEBUG", mock={"result": '{"Attributes": {}}'}
        )
        self.assertEqual(tested["status"], "SUCCEEDED")
        self.assertEqual(tested["nextState"], "Ship")
        self.assertEqual(json.loads(tested["output"])["charged"], {"Attributes": {}})
        data = tested["inspectionData"]
        self.assertEqual(json.loads(data["afterParameters"]), {"TableName": "orders", "Item": {"id": {"S": "7"}}})
        self.assertEqual(data["result"], '{"Attributes": {}}')

    def test_retries_are_used_up_and_then_it_is_caught(self):
        order = json.dumps({"item": {}})
        error = {"errorOutput": {"error": "Busy", "cause": "try again"}}
        for used, seconds in [(0, 3), (1, 6)]:
            tested = self.try_state(
                CHARGE, input=order, inspectionLevel="DEBUG", mock=error, stateConfiguration={"retrierRetryCount": used}
            )
            self.assertEqual(tested["status"], "RETRIABLE")
            details = tested["inspectionData"]["errorDetails"]
            self.assertEqual(details, {"retryIndex": 0, "retryBackoffIntervalSeconds": seconds})
        tested = self.try_state(
            CHARGE, input=order, inspectionLevel="DEBUG", mock=error, stateConfiguration={"retrierRetryCount": 2}
        )
        self.assertEqual(tested["status"], "CAUGHT_ERROR")
        self.assertEqual(tested["nextState"], "Refund")
        self.assertEqual(tested["inspectionData"]["errorDetails"], {"catchIndex": 0})
        self.assertEqual(json.loads(tested["output"])["error"], {"Error": "Busy", "Cause": "try again"})

    def test_a_function_is_really_called_without_a_mock(self):
        state = {
            "Type": "Task",
            "Resource": "arn:aws:lambda:us-east-1:000000000000:function:double",
            "Assign": {"seen.$": "$.n"},
            "End": True,
        }
        tested = self.try_state(state, roleArn=ROLE, input='{"n": 3}', inspectionLevel="TRACE", variables='{"old": 1}')
        self.assertEqual((tested["status"], json.loads(tested["output"])), ("SUCCEEDED", {"n": 3}))
        self.assertEqual(json.loads(tested["inspectionData"]["variables"]), {"old": 1, "seen": 3})

    def test_a_wait_takes_its_time_and_a_choice_chooses(self):
        tested = self.try_state({"Type": "Wait", "Seconds": 1, "Next": "After"})
        self.assertEqual((tested["status"], tested["nextState"], tested["output"]), ("SUCCEEDED", "After", "{}"))
        choice = {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "One"}],
            "Default": "Other",
        }
        self.assertEqual(self.try_state(choice, input='{"n": 1}')["nextState"], "One")
        self.assertEqual(self.try_state(choice, input='{"n": 2}')["nextState"], "Other")

    def test_a_test_that_makes_no_sense_is_refused(self):
        refused = [
            ({"mock": {"result": "{}"}}, {"Type": "Pass", "End": True}, "State type 'Pass' is not supported when a mock is specified"),
            ({}, CHARGE, "RoleArn must be specified when testing a Task state"),
            ({"mock": {"result": "no"}}, CHARGE, "Mocked result must be valid JSON"),
            (
                {"mock": {"result": '{"ConsumedCapacity": {"CapacityUnits": "1"}}'}},
                CHARGE,
                "Mock result schema validation error: Field 'CapacityUnits' must be a number",
            ),
        ]
        for more, definition, message in refused:
            with self.assertRaises(ClientError) as caught:
                self.try_state(definition, **more)
            error = caught.exception.response["Error"]
            self.assertEqual((error["Code"], error["Message"]), ("ValidationException", message))


class TestCases(Case):
    """A server whose SFN_MOCK_CONFIG is the file of the environment's MOCKS."""

    def write(self, config):
        with open(os.environ["MOCKS"], "w", encoding="utf-8") as file:
            json.dump(config, file)

    def test_the_responses_of_a_test_case_stand_in_for_tasks(self):
        machine = self.create(MACHINE)
        name = machine.rsplit(":", 1)[1]
        responses = {
            "Paid": {"0": {"Return": {"paid": True}}},
            "PaidLater": {"0": {"Throw": {"Error": "Busy", "Cause": "later"}}, "1": {"Return": {"paid": True}}},
            "Refused": {"0-2": {"Throw": {"Error": "Refused", "Cause": "no money"}}},
        }
        cases = {"Happy": {"Charge": "Paid"}, "Sad": {"Charge": "Refused"}}
        self.write({"StateMachines": {name: {"TestCases": cases}}, "MockedResponses": responses})
        order = {"item": {}}
        ended = self.wait(self.start(f"{machine}#Happy", order))
        self.assertEqual((ended["status"], json.loads(ended["output"])["charged"]), ("SUCCEEDED", {"paid": True}))
        ended = self.wait(self.start(f"{machine}#Sad", order))
        self.assertEqual((ended["status"], ended["error"]), ("FAILED", "Refunded"))
        history = self.sfn.get_execution_history(executionArn=ended["executionArn"])["events"]
        failed = [event["taskFailedEventDetails"] for event in history if event["type"] == "TaskFailed"]
        self.assertEqual([(one["error"], one["cause"]) for one in failed], [("Refused", "no money")])

        # It is read again at each start.
        cases["Retried"] = {"Charge": "PaidLater"}
        self.write({"StateMachines": {name: {"TestCases": cases}}, "MockedResponses": responses})
        ended = self.wait(self.start(f"{machine}#Retried", order))
        self.assertEqual(ended["status"], "SUCCEEDED")

    def test_a_mistake_is_named_with_its_place(self):
        machine = self.create(MACHINE)
        name = machine.rsplit(":", 1)[1]

        def refused(config):
            if config is not None:
                self.write(config)
            with self.assertRaises(ClientError) as caught:
                self.start(f"{machine}#Happy")
            error = caught.exception.response["Error"]
            self.assertEqual(error["Code"], "ValidationException")
            return error["Message"].replace(name, "NAME").replace(os.environ["MOCKS"], "FILE")

        said = "cannot use the test case 'Happy' of the state machine 'NAME': FILE: "
        self.assertEqual(
            refused({"StateMachines": {}, "MockedResponses": {}}),
            said + "/StateMachines: there is no state machine 'NAME'; there is none",
        )
        self.assertEqual(
            refused({"StateMachines": {name: {"TestCases": {"Sad": {}}}}, "MockedResponses": {}}),
            said + "/StateMachines/NAME/TestCases: there is no test case 'Happy'; there is Sad",
        )
        self.assertEqual(refused([]), said + "/: it must be an object")
        os.remove(os.environ["MOCKS"])
        self.assertIn("No such file", refused(None))
