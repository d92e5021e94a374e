// Package evidence is what was seen of the pages of a site, in a form that adds up: how many
// views there were, and in how many of them each asset was asked for. Deltas from several
// nodes, days or files combine in any order, are written as a snapshot that people can read,
// and meet in a [Store]. What follows from them is for a model to say; see package learn.
package evidence
