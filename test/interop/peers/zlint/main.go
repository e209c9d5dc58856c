// zlint's lints (RFC 5280, the Baseline Requirements, Mozilla and others) on the certificates and CRLs of PEM files: for each
// block one line of JSON with the lints that are not "pass" or "not applicable".
package main

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"

	"github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
)

type finding struct {
	Lint    string `json:"lint"`
	Source  string `json:"source"`
	Status  string `json:"status"`
	Details string `json:"details,omitempty"`
}

func main() {
	for _, path := range os.Args[1:] {
		text, err := os.ReadFile(path)
		check(err)
		for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
			results, err := lintBlock(block)
			check(err)
			line, err := json.Marshal(map[string]any{"file": path, "findings": results})
			check(err)
			fmt.Println(string(line))
		}
	}
}

func lintBlock(block *pem.Block) ([]finding, error) {
	if block.Type == "X509 CRL" {
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return nil, err
		}
		return findings(zlint.LintRevocationList(list)), nil
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	return findings(zlint.LintCertificate(certificate)), nil
}

func findings(results *zlint.ResultSet) []finding {
	found := []finding{}
	for name, result := range results.Results {
		if result.Status > lint.Pass && result.Status != lint.NA && result.Status != lint.NE {
			found = append(found, finding{name, sourceOf(name), result.Status.String(), result.Details})
		}
	}
	return found
}

func sourceOf(name string) string {
	registry := lint.GlobalRegistry()
	if one := registry.CertificateLints().ByName(name); one != nil {
		return string(one.Source)
	}
	if one := registry.RevocationListLints().ByName(name); one != nil {
		return string(one.Source)
	}
	return ""
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
