// go-libp2p's TLS alone over TCP: `peer listen TYPE` echoes, `peer dial TYPE PORT PEER` says hello and wants it back.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/security/tls"
)

func check(err error) {
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

func transport(kind string) (*libp2ptls.Transport, peer.ID) {
	types := map[string]int{"Ed25519": crypto.Ed25519, "Secp256k1": crypto.Secp256k1, "ECDSA": crypto.ECDSA, "RSA": crypto.RSA}
	key, _, err := crypto.GenerateKeyPairWithReader(types[kind], 2048, rand.Reader)
	check(err)
	id, err := peer.IDFromPrivateKey(key)
	check(err)
	made, err := libp2ptls.New(libp2ptls.ID, key, nil)
	check(err)
	return made, id
}

func main() {
	made, id := transport(os.Args[2])
	if os.Args[1] == "listen" {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		check(err)
		fmt.Printf("id %s port %d\n", id, listener.Addr().(*net.TCPAddr).Port)
		raw, err := listener.Accept()
		check(err)
		conn, err := made.SecureInbound(context.Background(), raw, "")
		check(err)
		fmt.Printf("remote %s\n", conn.RemotePeer())
		io.Copy(conn, conn)
		conn.Close()
		return
	}
	fmt.Printf("id %s\n", id)
	raw, err := net.Dial("tcp", "127.0.0.1:"+os.Args[3])
	check(err)
	expected, err := peer.Decode(os.Args[4])
	check(err)
	conn, err := made.SecureOutbound(context.Background(), raw, expected)
	check(err)
	_, err = conn.Write([]byte("hello"))
	check(err)
	answer := make([]byte, 5)
	_, err = io.ReadFull(conn, answer)
	check(err)
	if string(answer) != "hello" {
		check(fmt.Errorf("it answers %q", answer))
	}
	check(conn.Close())
}
