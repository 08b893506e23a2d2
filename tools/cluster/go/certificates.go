package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const validYears = 5

// A certificateOrder asks for <name>.crt and <name>.key. With no issuer it is an authority that signs itself.
type certificateOrder struct {
	Name          string   `json:"name"`
	Issuer        string   `json:"issuer"`
	CommonName    string   `json:"commonName"`
	Organizations []string `json:"organizations"`
	// Host names and addresses a server answers to.
	Hosts []string `json:"hosts"`
}

// An order is what make-certificates reads as JSON. What lies in the folder already stays as it is, so that the same
// order may be given again. Keys asks for bare key pairs: <name>.key and <name>.pub.
type order struct {
	Folder       string             `json:"folder"`
	Certificates []certificateOrder `json:"certificates"`
	Keys         []string           `json:"keys"`
}

type holder struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func makeCertificates(from io.Reader) error {
	var asked order
	if err := json.NewDecoder(from).Decode(&asked); err != nil {
		return fmt.Errorf("reading the order: %w", err)
	}
	if err := os.MkdirAll(asked.Folder, 0o700); err != nil {
		return err
	}
	for _, one := range asked.Certificates {
		if err := issue(asked.Folder, one); err != nil {
			return fmt.Errorf("certificate %s: %w", one.Name, err)
		}
	}
	for _, name := range asked.Keys {
		if err := makeKeyPair(asked.Folder, name); err != nil {
			return fmt.Errorf("key %s: %w", name, err)
		}
	}
	return nil
}

func issue(folder string, asked certificateOrder) error {
	base := filepath.Join(folder, asked.Name)
	if exists(base + ".crt") { // written last, so its key is there too
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template, err := templateFor(asked)
	if err != nil {
		return err
	}
	signer := holder{template, key}
	if asked.Issuer != "" {
		if signer, err = load(filepath.Join(folder, asked.Issuer)); err != nil {
			return err
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.certificate, key.Public(), signer.key)
	if err != nil {
		return err
	}
	if err := writeKey(base+".key", key); err != nil {
		return err
	}
	return write(base+".crt", "CERTIFICATE", der, 0o644)
}

func templateFor(asked certificateOrder) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: asked.CommonName, Organization: asked.Organizations},
		NotBefore:    time.Now().Add(-time.Hour), // nodes' clocks may differ
		NotAfter:     time.Now().AddDate(validYears, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	if asked.Issuer == "" {
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage |= x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		return template, nil
	}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, host := range asked.Hosts {
		if address := net.ParseIP(host); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return template, nil
}

func makeKeyPair(folder, name string) error {
	base := filepath.Join(folder, name)
	if exists(base + ".pub") {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if err := writeKey(base+".key", key); err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	return write(base+".pub", "PUBLIC KEY", der, 0o644)
}

func load(base string) (holder, error) {
	certificate, err := readBlock(base + ".crt")
	if err != nil {
		return holder{}, err
	}
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil {
		return holder{}, err
	}
	private, err := readBlock(base + ".key")
	if err != nil {
		return holder{}, err
	}
	key, err := x509.ParsePKCS8PrivateKey(private)
	if err != nil {
		return holder{}, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return holder{}, fmt.Errorf("%s.key cannot sign", base)
	}
	return holder{parsed, signer}, nil
}

func readBlock(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM block", path)
	}
	return block.Bytes, nil
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return write(path, "PRIVATE KEY", der, 0o600)
}

// write puts the whole file in place or none of it, so that a kill leaves no half of one.
func write(path, kind string, der []byte, mode fs.FileMode) error {
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(part, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode); err != nil {
		return err
	}
	return os.Rename(part, path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
