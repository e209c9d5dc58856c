// A server of Go's crypto/tls for the scan tests: HTTP over TLS with what its flags allow.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
)

func main() {
	cert := flag.String("cert", "", "PEM chain")
	key := flag.String("key", "", "PEM key")
	minimum := flag.Int("min", tls.VersionTLS12, "lowest version")
	maximum := flag.Int("max", tls.VersionTLS13, "highest version")
	suites := flag.String("suites", "", "cipher suite numbers of TLS 1.2, in decimal, separated by commas")
	hsts := flag.String("hsts", "", "value of Strict-Transport-Security")
	alpn := flag.String("alpn", "", "protocols, separated by commas")
	tickets := flag.Bool("tickets", true, "session tickets")
	flag.Parse()

	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		log.Fatal(err)
	}
	config := &tls.Config{
		Certificates:           []tls.Certificate{pair},
		MinVersion:             uint16(*minimum),
		MaxVersion:             uint16(*maximum),
		SessionTicketsDisabled: !*tickets,
	}
	for _, number := range strings.Split(*suites, ",") {
		if id, err := strconv.ParseUint(number, 10, 16); err == nil {
			config.CipherSuites = append(config.CipherSuites, uint16(id))
		}
	}
	if *alpn != "" {
		config.NextProtos = strings.Split(*alpn, ",")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on %d\n", listener.Addr().(*net.TCPAddr).Port)
	go func() { // ends with whoever started it
		_, _ = os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}()
	server := &http.Server{
		ErrorLog: log.New(os.Stderr, "", 0),
		Handler: http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
			if *hsts != "" {
				response.Header().Set("Strict-Transport-Security", *hsts)
			}
			fmt.Fprintln(response, "hello")
		}),
	}
	log.Fatal(server.Serve(tls.NewListener(listener, config)))
}
