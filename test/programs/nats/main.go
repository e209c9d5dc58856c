// A NATS server for test/programs, which wants one with TLS: started as `nats PORT WEBSOCKET-PORT CERT KEY`.
package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
)

func main() {
	port, _ := strconv.Atoi(os.Args[1])
	webSocketPort, _ := strconv.Atoi(os.Args[2])
	pair, err := tls.LoadX509KeyPair(os.Args[3], os.Args[4])
	if err != nil {
		panic(err)
	}
	nats, err := server.NewServer(&server.Options{
		Host:       "127.0.0.1",
		Port:       port,
		NoSigs:     true,
		TLS:        true,
		TLSTimeout: 10,
		TLSConfig:  &tls.Config{Certificates: []tls.Certificate{pair}},
		Websocket: server.WebsocketOpts{
			Host:      "127.0.0.1",
			Port:      webSocketPort,
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}},
		},
	})
	if err != nil {
		panic(err)
	}
	nats.Start()
	fmt.Println("listening")
	nats.WaitForShutdown()
}
