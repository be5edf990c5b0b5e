"""`kubeboot status`: what control planes answer, as one screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubeboot.errors import Unreachable
from kubeboot.report.status import Status, read_status, status_lines
from tests.engine.conftest import make_cluster

NOW_S = 1_800_000_000
ANSWER = f"""\
kubelet\tactive
API\tok
certificate\tapiserver.crt\t{NOW_S + 364 * 86400 + 5}
certificate\tfront-proxy-client.crt\t{NOW_S + 10 * 86400 + 5}
node\tm1\tTrue\tv1.29.15\t10.0.0.1\t2027-01-14T08:00:00Z\t<none>
node\tm2\tTrue\tv1.29.15\t10.0.0.2\t2027-01-15T07:59:00Z\ttrue
node\tw1\tFalse\tv1.29.14\t10.0.0.3\t2026-12-15T08:00:00Z\t<none>
plane\tm1
plane\tm2
pod\tkube-system\tcoredns-1\tImagePullBackOff
pods\t24
addon\tcalico\t3.27.5
addon\tingress-nginx\t1.13.9
member\taa\tm1\thttps://10.0.0.1:2379\tfalse
member\tbb\tm2\thttps://10.0.0.2:2379\tfalse
endpoint\thttps://10.0.0.1:2379\taa\t3.5.16\t12 MB\ttrue
""".splitlines()


def read() -> Status:
    away = Unreachable("m2", "does not answer within 10 s")
    return read_status(make_cluster(), {"m1": ANSWER, "m2": away}, NOW_S)


def test_it_fits_a_screen_and_says_all() -> None:
    shown = "\n".join(line for line, _ in status_lines(read(), 80))
    assert (
        shown
        == """\
cluster lab: 1 of 3 nodes Ready, API https://k8s.example.com:6443

NODE  ROLE           STATE           VERSION   ADDRESS   AGE
m1    control-plane  Ready           v1.29.15  10.0.0.1  1 d
m2    control-plane  Ready,cordoned  v1.29.15  10.0.0.2  1 min
w1    worker         NotReady        v1.29.14  10.0.0.3  31 d

CONTROL PLANE  API   KUBELET  ETCD             DATABASE  CERTIFICATES
m1             ok    active   leader           12 MB     10 days (front-proxy-client.crt)
m2             away           does not answer

pods        24, 1 not ready: kube-system/coredns-1 ImagePullBackOff
add-ons     calico 3.27.5, ingress-nginx 1.13.9
away        m2: does not answer within 10 s"""
    )


def test_a_member_that_is_away_is_told() -> None:
    planes = {plane.host: plane for plane in read().control_planes}
    assert (planes["m1"].etcd, planes["m2"].etcd) == ("leader", "does not answer")
    assert planes["m1"].certificate_days == 10


def test_a_bare_host_has_a_status_too() -> None:
    found = read_status(make_cluster(), {"m1": ["kubelet\tinactive", "API\tno control plane yet"]}, NOW_S)
    shown = "\n".join(line for line, _ in status_lines(found, 80))
    assert "no node could be read" in shown
    assert "no control plane yet" in shown


@pytest.mark.parametrize("key", ("node", "pod", "pods", "certificate", "member", "endpoint", "addon", "plane"))
@given(rest=st.text(max_size=60))
def test_whatever_a_host_answers_there_is_a_screen(key: str, rest: str) -> None:
    answer = [*ANSWER, f"{key}\t{rest}"]
    assert list(status_lines(read_status(make_cluster(), {"m1": answer}, NOW_S), 80))
    assert list(status_lines(read_status(make_cluster(), {"m1": [f"{key}\t{rest}"]}, NOW_S), 80))
