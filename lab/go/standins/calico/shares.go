package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

const shareBits = 26 // Calico's own block size

type nodeObject struct {
	Metadata struct {
		Name            string `json:"name"`
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
	Spec struct {
		PodCIDR string `json:"podCIDR"`
	} `json:"spec"`
	Status struct {
		Addresses []struct{ Type, Address string } `json:"addresses"`
	} `json:"status"`
}

// address is the node's internal address, or the zero value while it has none.
func (n nodeObject) address() netip.Addr {
	for _, known := range n.Status.Addresses {
		if known.Type == "InternalIP" {
			if found, err := netip.ParseAddr(known.Address); err == nil && found.Is4() {
				return found
			}
		}
	}
	return netip.Addr{}
}

// share is the part of the pool from which the node's pods get addresses: its podCIDR where that lies in the pool, else
// the block that the last byte of the node's address counts off.
func (n nodeObject) share(pool netip.Prefix) (netip.Prefix, error) {
	own, err := netip.ParsePrefix(n.Spec.PodCIDR)
	if err == nil && pool.Bits() <= own.Bits() && pool.Contains(own.Addr()) {
		return own.Masked(), nil
	}
	address := n.address()
	if !address.IsValid() {
		return netip.Prefix{}, fmt.Errorf("node %s has no address yet", n.Metadata.Name)
	}
	if pool.Bits() > shareBits-8 {
		return netip.Prefix{}, fmt.Errorf("pool %s is too small to be shared by nodes without podCIDR", pool)
	}
	bytes := pool.Masked().Addr().As4()
	first := binary.BigEndian.Uint32(bytes[:]) + uint32(address.As4()[3])<<(32-shareBits)
	binary.BigEndian.PutUint32(bytes[:], first)
	return netip.PrefixFrom(netip.AddrFrom4(bytes), shareBits), nil
}
