// SPDX-License-Identifier: Apache-2.0
// A Windows service with nothing but the standard library.
package main

import (
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

var (
	advapi     = syscall.NewLazyDLL("advapi32.dll")
	dispatcher = advapi.NewProc("StartServiceCtrlDispatcherW")
	register   = advapi.NewProc("RegisterServiceCtrlHandlerExW")
	set        = advapi.NewProc("SetServiceStatus")
	stop       = make(chan struct{}, 1)
)

type status struct{ kind, state, accepts, code, specific, checkpoint, wait uint32 }

func handle(control, event, data, context uintptr) uintptr {
	if control == 1 || control == 5 { // stop, shutdown
		stop <- struct{}{}
	}
	return 0
}

func serve(n uintptr, argv **uint16) uintptr {
	var args []string
	for _, p := range unsafe.Slice(argv, int(n)) {
		var s []uint16
		for q := p; *q != 0; q = (*uint16)(unsafe.Add(unsafe.Pointer(q), 2)) {
			s = append(s, *q)
		}
		args = append(args, syscall.UTF16ToString(s))
	}
	name, _ := syscall.UTF16PtrFromString(args[0])
	h, _, _ := register.Call(uintptr(unsafe.Pointer(name)), syscall.NewCallback(handle), 0)
	s := status{kind: 0x10, state: 2, wait: 30000}
	set.Call(h, uintptr(unsafe.Pointer(&s)))
	report("plain", args)
	s = status{kind: 0x10, state: 4, accepts: 5}
	set.Call(h, uintptr(unsafe.Pointer(&s)))
	<-stop
	s = status{kind: 0x10, state: 1}
	set.Call(h, uintptr(unsafe.Pointer(&s)))
	time.Sleep(100 * time.Millisecond)
	return 0
}

func run(name string) error {
	runtime.LockOSThread()
	p, _ := syscall.UTF16PtrFromString(name)
	table := [2]struct {
		name *uint16
		proc uintptr
	}{{p, syscall.NewCallback(serve)}}
	if ok, _, err := dispatcher.Call(uintptr(unsafe.Pointer(&table))); ok == 0 {
		return err
	}
	return nil
}
