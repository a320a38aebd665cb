"""What people do with Kubernetes' own client for Python, against the cluster of a kubeconfig.

Each step says "ok <name>" or "FAILED <name>: why". Usage: python3 client.py KUBECONFIG
Written for the client of Debian 12 (22.6) and newer.
"""

import base64
import hashlib
import io
import json
import sys
import tarfile
import threading
import time
import traceback

from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import portforward, stream

LIMIT = 60
NAMESPACE = "python-client"

config.load_kube_config(sys.argv[1])
core = client.CoreV1Api()
apps = client.AppsV1Api()
failed = []


def step(run):
    name = run.__name__
    try:
        run()
        print(f"ok {name}", flush=True)
    except Exception:  # each step is tried, and says itself what is wrong
        failed.append(name)
        print(f"FAILED {name}: {traceback.format_exc()}", flush=True)
    return run


def until(what, holds):
    end = time.monotonic() + LIMIT
    while True:
        found = holds()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"never came true: {what}")
        time.sleep(0.05)


def equal(found, expected):
    if found != expected:
        raise AssertionError(f"{found!r} found, {expected!r} expected")


def pod(name, command=None, image="busybox:1.36", **more):
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [{"name": "main", "image": image, "command": command, **more}]},
    }


def execute(name, command, **options):
    arguments = {"stderr": True, "stdin": False, "stdout": True, "tty": False, **options}
    return stream(core.connect_get_namespaced_pod_exec, name, NAMESPACE, command=command, container="main", **arguments)


def run_to_end(session):
    out, err = "", ""
    while session.is_open():
        session.update(timeout=1)
        out += session.read_stdout() if session.peek_stdout() else ""
        err += session.read_stderr() if session.peek_stderr() else ""
    return out + session.read_stdout(timeout=0.1), err + session.read_stderr(timeout=0.1), session.returncode


@step
def create():
    core.create_namespace({"metadata": {"name": NAMESPACE}})
    until("the service account is there", lambda: core.list_namespaced_service_account(NAMESPACE).items)
    made = core.create_namespaced_pod(NAMESPACE, pod("shell", ["sleep", "3600"]))
    equal(made.status.phase, "Pending")
    core.create_namespaced_pod(NAMESPACE, pod("web", image="nginx:1.27"))
    core.create_namespaced_pod(NAMESPACE, pod("talk", ["sh", "-c", "for i in 1 2 3; do echo line $i; sleep 0.2; done; sleep 3600"]))
    core.create_namespaced_pod(NAMESPACE, pod("echo", ["cat"], stdin=True))
    for name in ("shell", "web", "talk", "echo"):
        until(f"{name} runs", lambda name=name: core.read_namespaced_pod(name, NAMESPACE).status.phase == "Running")


@step
def patch():
    core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "settings"}, "data": {"x": "1"}})
    equal(core.patch_namespaced_config_map("settings", NAMESPACE, {"data": {"y": "2"}}).data, {"x": "1", "y": "2"})
    changed = core.patch_namespaced_config_map("settings", NAMESPACE, [{"op": "replace", "path": "/data/x", "value": "3"}])
    equal(changed.data["x"], "3")
    body = core.read_namespaced_config_map("settings", NAMESPACE)
    body.data = {"z": "4"}
    equal(core.replace_namespaced_config_map("settings", NAMESPACE, body).data, {"z": "4"})


@step
def deployment():
    labels = {"app": "sleeper"}
    apps.create_namespaced_deployment(NAMESPACE, client.V1Deployment(
        metadata=client.V1ObjectMeta(name="sleeper"),
        spec=client.V1DeploymentSpec(
            replicas=2, selector=client.V1LabelSelector(match_labels=labels),
            template=client.V1PodTemplateSpec(
                metadata=client.V1ObjectMeta(labels=labels),
                spec=client.V1PodSpec(containers=[client.V1Container(name="main", image="registry.k8s.io/pause:3.10")])))))
    until("two are available", lambda: apps.read_namespaced_deployment("sleeper", NAMESPACE).status.available_replicas == 2)
    equal(apps.patch_namespaced_deployment_scale("sleeper", NAMESPACE, {"spec": {"replicas": 1}}).spec.replicas, 1)
    apps.delete_namespaced_deployment("sleeper", NAMESPACE, propagation_policy="Foreground")


@step
def listing():
    for i in range(7):
        core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": f"page-{i}", "labels": {"page": "yes"}}})
    names, more = [], None
    while True:
        page = core.list_namespaced_config_map(NAMESPACE, label_selector="page=yes", limit=3, _continue=more)
        names += [item.metadata.name for item in page.items]
        more = page.metadata._continue
        if not more:
            break
    equal(names, [f"page-{i}" for i in range(7)])


