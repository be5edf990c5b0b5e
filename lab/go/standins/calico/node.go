package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"kubeboot.lab/standins/kubeapi"
)

const (
	stateFolder = "/var/lib/calico" // of the host, by a mount of the manifest
	healthPort  = "127.0.0.1:9099"
	bpfMagic    = 0xcafe4a11
)

// nodeProgram is calico-node: without flags the agent itself, else one of the commands that the manifest runs.
func nodeProgram(flags []string) error {
	switch {
	case slices.Contains(flags, "-init"):
		return mountBPF()
	case slices.Contains(flags, "-shutdown"):
		return nil
	case len(flags) > 0:
		return probe(flags)
	}
	return runNode()
}

// mountBPF is best effort as upstream's is: only the eBPF data plane, which the stand-in has not, would need it.
func mountBPF() error {
	var found syscall.Statfs_t
	if err := syscall.Statfs("/sys/fs/bpf", &found); err == nil && found.Type == bpfMagic {
		return nil
	}
	if err := syscall.Mount("bpffs", "/sys/fs/bpf", "bpf", 0, ""); err != nil {
		log.Printf("bpffs is not mounted: %v", err)
	}
	return nil
}

// probe answers the manifest's probes. BIRD runs only with its own backend: with any other its probes fail, as upstream's do.
func probe(flags []string) error {
	for _, flag := range flags {
		switch flag {
		case "-felix-live", "-felix-ready":
			path := map[string]string{"-felix-live": "liveness", "-felix-ready": "readiness"}[flag]
			client := http.Client{Timeout: 5 * time.Second}
			response, err := client.Get("http://" + healthPort + "/" + path)
			if err != nil {
				return fmt.Errorf("calico/node is not ready: felix is not %s: %w", path, err)
			}
			response.Body.Close()
			if response.StatusCode >= 300 {
				return fmt.Errorf("calico/node is not ready: felix is not ready: %s reporting %d", path, response.StatusCode)
			}
		case "-bird-live", "-bird-ready":
			if backend := os.Getenv("CALICO_NETWORKING_BACKEND"); backend != "bird" {
				return fmt.Errorf("calico/node is not ready: BIRD is not ready: BIRD does not run with backend %q", backend)
			}
		}
	}
	return nil
}

// runNode takes part in the cluster: makes the pool, tells the CNI plugin the node's share, keeps routes to all others.
func runNode() error {
	var isReady atomic.Bool
	go serveHealth(&isReady)
	api, err := kubeapi.New()
	if err != nil {
		return err
	}
	name := os.Getenv("NODENAME")
	for {
		if err := follow(api, name, &isReady); err != nil {
			log.Printf("trying again: %v", err)
		}
		time.Sleep(time.Second)
	}
}

func serveHealth(isReady *atomic.Bool) {
	answer := func(w http.ResponseWriter, isFine bool) {
		if isFine {
			w.WriteHeader(http.StatusNoContent)
		} else {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	http.HandleFunc("/liveness", func(w http.ResponseWriter, _ *http.Request) { answer(w, true) })
	http.HandleFunc("/readiness", func(w http.ResponseWriter, _ *http.Request) { answer(w, isReady.Load()) })
	log.Fatal(http.ListenAndServe(healthPort, nil))
}

// follow brings the host in line with the cluster's nodes, then again at each change among them; returns when the watch ends.
func follow(api *kubeapi.Client, name string, isReady *atomic.Bool) error {
	pool, err := ensurePool(api)
	if err != nil {
		return err
	}
	var list struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
		Items []nodeObject `json:"items"`
	}
	if err := api.Get("/api/v1/nodes", &list); err != nil {
		return err
	}
	nodes := map[string]nodeObject{}
	for _, node := range list.Items {
		nodes[node.Metadata.Name] = node
	}
	if err := settle(api, name, pool, nodes); err != nil {
		return err
	}
	isReady.Store(true)
	path := "/api/v1/nodes?watch=1&timeoutSeconds=600&resourceVersion=" + list.Metadata.ResourceVersion
	return api.Watch(path, func(kind string, text json.RawMessage) {
		var node nodeObject
		if err := json.Unmarshal(text, &node); err != nil {
			return
		}
		if kind == "DELETED" {
			delete(nodes, node.Metadata.Name)
		} else {
			nodes[node.Metadata.Name] = node
		}
		if err := setRoutes(name, pool, nodes); err != nil {
			log.Print(err)
		}
	})
}

// settle sets up this node's own part: its share for the CNI plugin, masquerading, routes, its condition.
func settle(api *kubeapi.Client, name string, pool netip.Prefix, nodes map[string]nodeObject) error {
	own, isThere := nodes[name]
	if !isThere {
		return fmt.Errorf("node %q is not in the cluster", name)
	}
	share, err := own.share(pool)
	if err != nil {
		return err
	}
	if err := setMasquerade(share, pool); err != nil {
		return err
	}
	if err := setRoutes(name, pool, nodes); err != nil {
		return err
	}
	for file, text := range map[string]string{"share": share.String(), "nodename": name} {
		if err := os.WriteFile(filepath.Join(stateFolder, file), []byte(text), 0o644); err != nil {
			return err
		}
	}
	log.Printf("node %s: pods from %s of pool %s", name, share, pool)
	return report(api, name, own.address())
}

// report says on the Node object what Calico says there: its address, and that the network is available.
func report(api *kubeapi.Client, name string, address netip.Addr) error {
	now := time.Now().UTC().Format(time.RFC3339)
	condition := map[string]any{
		"type": "NetworkUnavailable", "status": "False", "reason": "CalicoIsUp", "message": "Calico is running on this node",
		"lastHeartbeatTime": now, "lastTransitionTime": now,
	}
	annotations := map[string]string{"projectcalico.org/IPv4Address": address.String() + "/24"}
	return errors.Join(
		api.Patch("/api/v1/nodes/"+name+"/status", map[string]any{
			"metadata": map[string]any{"annotations": annotations},
			"status":   map[string]any{"conditions": []any{condition}},
		}))
}
