package main

import (
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
)

const routeProtocol = "80" // marks the routes of this program, so that it removes only its own

// setRoutes makes the host's routes lead each other node's share to that node, and drops routes to nodes that are gone.
func setRoutes(self string, pool netip.Prefix, nodes map[string]nodeObject) error {
	wanted := map[string]string{}
	for name, node := range nodes {
		address := node.address()
		share, err := node.share(pool)
		if name != self && err == nil && address.IsValid() {
			wanted[share.String()] = address.String()
		}
	}
	present, err := run("ip", "-4", "route", "show", "proto", routeProtocol)
	if err != nil {
		return err
	}
	for _, line := range strings.Split(strings.TrimSpace(present), "\n") {
		words := strings.Fields(line) // SHARE via ADDRESS dev ...
		if len(words) < 3 {
			continue
		}
		if wanted[words[0]] == words[2] {
			delete(wanted, words[0])
		} else if _, err := run("ip", "route", "delete", words[0], "proto", routeProtocol); err != nil {
			return err
		}
	}
	for share, address := range wanted {
		if _, err := run("ip", "route", "replace", share, "via", address, "proto", routeProtocol); err != nil {
			return err
		}
	}
	return nil
}

// setMasquerade lets pods reach what is not of the pool, under their node's address.
func setMasquerade(share, pool netip.Prefix) error {
	rule := []string{"POSTROUTING", "-s", share.String(), "!", "-d", pool.String(), "-j", "MASQUERADE"}
	if _, err := run("iptables", append([]string{"-w", "-t", "nat", "-C"}, rule...)...); err == nil {
		return nil
	}
	_, err := run("iptables", append([]string{"-w", "-t", "nat", "-A"}, rule...)...)
	return err
}

func run(name string, arguments ...string) (string, error) {
	out, err := exec.Command(name, arguments...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(arguments, " "), err, out)
	}
	return string(out), nil
}
