// SPDX-License-Identifier: MIT

// lookup NAME|ADDRESS...: what Go's own resolver says, in the words of lookup.c.
package main

import (
	"fmt"
	"net"
	"os"
	"sort"
	"strings"
)

func main() {
	for _, what := range os.Args[1:] {
		var answers []string
		var err error
		if net.ParseIP(what) != nil {
			answers, err = net.LookupAddr(what)
		} else {
			answers, err = net.LookupHost(what)
		}
		if err != nil {
			answers = []string{"unknown"}
		}
		sort.Strings(answers)
		fmt.Printf("%s: %s\n", what, strings.TrimSuffix(strings.Join(answers, " "), "."))
	}
}
