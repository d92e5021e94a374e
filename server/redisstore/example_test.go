package redisstore_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/keep"
	"github.com/cache-aware/casper/server/redisstore"
)

// A node of a fleet. Its model teaches and learns whether Redis is there or not.
func ExampleOpen() {
	store, err := redisstore.Open("redis://127.0.0.1:6379/0?site=shop", redisstore.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	model, err := learn.New(learn.Config{Share: true, Secret: []byte("the same on all nodes")})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	sharer := &keep.Sharer{Model: model, Store: store, Log: slog.New(slog.DiscardHandler)}
	go func() { done <- sharer.Run(ctx) }()

	// ... serve ...

	stop()
	<-done            // exchanges once more
	store.Close(ctx)  // sends what waited for its turn
	_ = store.Stats() // for the metrics
	_ = model.Wanted  // for the requests
}

func ExampleOpen_invalid() {
	_, err := redisstore.Open("memcached://127.0.0.1", redisstore.Config{})
	fmt.Println(err)
	// Output: redisstore: memcached://127.0.0.1: redis: invalid URL scheme: memcached
}
