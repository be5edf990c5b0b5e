// Command calico is the lab's stand-in for Calico's programs, which registries do not offer. It is one binary that acts
// by the name it is called by, as upstream's manifest calls it: calico-node, install, calico-ipam, calico (the CNI
// plugin), kube-controllers and check-status. Pods get addresses from their node's share of the pool by the CNI
// project's own ptp and host-local; other nodes' shares are reached by plain routes. There is no network policy.
package main

import (
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(log.LstdFlags | log.LUTC)
	programs := map[string]func([]string) error{
		"calico-node":      nodeProgram,
		"install":          install,
		"calico-ipam":      ipam,
		"calico":           plugin,
		"kube-controllers": controllers,
		"check-status":     checkStatus,
	}
	name := filepath.Base(os.Args[0])
	program := programs[name]
	if program == nil {
		log.Fatalf("%s: not one of the programs that this stand-in for Calico knows", name)
	}
	if err := program(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}
