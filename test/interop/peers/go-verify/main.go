// Go's crypto/x509 on a chain: go-verify ROOTS CHAIN [NAME] prints "ok", or why not. Any key usage, at the current time.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func main() {
	roots := x509.NewCertPool()
	text, err := os.ReadFile(os.Args[1])
	check(err)
	if !roots.AppendCertsFromPEM(text) {
		fmt.Println("no roots")
		return
	}
	text, err = os.ReadFile(os.Args[2])
	check(err)
	var chain []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		check(err)
		chain = append(chain, certificate)
	}
	middles := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		middles.AddCert(certificate)
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: middles, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	if len(os.Args) > 3 {
		options.DNSName = os.Args[3]
	}
	_, err = chain[0].Verify(options)
	check(err)
	fmt.Println("ok")
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(0)
	}
}
