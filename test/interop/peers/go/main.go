// The Go peer of the interop tests: crypto/tls, driven by lines on standard input (see ../worker.ts).
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

const label = "EXPERIMENTAL puretls interop"

var output sync.Mutex

func say(verb, id string, fields ...string) {
	output.Lock()
	defer output.Unlock()
	line := verb + "\tid=" + id
	for _, field := range fields {
		line += "\t" + strings.NewReplacer("\n", " ", "\r", " ").Replace(field)
	}
	fmt.Println(line)
}

var curves = map[string]tls.CurveID{
	"X25519": tls.X25519, "P-256": tls.CurveP256, "P-384": tls.CurveP384, "P-521": tls.CurveP521,
	"X25519MLKEM768": tls.X25519MLKEM768,
}

// From one connection to the next, for those that say resume=1.
var sessions = tls.NewLRUClientSessionCache(8)

func config(f map[string]string, log *bytes.Buffer) (*tls.Config, error) {
	version := uint16(tls.VersionTLS13)
	if f["version"] == "1.2" {
		version = tls.VersionTLS12
	}
	pem, err := os.ReadFile(f["ca"])
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	c := &tls.Config{
		MinVersion: version, MaxVersion: version, RootCAs: pool, ClientCAs: pool, ServerName: "localhost", KeyLogWriter: log,
		CurvePreferences: []tls.CurveID{tls.X25519MLKEM768, tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
	}
	if f["cert"] != "" {
		pair, err := tls.LoadX509KeyPair(f["cert"], f["key"])
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if f["require"] == "1" {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if f["resume"] == "1" {
		c.ClientSessionCache = sessions
		c.SetSessionTicketKeys([][32]byte{{1}})
	}
	if f["groups"] != "" {
		c.CurvePreferences = nil
		for _, name := range strings.Split(f["groups"], ",") {
			c.CurvePreferences = append(c.CurvePreferences, curves[name])
		}
	}
	return c, nil
}

func finish(conn *tls.Conn, id, received string, log *bytes.Buffer) {
	state := conn.ConnectionState()
	material, err := state.ExportKeyingMaterial(label, nil, 32)
	if err != nil {
		say("failed", id, "why="+err.Error())
		return
	}
	lines := strings.ReplaceAll(strings.TrimSpace(log.String()), "\n", ";")
	say("done", id, "received="+received, "exporter="+hex.EncodeToString(material), "keylog="+lines)
}

func serve(f map[string]string) error {
	log := &bytes.Buffer{}
	c, err := config(f, log)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	say("listening", f["id"], fmt.Sprintf("port=%d", listener.Addr().(*net.TCPAddr).Port))
	raw, err := listener.Accept()
	if err != nil {
		return err
	}
	raw.SetDeadline(time.Now().Add(20 * time.Second))
	conn := tls.Server(raw, c)
	defer conn.Close()
	reader := bufio.NewReader(conn)
	first, err := reader.ReadString('\n')
	if err != nil {
		return err
	}
	text := first
	for err == nil {
		if _, err = conn.Write([]byte("echo:" + text)); err == nil {
			text, err = reader.ReadString('\n')
		}
	}
	if err != io.EOF {
		return err
	}
	finish(conn, f["id"], strings.TrimSpace(first), log)
	return nil
}

func dial(f map[string]string) error {
	log := &bytes.Buffer{}
	c, err := config(f, log)
	if err != nil {
		return err
	}
	raw, err := net.DialTimeout("tcp", "127.0.0.1:"+f["port"], 20*time.Second)
	if err != nil {
		return err
	}
	raw.SetDeadline(time.Now().Add(20 * time.Second))
	conn := tls.Client(raw, c)
	defer conn.Close()
	if _, err = conn.Write([]byte(f["message"] + "\n")); err != nil {
		return err
	}
	text, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	conn.CloseWrite()
	finish(conn, f["id"], strings.TrimSpace(text), log)
	return nil
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		parts := strings.Split(input.Text(), "\t")
		fields := map[string]string{}
		for _, part := range parts[1:] {
			name, value, _ := strings.Cut(part, "=")
			fields[name] = value
		}
		work := map[string]func(map[string]string) error{"serve": serve, "dial": dial}[parts[0]]
		if work == nil {
			continue
		}
		go func() {
			if err := work(fields); err != nil {
				say("failed", fields["id"], "why="+err.Error())
			}
		}()
	}
}
