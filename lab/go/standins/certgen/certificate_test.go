package main

import (
	"crypto/x509"
	"encoding/pem"
	"testing"
)

func TestTheCertificateIsGoodForItsNames(t *testing.T) {
	made, err := newCertificate([]string{"admission", "admission.ingress-nginx.svc"})
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(made.ca) {
		t.Fatal("the CA is no certificate")
	}
	block, _ := pem.Decode(made.cert)
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"admission", "admission.ingress-nginx.svc"} {
		if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
