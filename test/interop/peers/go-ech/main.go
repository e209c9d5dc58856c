// The Go peer of the ECH interop test: crypto/tls as client or server with Encrypted Client Hello, one connection each.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

func bytesOf(text string) []byte {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return data
}

func curvesOf(name string) []tls.CurveID {
	if name == "P-256" {
		return []tls.CurveID{tls.CurveP256}
	}
	return []tls.CurveID{tls.X25519, tls.CurveP256}
}

// serve CERT KEY CONFIG PRIVATE CURVE: answers one line with it and whether ECH was accepted.
func serve(args []string) error {
	pair, err := tls.LoadX509KeyPair(args[0], args[1])
	if err != nil {
		return err
	}
	c := &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13, CurvePreferences: curvesOf(args[4]),
		EncryptedClientHelloKeys: []tls.EncryptedClientHelloKey{{Config: bytesOf(args[2]), PrivateKey: bytesOf(args[3]), SendAsRetry: true}},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	fmt.Printf("port=%d;\n", listener.Addr().(*net.TCPAddr).Port)
	raw, err := listener.Accept()
	if err != nil {
		return err
	}
	raw.SetDeadline(time.Now().Add(20 * time.Second))
	conn := tls.Server(raw, c)
	defer conn.Close()
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	state := conn.ConnectionState()
	_, err = fmt.Fprintf(conn, "%v %s %s", state.ECHAccepted, state.ServerName, line)
	return err
}

// dial PORT CA CONFIGLIST NAME CURVE: says what the server answered, or the retry configs of a rejection.
func dial(args []string) error {
	pem, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	c := &tls.Config{
		RootCAs: pool, MinVersion: tls.VersionTLS13, ServerName: args[3], CurvePreferences: curvesOf(args[4]),
		EncryptedClientHelloConfigList: bytesOf(args[2]),
	}
	raw, err := net.DialTimeout("tcp", "127.0.0.1:"+args[0], 20*time.Second)
	if err != nil {
		return err
	}
	raw.SetDeadline(time.Now().Add(20 * time.Second))
	conn := tls.Client(raw, c)
	defer conn.Close()
	err = conn.Handshake()
	var rejection *tls.ECHRejectionError
	if errors.As(err, &rejection) {
		fmt.Printf("rejected=%s;\n", base64.StdEncoding.EncodeToString(rejection.RetryConfigList))
		return nil
	}
	if err != nil {
		return err
	}
	if _, err = conn.Write([]byte("hello\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	fmt.Printf("accepted=%v %s;\n", conn.ConnectionState().ECHAccepted, line)
	return nil
}

func main() {
	run := map[string]func([]string) error{"serve": serve, "dial": dial}[os.Args[1]]
	if err := run(os.Args[2:]); err != nil {
		fmt.Printf("failed=%s;\n", err)
		os.Exit(1)
	}
}
