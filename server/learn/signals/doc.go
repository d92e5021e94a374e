// Package signals makes evidence of what HTTP and HTML say: a [Reader] makes views and fetches
// for a [learn.Model] of requests and their answers, [ScanHTML] finds the assets that a document
// names.
package signals
