// Package keep keeps what a model has learned: a [Saver] in a file, a [Sharer] together with
// the other nodes of a fleet. Neither ever holds up a request, and a model that cannot be kept
// goes on learning.
package keep
