// A model server for a container of nothing else: it predicts the sum of each row, and says where it was told to listen. Its version is that of its
// image; one called "greedy" takes more memory than it gets.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

type rows struct {
	Data [][]float64 `json:"data"`
}

func answer(to http.ResponseWriter, what any) {
	to.Header().Set("content-type", "application/json")
	json.NewEncoder(to).Encode(what)
}

func main() {
	version := os.Getenv("MODEL_VERSION")
	at := os.Getenv("MODEL_HOST") + ":" + os.Getenv("PORT")
	fmt.Printf("%s version %s at %s\n", os.Getenv("MODEL_ID"), version, at)
	if version == "greedy" {
		var held [][]byte
		for i := 0; i < 256; i++ {
			block := make([]byte, 1<<20)
			for at := range block {
				block[at] = 1
			}
			held = append(held, block)
		}
		fmt.Println("held", len(held))
	}
	http.HandleFunc("/healthcheck", func(to http.ResponseWriter, _ *http.Request) { answer(to, map[string]any{}) })
	http.HandleFunc("/api/model/info", func(to http.ResponseWriter, _ *http.Request) {
		answer(to, map[string]any{"swagger": "2.0", "info": map[string]string{"title": "sum", "version": version}, "paths": map[string]any{}})
	})
	http.HandleFunc("/api/model/invoke", func(to http.ResponseWriter, asked *http.Request) {
		var all rows
		if json.NewDecoder(asked.Body).Decode(&all) != nil {
			to.WriteHeader(500)
			return
		}
		sums := [][]float64{}
		for _, row := range all.Data {
			sum := 0.0
			for _, each := range row {
				sum += each
			}
			sums = append(sums, []float64{sum})
		}
		answer(to, map[string]any{"prediction": sums, "columns": []string{"sum"}})
	})
	go func() {
		told := make(chan os.Signal, 1)
		signal.Notify(told, syscall.SIGTERM)
		<-told
		os.Exit(0)
	}()
	fmt.Println(http.ListenAndServe(at, nil))
	os.Exit(1)
}
