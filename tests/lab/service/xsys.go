// SPDX-License-Identifier: Apache-2.0
// A Windows service as programs have it: golang.org/x/sys/windows/svc.
package main

import (
	"golang.org/x/sys/windows/svc"
)

type service struct{}

func (service) Execute(args []string, requests <-chan svc.ChangeRequest, status chan<- svc.Status) (bool, uint32) {
	status <- svc.Status{State: svc.StartPending}
	report("x/sys", args)
	status <- svc.Status{State: svc.Running, Accepts: svc.AcceptStop | svc.AcceptShutdown}
	for r := range requests {
		switch r.Cmd {
		case svc.Interrogate:
			status <- r.CurrentStatus
		case svc.Stop, svc.Shutdown:
			status <- svc.Status{State: svc.StopPending}
			return false, 0
		}
	}
	return false, 0
}

func run(name string) error {
	return svc.Run(name, service{})
}
