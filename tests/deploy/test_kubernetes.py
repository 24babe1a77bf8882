"""The manifests were never applied to a cluster; their schemas and their names are checked. Each rule is shown to see a defect."""

from __future__ import annotations

import copy
import json

import pytest
import yaml

from slo.metrics import BY_NAME, LOOKED
from synergy.settings import QUEUES
from tests.deploy import commands, kube
from tests.deploy.test_compose import DOC, longest

OBJECTS = kube.load()
SECRETS = set(DOC["secrets"])


def get(name: str, objects: kube.Objects = OBJECTS) -> kube.Object:
    return next(one for one in objects if kube.label(one) == name)


def test_the_api_server_would_take_them():
    assert kube.invalid(OBJECTS) == []


def test_nothing_is_wrong():
    assert kube.faults(OBJECTS, SECRETS) == []


def test_every_file_is_applied():
    listed = yaml.safe_load((kube.FOLDER / "kustomization.yaml").read_text())["resources"]
    assert sorted([*listed, "kustomization.yaml"]) == sorted(file.name for file in kube.FOLDER.iterdir())


@pytest.mark.parametrize("name", ["migrate", "beat", "flower", *(f"worker-{queue}" for queue in QUEUES)])
def test_a_process_runs_as_in_compose(name):
    [one] = [o for o in kube.of(OBJECTS, *kube.PODS) if o["metadata"]["name"] == name]
    assert kube.pod(one)["spec"]["containers"][0]["args"] == DOC["services"][name]["command"]


@pytest.mark.parametrize("queue", QUEUES)
def test_workers_differ_in_queue_and_size_only(queue):
    one = copy.deepcopy(get(f"Deployment/worker-{queue}"))
    assert kube.pod(one)["spec"]["terminationGracePeriodSeconds"] >= longest(queue)
    assert get(f"HorizontalPodAutoscaler/worker-{queue}")["spec"]["scaleTargetRef"]["name"] == f"worker-{queue}"

    def plain(worker: kube.Object, name: str) -> str:
        container = kube.pod(worker)["spec"]["containers"][0]
        del kube.pod(worker)["spec"]["terminationGracePeriodSeconds"], container["resources"], container["env"][0]
        return json.dumps(worker, sort_keys=True).replace(f"worker-{name}", "worker").replace(f'"{name}"', '"queue"')

    assert plain(one, queue) == plain(copy.deepcopy(get("Deployment/worker-agents")), "agents")


def test_beat_is_never_there_twice():
    spec = get("Deployment/beat")["spec"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (1, "Recreate")


def test_nothing_is_reached_but_by_a_rule():
    policies = kube.of(OBJECTS, "NetworkPolicy")
    assert policies[0]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    opened = [p["metadata"]["name"] for p in policies if "ingress" in p["spec"]]
    assert opened == ["web-in"]
    [public] = [to["ipBlock"] for p in policies for rule in p["spec"].get("egress", ()) for to in rule["to"] if "ipBlock" in to]
    assert {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"} <= set(public["except"])


def test_the_metric_that_scales_is_one_we_have():
    [metric] = {hpa["spec"]["metrics"][0]["external"]["metric"]["name"] for hpa in kube.of(OBJECTS, "HorizontalPodAutoscaler")}
    assert metric in {looked.name for looked in LOOKED} | set(BY_NAME)


#: (object, path, value; None = without it, what is said)
DEFECTS = [
    ("Deployment/web", "spec.replcas", 2, "replcas"),
    ("Deployment/web", "spec.template.spec.containers.0.resources.limits.memory", ["1"], "not valid under any"),
    ("Deployment/web", "spec.template.metadata.labels.app.kubernetes.io/name", "wbe", "selector does not match"),
    ("Deployment/web", "spec.template.spec.containers.0.ports.0.name", "htpt", "nobody listens on http"),
    ("Deployment/web", "spec.template.spec.containers.0.livenessProbe", None, "has no livenessProbe"),
    ("Deployment/web", "spec.template.spec.containers.0.image", "synergy:latest", "not pinned"),
    ("Deployment/web", "spec.template.spec.securityContext.runAsNonRoot", False, "may run as root"),
    ("Deployment/web", "spec.template.spec.securityContext.seccompProfile.type", "Unconfined", "system-call filter Unconfined"),
    ("Deployment/web", "spec.template.spec.containers.0.securityContext.capabilities.drop", [], "may gain privileges"),
    ("Deployment/web", "spec.template.spec.containers.0.resources.limits.cpu", None, "no limits of cpu"),
    ("Deployment/web", "spec.template.spec.volumes.0.persistentVolumeClaim.claimName", "sate", "no claim sate"),
    ("Deployment/web", "spec.template.spec.volumes.0.name", "stat", "no volume state"),
    ("Deployment/web", "spec.template.spec.containers.0.envFrom.0.configMapRef.name", "synergi", "no ConfigMap synergi"),
    ("ConfigMap/synergy", "data.ALOWED_HOSTS", "x", "ALOWED_HOSTS is set, but nothing reads it"),
    ("ConfigMap/synergy", "data.SECRET_KEY", "x", "SECRET_KEY holds a secret in the open"),
    ("ConfigMap/synergy", "data.SECRET_KEY_FILE", "/run/secrets/secret", "no secret secret"),
    ("Service/flower", "spec.selector.app.kubernetes.io/name", "flour", "nobody listens on http"),
    ("PodDisruptionBudget/web", "spec.selector.matchLabels.app.kubernetes.io/name", "wbe", "no pod has"),
    ("NetworkPolicy/app-out", "spec.podSelector.matchLabels.tier", "aap", "no pod has tier=aap"),
    ("HorizontalPodAutoscaler/worker-tests", "spec.scaleTargetRef.name", "worker-test", "there is no Deployment/worker-test"),
    ("HorizontalPodAutoscaler/worker-tests", "spec.metrics.0.external.metric.name", "queue_dept", "no rule for queue_dept"),
    ("HorizontalPodAutoscaler/worker-tests", "spec.metrics.0.external.metric.selector.matchLabels.queue", "test", "it serves"),
    ("Deployment/worker-tests", "spec.replicas", 1, "undoes the scaling"),
    ("Deployment/worker-tests", "spec.template.spec.containers.0.args.5", "test", "no queue test"),
    ("Deployment/beat", "spec.template.spec.containers.0.args.3", "beet", "no command of Synergy"),
]


@pytest.mark.parametrize(("name", "path", "value", "says"), DEFECTS, ids=[f"{d[0]}-{i}" for i, d in enumerate(DEFECTS)])
def test_a_defect_is_seen(name, path, value, says):
    objects = copy.deepcopy(OBJECTS)
    place = get(name, objects)
    *parents, last = path.replace("app.kubernetes.io", "app~kubernetes~io").split(".")
    for key in parents:
        place = place[int(key)] if isinstance(place, list) else place[key]
    last = int(last) if isinstance(place, list) else last.replace("~", ".")
    if value is None:
        del place[last]
    else:
        place[last] = value
    assert says in "\n".join(kube.invalid([get(name, objects)]) + kube.faults(objects, SECRETS))


def test_commands_are_checked():
    assert commands.faults(["celery", "-A", "synergy.celery", "worker", "--queues", "tests"]) == []
