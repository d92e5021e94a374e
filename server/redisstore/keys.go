package redisstore

import (
	"strconv"
	"strings"
)

// keys names everything of one site. The number is the version of the form;
// another form is another number, so that two versions of casper can share a
// server while a fleet is upgraded. The braces keep a site in one slot of a
// Redis Cluster, and different sites in different ones.
//
//	casper:1:{site}:round:<length in ms>:<number>   hash, see record
//	casper:1:{site}:taken:<length in ms>:<number>   who archives the round
//	casper:1:{site}:rounds:<length in ms>           stream: the rounds that there are, <number>-1 each
//	casper:1:{site}:page:<page>                     hash, see record
//	casper:1:{site}:pages                           sorted set: archived pages, by how long to keep them
type keys struct{ site, rounds, takers, index string }

func newKeys(c *Config) keys {
	site := "casper:1:{" + c.Site + "}:"
	length := strconv.FormatInt(c.Round.Milliseconds(), 10)
	return keys{site, site + "round:" + length + ":", site + "taken:" + length + ":", site + "rounds:" + length}
}

func (k *keys) round(n int64) string    { return k.rounds + strconv.FormatInt(n, 10) }
func (k *keys) taken(n int64) string    { return k.takers + strconv.FormatInt(n, 10) }
func (k *keys) page(page string) string { return k.site + "page:" + page }
func (k *keys) pages() string           { return k.site + "pages" }

// pageOf is the inverse of page.
func (k *keys) pageOf(key string) string { return strings.TrimPrefix(key, k.site+"page:") }
