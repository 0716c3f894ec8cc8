// The agent answers two questions over HTTP: is it well (/healthz), and which version is it (/version).
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"runtime"
	"time"
)

// version is set by the build (wingo.yaml: vars).
var version = "development"

type status struct {
	Version  string `json:"version"`
	Platform string `json:"platform"`
	UpFor    string `json:"up_for,omitempty"`
}

func newHandler(started time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("/version", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		s := current()
		s.UpFor = time.Since(started).Round(time.Second).String()
		if err := json.NewEncoder(w).Encode(s); err != nil {
			log.Printf("answering %s: %v", r.RemoteAddr, err)
		}
	})
	return mux
}

func current() status {
	return status{Version: version, Platform: runtime.GOOS + "/" + runtime.GOARCH}
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address to answer on")
	showVersion := flag.Bool("version", false, "print the version and end")
	flag.Parse()
	if *showVersion {
		s := current()
		fmt.Println("agent", s.Version, s.Platform)
		return
	}
	server := &http.Server{
		Addr:              *listen,
		Handler:           newHandler(time.Now()),
		ReadHeaderTimeout: 5 * time.Second,
	}
	log.Printf("agent %s answers on http://%s", version, *listen)
	log.Fatal(server.ListenAndServe())
}
