package main

import (
	"net/netip"
	"testing"
)

func node(podCIDR, address string) nodeObject {
	var made nodeObject
	made.Metadata.Name = "node"
	made.Spec.PodCIDR = podCIDR
	if address != "" {
		made.Status.Addresses = append(made.Status.Addresses, struct{ Type, Address string }{"InternalIP", address})
	}
	return made
}

func TestShare(t *testing.T) {
	cases := []struct{ name, pool, podCIDR, address, want string }{
		{"the podCIDR where it lies in the pool", "10.88.0.0/16", "10.88.3.0/24", "10.66.0.11", "10.88.3.0/24"},
		{"a block of the pool where the podCIDR lies elsewhere", "10.88.0.0/16", "10.244.1.0/24", "10.66.0.11", "10.88.2.192/26"},
		{"a block of the pool without podCIDR", "192.168.0.0/16", "", "10.66.0.1", "192.168.0.64/26"},
		{"the last block", "10.88.0.0/18", "", "10.66.0.255", "10.88.63.192/26"},
		{"nothing without an address", "10.88.0.0/16", "", "", ""},
		{"nothing of a pool that is too small", "10.88.0.0/24", "", "10.66.0.11", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := node(c.podCIDR, c.address).share(netip.MustParsePrefix(c.pool))
			if (err != nil) != (c.want == "") || err == nil && got.String() != c.want {
				t.Errorf("got %v, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestDelegateKeepsWhatTheRuntimeSays(t *testing.T) {
	t.Setenv("CNI_COMMAND", "DEL")
	got, err := delegate([]byte(`{"cniVersion": "0.3.1", "name": "n", "type": "calico", "prevResult": {"ips": []}}`))
	want := `{"cniVersion":"0.3.1","ipam":{"ranges":[[{"subnet":"192.0.2.0/24"}]],` +
		`"routes":[{"dst":"0.0.0.0/0"}],"type":"host-local"},"name":"n","prevResult":{"ips":[]},"type":"ptp"}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestNoPodsBeforeTheNodeIsThere(t *testing.T) {
	t.Setenv("CNI_COMMAND", "ADD")
	if _, err := delegate([]byte(`{"type": "calico"}`)); err == nil {
		t.Error("no error without the node's share")
	}
}
