"""A client of the Lambda Runtime API, of the standard library only. The last argument names the handler."""
import http.client, json, os, signal, sys, time

API, HANDLER = os.environ["AWS_LAMBDA_RUNTIME_API"], os.environ["_HANDLER"]
connection = http.client.HTTPConnection(API)
calls = 0


def call(method, path, body=None, headers={}):
    connection.request(method, "/2018-06-01/runtime/" + path, body, headers)
    response = connection.getresponse()
    return response, response.read().decode()


def handle(event, context):
    global calls
    calls += 1
    if HANDLER == "count":
        return calls
    if HANDLER == "pid":
        return os.getpid()
    if HANDLER == "sleep":
        time.sleep(event)
        return event
    if HANDLER == "hang":
        with open(event, "w") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(60)
    if HANDLER == "fail":
        raise ValueError("not this one")
    if HANDLER == "crash":
        if event == "exit":
            sys.exit(7)
        if event == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        return event
    if HANDLER == "describe":
        seconds = int(context["Lambda-Runtime-Deadline-Ms"]) / 1000 - time.time()
        names = ["Request-Id", "Invoked-Function-Arn", "Trace-Id", "Client-Context"]
        return {
            "event": event,
            "seconds": 25 < seconds <= 30,
            "headers": {name: context.get("Lambda-Runtime-" + ("Aws-" if name == "Request-Id" else "") + name) for name in names},
            "environment": {name: value for name, value in sorted(os.environ.items()) if name.startswith("AWS_LAMBDA") and "API" not in name and "STREAM" not in name},
            "region": os.environ["AWS_REGION"],
            "root": os.environ["LAMBDA_TASK_ROOT"] == os.getcwd(),
        }
    raise LookupError(HANDLER)


if HANDLER == "init-error":
    call("POST", "init/error", json.dumps({"errorType": "Runtime.ImportModuleError", "errorMessage": "no module"}))
    sys.exit(1)
if HANDLER == "init-exit":
    print("cannot start", file=sys.stderr)
    sys.exit(5)
while True:
    response, text = call("GET", "invocation/next")
    path = "invocation/" + response.headers["Lambda-Runtime-Aws-Request-Id"]
    try:
        event = json.loads(text)
        call("POST", path + "/response", json.dumps(handle(event, response.headers)))
        if event == "answer and exit":
            sys.exit(0)
    except Exception as error:
        call("POST", path + "/error", json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}))
