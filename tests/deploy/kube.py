"""What is wrong with a set of Kubernetes objects, beyond their schemas: names that must agree."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import kubernetes_validate
import yaml

from tests.deploy import commands, variables

FOLDER = commands.ROOT / "deploy" / "k8s"
VERSION = "1.33"  #: the oldest that the workers' pods work with
PODS = ("Deployment", "Job", "StatefulSet")

Object = dict[str, Any]
Objects = list[Object]


def load() -> Objects:
    """Every object of every file that kustomization.yaml lists."""
    files = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    return [found for file in files for found in yaml.safe_load_all((FOLDER / file).read_text())]


def invalid(objects: Objects) -> list[str]:
    """What the API server would refuse."""
    found = []
    for one in objects:
        try:
            kubernetes_validate.validate(one, VERSION, strict=True)
        except kubernetes_validate.ValidationError as error:
            found.append(f"{label(one)}: {error.message}")
    return found


def label(one: Object) -> str:
    return f"{one['kind']}/{one['metadata']['name']}"


def of(objects: Objects, *kinds: str) -> Objects:
    return [one for one in objects if one["kind"] in kinds]


def pod(one: Object) -> Object:
    return one["spec"]["template"]


def faults(objects: Objects, secrets: set[str]) -> list[str]:
    """``secrets`` are the files of the Secret ``synergy``."""
    names = [label(one) for one in objects]
    found = [f"{name} is there twice" for name in set(names) if names.count(name) > 1]
    for one in of(objects, *PODS):
        checks = [*selects(one), *is_safe(one), *mounts(one, objects), *runs(one, objects, secrets)]
        found += [f"{label(one)}: {fault}" for fault in checks]
    for one in objects:
        found += [f"{label(one)}: {fault}" for fault in points(one, objects)]
    return found


def selects(one: Object) -> Iterator[str]:
    wanted = one["spec"].get("selector", {}).get("matchLabels", {})
    if not wanted.items() <= pod(one)["metadata"]["labels"].items():
        yield "its selector does not match its pods"
    if one["kind"] == "Deployment":
        container = pod(one)["spec"]["containers"][0]
        yield from (f"has no {probe}" for probe in ("startupProbe", "readinessProbe", "livenessProbe") if probe not in container)


def is_safe(one: Object) -> Iterator[str]:
    spec = pod(one)["spec"]
    if not spec.get("securityContext", {}).get("runAsNonRoot"):
        yield "may run as root"
    if spec.get("automountServiceAccountToken") is not False:
        yield "gets a token for the API server"
    for container in spec["containers"]:
        own = container.get("securityContext", {})
        if own.get("allowPrivilegeEscalation") is not False or own.get("capabilities", {}).get("drop") != ["ALL"]:
            yield "may gain privileges"
        if not own.get("readOnlyRootFilesystem"):
            yield "may write its own files"
        profile = {**spec["securityContext"], **own}.get("seccompProfile", {}).get("type")
        if profile != ("Unconfined" if label(one).startswith("Deployment/worker-") else "RuntimeDefault"):
            yield f"has the system-call filter {profile}"
        limits = container.get("resources", {})
        yield from (f"has no {k} of {w}" for k in ("requests", "limits") for w in ("cpu", "memory") if w not in limits.get(k, {}))


def mounts(one: Object, objects: Objects) -> Iterator[str]:
    spec = pod(one)["spec"]
    volumes = {volume["name"]: volume for volume in spec.get("volumes", ())}
    used = [mount["name"] for container in spec["containers"] for mount in container.get("volumeMounts", ())]
    yield from (f"there is no volume {name}" for name in used if name not in volumes)
    yield from (f"nobody mounts {name}" for name in volumes if name not in used)
    claims = {claim["metadata"]["name"] for claim in of(objects, "PersistentVolumeClaim")}
    for volume in volumes.values():
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        if claim and claim not in claims:
            yield f"there is no claim {claim}"
        if volume.get("secret", {}).get("secretName", "synergy") != "synergy":
            yield "mounts a secret that nobody makes"


def runs(one: Object, objects: Objects, secrets: set[str]) -> Iterator[str]:
    maps = {found["metadata"]["name"]: found["data"] for found in of(objects, "ConfigMap")}
    for container in pod(one)["spec"]["containers"]:
        image = container["image"]
        if not image.startswith("synergy:") or image.endswith(":latest"):
            yield f"the image {image} is not ours, or not pinned"
        environment = {entry["name"]: entry.get("value", "") for entry in container.get("env", ())}
        for source in container.get("envFrom", ()):
            name = source["configMapRef"]["name"]
            if name not in maps:
                yield f"there is no ConfigMap {name}"
            environment |= maps.get(name, {})
        yield from variables.faults(environment, known(), secrets)
        if "args" in container:
            yield from commands.faults(container["args"])


@cache
def known() -> set[str]:
    return variables.of_synergy()


def points(one: Object, objects: Objects) -> Iterator[str]:
    """What one object says of others."""
    kind, spec = one["kind"], one.get("spec", {})
    if kind == "Service":
        behind = [p for p in of(objects, *PODS) if spec["selector"].items() <= pod(p)["metadata"]["labels"].items()]
        ports = {port["name"] for p in behind for c in pod(p)["spec"]["containers"] for port in c.get("ports", ())}
        yield from (f"nobody listens on {port['targetPort']}" for port in spec["ports"] if port["targetPort"] not in ports)
    elif kind == "HorizontalPodAutoscaler":
        target = f"{spec['scaleTargetRef']['kind']}/{spec['scaleTargetRef']['name']}"
        yield from scales(spec, target, objects)
    elif kind in ("PodDisruptionBudget", "NetworkPolicy"):
        selector = spec["selector" if kind == "PodDisruptionBudget" else "podSelector"]
        yield from (f"no pod has {key}={value}" for key, value in labels(selector) if not carried(objects, key, value))


def scales(spec: Object, target: str, objects: Objects) -> Iterator[str]:
    scaled = [one for one in objects if label(one) == target]
    if not scaled:
        yield f"there is no {target}"
        return
    if "replicas" in scaled[0]["spec"]:
        yield f"{target} says how many replicas it wants, so that every apply undoes the scaling"
    metric = spec["metrics"][0]["external"]["metric"]
    served = commands.queues(pod(scaled[0])["spec"]["containers"][0]["args"])
    if [metric["selector"]["matchLabels"]["queue"]] != served:
        yield f"scales {target} by the queue {metric['selector']['matchLabels']['queue']}, it serves {served}"
    rules = next((o["data"]["config.yaml"] for o in objects if label(o) == "ConfigMap/prometheus-adapter-rules"), "{}")
    if metric["name"] not in {rule["name"]["as"] for rule in yaml.safe_load(rules).get("externalRules", ())}:
        yield f"prometheus-adapter has no rule for {metric['name']}"


def labels(selector: Object) -> Iterator[tuple[str, str]]:
    yield from selector.get("matchLabels", {}).items()
    for expression in selector.get("matchExpressions", ()):
        yield from ((expression["key"], value) for value in expression["values"])


def carried(objects: Objects, key: str, value: str) -> bool:
    return any(pod(one)["metadata"]["labels"].get(key) == value for one in of(objects, *PODS))
