package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"
)

type certificate struct{ ca, cert, key []byte } // PEM

// newCertificate makes a CA and a server certificate for the names; the CA's key is forgotten.
func newCertificate(names []string) (certificate, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	caTemplate := template(1, "lab webhook CA")
	caTemplate.IsCA, caTemplate.BasicConstraintsValid = true, true
	caTemplate.KeyUsage = x509.KeyUsageCertSign
	ca, err := x509.CreateCertificate(rand.Reader, caTemplate, caTemplate, &caKey.PublicKey, caKey)
	if err != nil {
		return certificate{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	serverTemplate := template(2, names[0])
	serverTemplate.DNSNames = names
	serverTemplate.KeyUsage = x509.KeyUsageDigitalSignature
	serverTemplate.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server, err := x509.CreateCertificate(rand.Reader, serverTemplate, caTemplate, &key.PublicKey, caKey)
	if err != nil {
		return certificate{}, err
	}
	keyText, err := x509.MarshalECPrivateKey(key)
	return certificate{ca: inPEM("CERTIFICATE", ca), cert: inPEM("CERTIFICATE", server), key: inPEM("EC PRIVATE KEY", keyText)}, err
}

func template(serial int64, name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(10, 0, 0),
	}
}

func inPEM(kind string, text []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: text})
}
