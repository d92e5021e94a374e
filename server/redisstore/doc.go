// Package redisstore lets the nodes of a fleet learn as one, through a Redis
// server or anything else that speaks its protocol and runs its scripts.
//
//	store, err := redisstore.Open("redis://10.0.0.7:6379/0?site=shop")
//	model, err := learn.New(learn.Config{Share: true, Secret: secret})
//	sharer := &keep.Sharer{Model: model, Store: store, Log: log}
//	go sharer.Run(ctx)
//
// A [Store] is an [evidence.Store]. Requests never wait for it: they ask and teach
// the model in memory, and a [keep.Sharer] carries evidence to and fro in a
// goroutine of its own. While Redis is away each node serves from what it
// knows, its evidence adds up in the model, and it is told once Redis is back.
//
// # Rounds
//
// Time, by the clock of Redis, is cut into rounds of two and a half seconds. Each round is
// one hash, in which a field is one asset of one page and its value the sum of
// what all nodes reported: counters add up, sets of voters are united, and of
// attributes the latest stays. A script does that where the data is, so nodes
// need not know of each other, order does not matter, and what a node reads
// grows with what there is to know and not with the number of nodes.
//
// The script adds nothing to a round that is over, and lists the rounds that there are in a
// stream, at which nodes wait. Once a round is over, each node reads it once and leaves out what
// it reported itself. One of those who reported, whoever comes first, also adds it to the
// archive: a hash for each page, from which a node that starts anew takes all
// that is known. Rounds vanish after some minutes and archived pages after some
// days without news, by EXPIRE.
//
// # Bounds
//
// A page of which the fleet has heard little is reported at once. One that is
// well known takes its turn, in one round of several, the same on all nodes;
// until then its evidence waits in a queue, where it adds up. The queue, what
// is sent at a time, a round, an archived page and the number of those are all
// bounded. What does not fit is dropped and counted, see [Stats].
//
// FLEET.md beside this file says what that comes to for a large fleet.
//
// # Trust
//
// Whoever may write to the Redis server can tell the fleet what pages need,
// within what [learn.Model.Merge] lets pass: assets of the same origin.
// Nothing in it names a client, or a page that few networks have seen: of such a page nodes
// tell one another by hashes, keyed with the model's secret, that somebody saw it. Give it a password and, outside a trusted
// network, TLS (rediss://).
package redisstore
