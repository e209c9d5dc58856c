// A server with MongoDB's protocol for test/programs, FerretDB on SQLite: started as `mongo PORT CERT KEY FOLDER`.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	server, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{
			TLS:         "127.0.0.1:" + os.Args[1],
			TLSCertFile: os.Args[2],
			TLSKeyFile:  os.Args[3],
		},
		Handler:   "sqlite",
		SQLiteURL: "file:" + os.Args[4] + "/",
	})
	if err != nil {
		panic(err)
	}
	go func() {
		server.MongoDBURI() // waits until the server listens
		fmt.Println("listening")
	}()
	if err := server.Run(context.Background()); err != nil {
		panic(err)
	}
}
