// Command crictl is the lab's small crictl: registries do not offer upstream's, and kubeadm cannot do without one.
// It speaks to the container runtime by CRI and knows what kubeadm and a person on a host commonly ask for.
package main

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"
)

const (
	version        = "v1.29.0"
	defaultSocket  = "unix:///run/containerd/containerd.sock"
	settingsFile   = "/etc/crictl.yaml"
	defaultTimeout = 10 * time.Minute // pulls of large images included
)

type command struct {
	run  func(context.Context, *client, options) error
	help string
}

func commands() map[string]command {
	return map[string]command{
		"exec":     {execute, "[-i] [-t] CONTAINER COMMAND...: run a command in a container"},
		"images":   {images, "[-q] [-o json] [NAME]: list images"},
		"info":     {info, "[-o go-template --template T]: status and configuration of the runtime"},
		"inspect":  {inspectContainer, "CONTAINER...: all about containers"},
		"inspecti": {inspectImage, "[-q] IMAGE...: all about images"},
		"inspectp": {inspectPod, "POD...: all about pods"},
		"logs":     {logs, "[-f] [--tail N] [-p] CONTAINER: what a container wrote"},
		"pods":     {pods, "[-q] [-o json] [--name N] [--namespace N] [--state S] [--label K=V]: list pods"},
		"ps":       {containers, "[-a] [-q] [-o json] [--name N] [--pod ID] [--state S]: list containers"},
		"pull":     {pull, "IMAGE: get an image"},
		"rm":       {removeContainers, "[-f] [-a] CONTAINER...: remove containers"},
		"rmi":      {removeImages, "[-a] [--prune] IMAGE...: remove images"},
		"rmp":      {removePods, "[-f] [-a] POD...: remove pods"},
		"stop":     {stopContainers, "[--timeout S] CONTAINER...: stop containers"},
		"stopp":    {stopPods, "POD...: stop pods"},
		"version":  {versions, "versions of client and runtime"},
	}
}

func main() {
	given, err := parse(os.Args[1:])
	if err != nil {
		fail(err)
	}
	if given.has("version") || given.has("v") {
		fmt.Println("crictl version " + version)
		return
	}
	if len(given.words) == 0 || given.words[0] == "help" || given.has("h") || given.has("help") {
		usage()
		return
	}
	chosen := commands()[given.words[0]]
	if chosen.run == nil {
		fail(fmt.Errorf("unknown command %q; crictl --help lists those of the lab's small crictl", given.words[0]))
	}
	given.words = given.words[1:]
	ctx, cancel := context.WithTimeout(context.Background(), defaultTimeout)
	defer cancel()
	runtime, err := connect(given)
	if err != nil {
		fail(err)
	}
	if err := chosen.run(ctx, runtime, given); err != nil {
		fail(err)
	}
}

func usage() {
	fmt.Println("crictl [-r SOCKET] [-i SOCKET] COMMAND (the lab's small crictl)")
	var lines []string
	for name, known := range commands() {
		if known.run != nil {
			lines = append(lines, "  "+name+" "+known.help)
		}
	}
	sort.Strings(lines)
	fmt.Println(strings.Join(lines, "\n"))
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "FATA[0000] %v\n", err)
	os.Exit(1)
}
