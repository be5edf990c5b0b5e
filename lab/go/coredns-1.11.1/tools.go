//go:build tools

// Package coredns names the command that the lab builds, so that go.mod keeps what it needs.
package coredns

import _ "github.com/coredns/coredns"
