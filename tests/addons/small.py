"""Small manifests of the tests' own, in the shapes upstream's have."""

from __future__ import annotations

CALICO = """\
# comments and odd   spacing of documents that nothing edits must survive
apiVersion: v1
kind: ServiceAccount
metadata: {name: calico-node,   namespace: kube-system}
---
# Source: config
kind: ConfigMap
apiVersion: v1
metadata:
  name: calico-config
  namespace: kube-system
data:
  calico_backend: "bird"
  cni_network_config: |-
    {
      "mtu": __CNI_MTU__
    }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ippools.crd.projectcalico.org}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: calico-node, namespace: kube-system}
spec:
  template:
    spec:
      initContainers:
        - {name: install-cni, image: "docker.io/calico/cni:v9"}
      containers:
        - name: calico-node
          image: docker.io/calico/node:v9
          env:
            - {name: CALICO_IPV4POOL_IPIP, value: Always}
            - {name: ODD, value: "1e3"}
            - {name: NODENAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
          livenessProbe:
            exec: {command: [/bin/calico-node, -felix-live, -bird-live]}
          readinessProbe:
            exec: {command: [/bin/calico-node, -felix-ready, -bird-ready]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: calico-kube-controllers, namespace: kube-system}
spec:
  template:
    spec:
      containers:
        - {name: calico-kube-controllers, image: "docker.io/calico/kube-controllers:v9"}
"""

INGRESS_NGINX = """\
apiVersion: v1
kind: Namespace
metadata: {name: ingress-nginx}
---
apiVersion: v1
kind: Service
metadata: {name: ingress-nginx-controller, namespace: ingress-nginx}
spec: {type: NodePort}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ingress-nginx-controller, namespace: ingress-nginx}
spec:
  strategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}
  template:
    spec:
      dnsPolicy: ClusterFirst
      containers:
        - {name: controller, image: "registry.k8s.io/ingress-nginx/controller:v9@sha256:abc"}
---
apiVersion: batch/v1
kind: Job
metadata: {name: ingress-nginx-admission-create, namespace: ingress-nginx}
spec:
  template:
    spec:
      containers:
        - {name: create, image: "registry.k8s.io/ingress-nginx/kube-webhook-certgen:v8@sha256:def"}
"""
