// A cluster with Kafka's protocol for test/programs: started as `kafka PORT CERT KEY`.
package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"strconv"

	"github.com/twmb/franz-go/pkg/kfake"
)

func main() {
	port, _ := strconv.Atoi(os.Args[1])
	pair, err := tls.LoadX509KeyPair(os.Args[2], os.Args[3])
	if err != nil {
		panic(err)
	}
	_, err = kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.Ports(port),
		kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}}),
		kfake.SeedTopics(1, "topic"),
	)
	if err != nil {
		panic(err)
	}
	fmt.Println("listening")
	select {}
}