@step
def watching():
    seen, started = [], core.list_namespaced_config_map(NAMESPACE).metadata.resource_version

    def change():
        core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "watched"}})
        core.patch_namespaced_config_map("watched", NAMESPACE, {"data": {"a": "b"}})
        core.delete_namespaced_config_map("watched", NAMESPACE)

    changing = threading.Thread(target=change)
    changing.start()
    watcher = watch.Watch()
    for event in watcher.stream(core.list_namespaced_config_map, NAMESPACE, resource_version=started, timeout_seconds=LIMIT):
        seen.append((event["type"], event["object"].metadata.name))
        if event["type"] == "DELETED":
            watcher.stop()
    changing.join()
    equal(seen, [("ADDED", "watched"), ("MODIFIED", "watched"), ("DELETED", "watched")])


@step
def logs():
    followed = core.read_namespaced_pod_log("talk", NAMESPACE, follow=True, _preload_content=False)
    lines = b""
    while lines.count(b"\n") < 3:
        lines += followed.read(1)
    followed.close()
    equal(lines, b"line 1\nline 2\nline 3\n")
    equal(core.read_namespaced_pod_log("talk", NAMESPACE, tail_lines=1), "line 3\n")


@step
def exec_codes():
    out, err, code = run_to_end(execute("shell", ["sh", "-c", "echo out; echo err >&2; exit 7"], _preload_content=False))
    equal((out, err, code), ("out\n", "err\n", 7))
    equal(execute("shell", ["echo", "all at once"]), "all at once\n")


@step
def exec_stdin():
    session = execute("shell", ["sh"], stdin=True, _preload_content=False)
    session.write_stdin("x=one\n")
    session.write_stdin("echo $x two\n")
    equal(session.readline_stdout(timeout=LIMIT), "one two")
    data = "0123456789abcdef" * 16384
    session.write_stdin(f"head -c {len(data)} | sha256sum\n")
    session.write_stdin(data)
    equal(session.readline_stdout(timeout=LIMIT).split()[0], hashlib.sha256(data.encode()).hexdigest())
    session.write_stdin("exit 3\n")
    session.run_forever(timeout=LIMIT)
    equal(session.returncode, 3)


@step
def exec_refused():
    session = execute("shell", ["nosuchprogram"], _preload_content=False)
    session.run_forever(timeout=LIMIT)
    told = json.loads(session.read_channel(3))
    equal(told["status"], "Failure")
    if "executable file not found" not in told["message"]:
        raise AssertionError(told["message"])


@step
def attach():
    session = stream(core.connect_get_namespaced_pod_attach, "echo", NAMESPACE, container="main",
                     stdin=True, stdout=True, stderr=True, tty=False, _preload_content=False)
    session.write_stdin("hello cat\n")
    equal(session.readline_stdout(timeout=LIMIT), "hello cat")
    session.close()


@step
def port_forward():
    for _ in range(3):
        forward = portforward(core.connect_get_namespaced_pod_portforward, "web", NAMESPACE, ports="80")
        socket = forward.socket(80)
        socket.setblocking(True)
        socket.sendall(b"GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := socket.recv(1024):
            answer += part
        socket.close()
        if not answer.startswith(b"HTTP/1.1 200") or b"Welcome to nginx!" not in answer:
            raise AssertionError(answer)
        equal(forward.error(80), None)


@step
def port_forward_refused():
    forward = portforward(core.connect_get_namespaced_pod_portforward, "web", NAMESPACE, ports="81")
    until("the refusal", lambda: forward.error(81))
    if "connection refused" not in forward.error(81):
        raise AssertionError(forward.error(81))


@step
def copy():
    data = bytes(i % 251 for i in range(100_000))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo("deep/up.bin")
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    # This client's streams are text: what is no text goes as base64. And its protocol, v4, has no word for the end of the input: the pod is
    # told how much there is instead.
    encoded = base64.encodebytes(archive.getvalue()).decode()
    session = execute("shell", ["sh", "-c", f"head -c {len(encoded)} | base64 -d | tar xf - -C /tmp; wc -c < /tmp/deep/up.bin"], stdin=True, _preload_content=False)
    session.write_stdin(encoded)
    equal(session.readline_stdout(timeout=LIMIT), "100000")
    session.run_forever(timeout=LIMIT)
    back = base64.b64decode(execute("shell", ["sh", "-c", "tar cf - -C /tmp deep | base64"]))
    with tarfile.open(fileobj=io.BytesIO(back)) as tar:
        equal(tar.extractfile("deep/up.bin").read(), data)


@step
def errors():
    for code, reason, call in (
        (404, "NotFound", lambda: core.read_namespaced_pod("nosuch", NAMESPACE)),
        (409, "AlreadyExists", lambda: core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "settings"}})),
        (422, "Invalid", lambda: core.create_namespaced_pod(NAMESPACE, {"metadata": {"name": "Wrong_Name"}, "spec": {"containers": []}})),
    ):
        try:
            call()
        except ApiException as refused:
            equal((refused.status, json.loads(refused.body)["reason"]), (code, reason))
        else:
            raise AssertionError(f"{reason} was expected")


@step
def delete():
    core.delete_namespace(NAMESPACE)

    def gone():
        try:
            core.read_namespace(NAMESPACE)
        except ApiException as absent:
            return absent.status == 404
        return False
    until("the namespace is gone", gone)


sys.exit(1 if failed else 0)
