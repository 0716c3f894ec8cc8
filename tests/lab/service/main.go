// SPDX-License-Identifier: Apache-2.0
// A service that writes down how it was started, for the test that images run (tests/cli/test_runs.py). One of xsys.go and
// plain.go is beside it. Called with "say", it is a program that answers.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
)

// Set by the build: vars in wingo.yaml.
var name = "unnamed"

const folder = `C:\ProgramData\Runs`

func report(kind string, args []string) {
	who, _ := user.Current()
	username := ""
	if who != nil {
		username = who.Username
	}
	exe, _ := os.Executable()
	text, _ := json.Marshal(map[string]any{
		"name": name, "kind": kind, "args": os.Args, "start_args": args, "exe": exe, "user": username,
		"level": os.Getenv("RUNS_LEVEL"), "path": os.Getenv("PATH"), "pid": os.Getpid(),
	})
	_ = os.MkdirAll(folder, 0o777)
	tmp := filepath.Join(folder, name+".tmp")
	_ = os.WriteFile(tmp, text, 0o666)
	_ = os.Rename(tmp, filepath.Join(folder, name+".json"))
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "say" {
		fmt.Printf("here is %s\n", name)
		return
	}
	if err := run(name); err != nil {
		_ = os.WriteFile(filepath.Join(folder, name+".err"), []byte(err.Error()), 0o666)
		os.Exit(1)
	}
}
