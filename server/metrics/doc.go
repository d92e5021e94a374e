// Package metrics shows what a [server.Handler] and the [learn.Model] behind it do: to
// Prometheus, and to a person with a browser.
//
//	registry.MustRegister(metrics.NewCollector(handler, model))
//	go http.ListenAndServe("127.0.0.1:9090", metrics.NewAdmin(handler, model))
//
// [NewAdmin] also changes things: it forgets and renews pages at run time. It has no
// login, so its address must be one that only operators reach. Requests that another site
// makes a browser send are refused.
package metrics
