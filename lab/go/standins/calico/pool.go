package main

import (
	"errors"
	"fmt"
	"log"
	"net/netip"
	"os"
	"regexp"
	"time"

	"kubeboot.lab/standins/kubeapi"
)

const (
	pools       = "/apis/crd.projectcalico.org/v1/ippools"
	defaultPool = "default-ipv4-ippool"
)

type poolObject struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   map[string]string `json:"metadata"`
	Spec       poolSpec          `json:"spec"`
}

type poolSpec struct {
	AllowedUses  []string `json:"allowedUses"`
	BlockSize    int      `json:"blockSize"`
	CIDR         string   `json:"cidr"`
	IPIPMode     string   `json:"ipipMode"`
	NATOutgoing  bool     `json:"natOutgoing"`
	NodeSelector string   `json:"nodeSelector"`
	VXLANMode    string   `json:"vxlanMode"`
}

// ensurePool returns the range of the default pool and makes the pool if there is none: the variables of the manifest
// count only then, as with Calico itself.
func ensurePool(api *kubeapi.Client) (netip.Prefix, error) {
	var found struct {
		Spec struct {
			CIDR string `json:"cidr"`
		} `json:"spec"`
	}
	err := api.Get(pools+"/"+defaultPool, &found)
	if errors.Is(err, kubeapi.ErrNotFound) {
		found.Spec.CIDR = poolRange(api)
		err = api.Create(pools, newPool(found.Spec.CIDR))
		if errors.Is(err, kubeapi.ErrExists) { // another node was faster
			err = api.Get(pools+"/"+defaultPool, &found)
		} else if err == nil {
			log.Printf("made pool %s %s", defaultPool, found.Spec.CIDR)
		}
	}
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.ParsePrefix(found.Spec.CIDR)
}

func newPool(cidr string) poolObject {
	return poolObject{
		APIVersion: "crd.projectcalico.org/v1",
		Kind:       "IPPool",
		Metadata:   map[string]string{"name": defaultPool},
		Spec: poolSpec{
			AllowedUses:  []string{"Workload", "Tunnel"},
			BlockSize:    shareBits,
			CIDR:         cidr,
			IPIPMode:     variable("CALICO_IPV4POOL_IPIP", "Never"),
			NATOutgoing:  true,
			NodeSelector: "all()",
			VXLANMode:    variable("CALICO_IPV4POOL_VXLAN", "Never"),
		},
	}
}

// poolRange is the manifest's CALICO_IPV4POOL_CIDR, else what kubeadm was told, else Calico's own default.
func poolRange(api *kubeapi.Client) string {
	var kubeadm struct {
		Data map[string]string `json:"data"`
	}
	known := "192.168.0.0/16"
	if err := api.Get("/api/v1/namespaces/kube-system/configmaps/kubeadm-config", &kubeadm); err == nil {
		subnet := regexp.MustCompile(`(?m)^ *podSubnet: *([0-9./]+)`)
		if match := subnet.FindStringSubmatch(kubeadm.Data["ClusterConfiguration"]); match != nil {
			known = match[1]
		}
	}
	return variable("CALICO_IPV4POOL_CIDR", known)
}

func variable(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// controllers is calico-kube-controllers: it proves that the API answers, and stays.
func controllers([]string) error {
	api, err := kubeapi.New()
	if err != nil {
		return err
	}
	if err := api.Get(pools, nil); err != nil {
		return fmt.Errorf("the datastore does not answer: %w", err)
	}
	log.Print("started")
	// A program with nothing left to wait for is a deadlock to Go's runtime; sleeping is not.
	for {
		time.Sleep(time.Hour)
	}
}

// checkStatus is the probe of calico-kube-controllers.
func checkStatus([]string) error { return nil }
