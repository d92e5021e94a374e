package caddycasper_test

import (
	"encoding/json"
	"fmt"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	_ "github.com/cache-aware/casper/server/caddycasper"
)

// What a Caddyfile says in JSON. The directive comes before header, wherever it is written.
func ExampleCasper() {
	config, _, err := caddyfile.Adapter{ServerType: httpcaddyfile.ServerType{}}.Adapt([]byte(`:8080 {
	file_server
	header X-Frame-Options DENY
	casper {
		state /var/lib/caddy/shop.casper
		max_assets 5
		push off
	}
}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	var c struct {
		Apps struct {
			HTTP struct {
				Servers map[string]struct {
					Routes []struct{ Handle []json.RawMessage }
				}
			}
		}
	}
	if err := json.Unmarshal(config, &c); err != nil {
		fmt.Println(err)
	}
	for _, route := range c.Apps.HTTP.Servers["srv0"].Routes {
		for _, handler := range route.Handle {
			fmt.Printf("%s\n", handler)
		}
	}
	// Output:
	// {"handler":"casper","max_assets":5,"no_push":true,"state":"/var/lib/caddy/shop.casper"}
	// {"handler":"headers","response":{"set":{"X-Frame-Options":["DENY"]}}}
	// {"handler":"file_server","hide":["./Caddyfile"]}
}
