// Command hello is the page that the lab's demo fetches through the ingress: it says who answered, and what was asked.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
)

func main() {
	pod, err := os.Hostname()
	if err != nil {
		log.Fatal(err)
	}
	address := ":8080"
	if port := os.Getenv("PORT"); port != "" {
		address = ":" + port
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello from pod %s\nhost: %s\npath: %s\n", pod, r.Host, r.URL.Path)
		if node := os.Getenv("NODE_NAME"); node != "" {
			fmt.Fprintf(w, "node: %s\n", node)
		}
	})
	log.Printf("listening on %s", address)
	log.Fatal(http.ListenAndServe(address, nil))
}
