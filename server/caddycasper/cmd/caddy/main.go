// Caddy is Caddy with its usual modules and casper. In a checkout,
//
//	go run -C server/caddycasper ./cmd/caddy run
//
// serves a small site at https://localhost:8443.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/cache-aware/casper/server/caddycasper"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

func main() { caddycmd.Main() }
