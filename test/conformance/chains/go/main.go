// Go's crypto/x509 on chains: reads one JSON object a line, answers each with a line of JSON: "" where the chain holds,
// and otherwise the error's text. Only the standard library.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

type question struct {
	Chain    [][]byte `json:"chain"` // DER, leaf first
	Roots    [][]byte `json:"roots"`
	Time     int64    `json:"time"` // seconds
	Name     string   `json:"name"`
	Purpose  string   `json:"purpose"`
	Policies []string `json:"policies"`
}

func main() {
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	decoder := json.NewDecoder(input)
	for decoder.More() {
		var asked question
		if err := decoder.Decode(&asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		answer := ""
		if err := verify(asked); err != nil {
			answer = err.Error()
		}
		line, _ := json.Marshal(answer)
		fmt.Println(string(line))
	}
}

func verify(asked question) error {
	roots, middles := x509.NewCertPool(), x509.NewCertPool()
	for _, der := range asked.Roots {
		// Unreadable roots are left out, as AppendCertsFromPEM does it.
		if root, err := x509.ParseCertificate(der); err == nil {
			roots.AddCert(root)
		}
	}
	leaf, err := x509.ParseCertificate(asked.Chain[0])
	if err != nil {
		return err
	}
	for _, der := range asked.Chain[1:] {
		if middle, err := x509.ParseCertificate(der); err == nil {
			middles.AddCert(middle)
		}
	}
	options := x509.VerifyOptions{
		Roots:         roots,
		Intermediates: middles,
		CurrentTime:   time.Unix(asked.Time, 0),
		DNSName:       asked.Name,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if asked.Purpose == "clientAuth" {
		options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	for _, text := range asked.Policies {
		policy, err := x509.ParseOID(text)
		if err != nil {
			return err
		}
		options.CertificatePolicies = append(options.CertificatePolicies, policy)
	}
	_, err = leaf.Verify(options)
	return err
}
