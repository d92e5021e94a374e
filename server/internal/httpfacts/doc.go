// Package httpfacts reads what the headers of a request and of an answer say. It is the one
// place with rules for these fields: the handler, the learner, the replay of captures and
// the modules for other servers all ask here, so that they cannot disagree.
//
// Functions take the parsed header of net/http, whose names are in canonical form, and
// allocate nothing unless they say so.
package httpfacts
