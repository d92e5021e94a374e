// Package metrics shows what a [server.Handler] and the [learn.Model] behind it do: to
// Prometheus, and to a person with a browser.
//
//	registry.MustRegister(metrics.NewCollector(handler, model))
//	go http.ListenAndServe("127.0.0.1:9090", metrics.NewAdmin(handler, model))
//
// [Admin] also changes things: it forgets and renews pages at run time. It is for this machine alone
// unless it has a Token, and what a page of somebody else makes a browser ask is refused, even if the
// page's name was made to lead here.
package metrics
