//go:build tools

// Package ingressnginx names the commands that the lab builds, so that go.mod keeps what they need.
package ingressnginx

import (
	_ "k8s.io/ingress-nginx/cmd/dbg"
	_ "k8s.io/ingress-nginx/cmd/nginx"
	_ "k8s.io/ingress-nginx/cmd/waitshutdown"
)
