// SPDX-License-Identifier: MIT

// A web server and client of net/http: web-go serve ADDRESS DIR, web-go get URL COUNT, and
// web-go preempt URL COUNT, the same while other goroutines spin, so that the runtime
// preempts every thread all the time with SIGURG.
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

func serve(address, dir string) {
	http.Handle("/", http.FileServer(http.Dir(dir)))
	http.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		fmt.Fprint(w, host)
	})
	log.Fatal(http.ListenAndServe(address, nil))
}

func fetch(client *http.Client, url string) (string, error) {
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, response.Body); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d %x", response.StatusCode, digest.Sum(nil)), nil
}

func get(url string, count int, keep bool) {
	client := &http.Client{
		Timeout:   120 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: !keep, MaxIdleConnsPerHost: count},
	}
	results := make([]string, count)
	var group sync.WaitGroup
	for i := range results {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			result, err := fetch(client, url)
			if err != nil {
				log.Fatal(err)
			}
			results[i] = result
		}(i)
	}
	group.Wait()
	for _, result := range results {
		fmt.Println(result)
	}
}

var spins uint64

func spin() {
	for {
		for i := 0; i < 100000000; i++ {
			spins += uint64(i)
		}
		atomic.AddUint64(&spins, 1)
	}
}

func main() {
	switch os.Args[1] {
	case "serve":
		serve(os.Args[2], os.Args[3])
	case "get", "preempt":
		count, err := strconv.Atoi(os.Args[3])
		if err != nil {
			log.Fatal(err)
		}
		if os.Args[1] == "preempt" {
			runtime.GOMAXPROCS(4)
			for i := 0; i < 4; i++ {
				go spin()
			}
			go func() {
				for {
					runtime.GC()
				}
			}()
			for i := 0; i < 5; i++ {
				get(os.Args[2], count, false)
			}
		} else {
			get(os.Args[2], count, true)
		}
	}
}
