// Command agent serves the kiosk's page.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
)

var version = "unknown" // set by wingo.yaml

type config struct {
	Listen string `json:"listen"`
	Page   string `json:"page"`
}

func load(path string) (config, error) {
	c := config{Listen: ":8080", Page: "index.html"}
	text, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(text, &c)
}

func run() error {
	path := flag.String("config", "agent.json", "the configuration `file`")
	show := flag.Bool("version", false, "print the version")
	flag.Parse()
	if *show {
		fmt.Println("agent", version)
		return nil
	}
	c, err := load(*path)
	if err != nil {
		return err
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, c.Page) })
	return http.ListenAndServe(c.Listen, nil)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}
