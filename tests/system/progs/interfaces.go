// SPDX-License-Identifier: MIT

// Prints what Go's net package says of interfaces, by netlink of its own.
package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	all, err := net.Interfaces()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for _, i := range all {
		addrs, err := i.Addrs()
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(i.Index, i.Name, i.MTU, i.Flags&net.FlagUp != 0, addrs)
	}
}
