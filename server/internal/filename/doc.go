// Package filename knows the marks that build tools leave in the names of files: hashes of the
// content, build numbers, queries that only name a version.
package filename
